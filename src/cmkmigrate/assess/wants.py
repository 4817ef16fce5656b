"""The named reasons for a migration: of every workspace by a flag, of one by the scope file.

    wanted:
      - workspace: /subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.Databricks/workspaces/NAME
        reasons: [no-old-data]         # double-encryption, no-old-data, new-network
        owner: security engineering
        because: its notebooks held passwords before the key was on

The scope file is that of the audit (audit/scope.py), which reads the rest of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cmkmigrate.assess.model import WANTS, Want
from cmkmigrate.audit.scope import Reader
from cmkmigrate.strict_yaml import read_yaml

_ENTRY: Final = ("workspace", "reasons", "owner", "because")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One entry: the reasons for moving one workspace, who stands for them, and why."""

    workspace: str
    reasons: tuple[Want, ...]
    owner: str
    because: str
    line: int


@dataclass(frozen=True, slots=True)
class Wants:
    """everywhere: the reasons that hold for all. entries: those of single workspaces. path: of the scope file."""

    everywhere: tuple[Want, ...] = ()
    entries: tuple[Wanted, ...] = ()
    path: str = ""

    def of(self, workspace: str) -> dict[Want, str]:
        """The reasons for one workspace, each in words with who says so."""
        found = {want: f"{WANTS[want]} (--want {want})" for want in self.everywhere}
        for one in self.entries:
            if one.workspace == workspace.lower():
                found |= {want: f"{WANTS[want]} ({one.owner}: {one.because})" for want in one.reasons}
        return found

    def unmatched(self, workspaces: set[str]) -> list[str]:
        """The entries, as FILE:LINE, that are about none of these workspaces (ids in small letters)."""
        return [f"{self.path}:{one.line}: {one.workspace}" for one in self.entries if one.workspace not in workspaces]


def load(everywhere: Iterable[Want], path: Path | None) -> Wants:
    """The reasons of flags, and of a scope file that audit.scope.load has read before. Raises Mistake with its line."""
    entries = parse(path.read_text("utf-8"), str(path)) if path else ()
    return Wants(tuple(dict.fromkeys(everywhere)), entries, str(path or ""))


def parse(text: str, path: str) -> tuple[Wanted, ...]:
    """The entries below `wanted`. Raises Mistake with file and line."""
    data, lines = read_yaml(text, path)
    reader = Reader(path, lines)
    found = []
    for at, one in enumerate(reader.entries(data, "wanted")):
        where = ("wanted", at)
        reader.only(one, where, _ENTRY)
        given = one.get("reasons")
        try:
            reasons = tuple(Want(name) for name in given) if isinstance(given, list) else ()
        except ValueError:
            reasons = ()
        if not reasons:
            raise reader.mistake((*where, "reasons"), f"{given!r} are no reasons", f"a list of: {', '.join(Want)}")
        owner, because = reader.words(one, where, "owner"), reader.words(one, where, "because")
        found.append(Wanted(reader.workspace(one, where), reasons, owner, because, reader.line(where)))
    return tuple(found)
