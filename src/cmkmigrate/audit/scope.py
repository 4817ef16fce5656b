"""The scope file: what people have decided. Exceptions with an owner, a reason and an end; days that they vouch for.

    version: 1
    excepted:
      - workspace: /subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.Databricks/workspaces/NAME
        features: [dbfs_root]          # all three where it is not said
        owner: data platform
        reason: nothing is kept in the root; goes away with the workspace in March
        expires: 2027-03-31            # the last day on which it holds
    attested:
      - workspace: /subscriptions/...
        since: 2026-01-10              # managed services have been under a key of ours since this day
        by: data platform

A mistake in it ends the audit: an exception that was misread would hide a finding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from cmkmigrate.audit.model import Feature
from cmkmigrate.errors import Mistake
from cmkmigrate.strict_yaml import line_of, read_yaml

VERSION: Final = 1
_TOP: Final = ("version", "excepted", "attested", "wanted")  # `wanted` is read by assess/wants.py
_EXCEPTED: Final = ("workspace", "features", "owner", "reason", "expires")
_ATTESTED: Final = ("workspace", "since", "by")


@dataclass(frozen=True, slots=True)
class Accepted:
    """One accepted finding. expires: the last day on which it holds."""

    workspace: str
    features: tuple[Feature, ...]
    owner: str
    reason: str
    expires: date
    line: int


@dataclass(frozen=True, slots=True)
class Attested:
    """A day that a person vouches for: managed services have been under a key since then."""

    workspace: str
    since: date
    by: str
    line: int


@dataclass(frozen=True, slots=True)
class Scope:
    """What a scope file says. path: where it was read, "" for none."""

    path: str = ""
    excepted: tuple[Accepted, ...] = ()
    attested: tuple[Attested, ...] = ()

    def exception(self, workspace: str, feature: Feature) -> Accepted | None:
        """The exception of a feature of a workspace, whether it still holds or not: the one that ends last."""
        mine = [one for one in self.excepted if one.workspace == workspace.lower() and feature in one.features]
        return max(mine, key=lambda one: one.expires, default=None)

    def attestation(self, workspace: str) -> Attested | None:
        """What is attested for a workspace."""
        return next((one for one in self.attested if one.workspace == workspace.lower()), None)

    def check(self, today: str) -> None:
        """Raise Mistake where somebody vouches for a day that is still to come (`today`: ISO)."""
        for one in self.attested:
            if one.since.isoformat() > today:
                raise Mistake(
                    f"{one.by} attests a day that is still to come: {one.since}",
                    subject=f"{self.path}:{one.line}",
                    next="since: the day on which the key was put on",
                )

    def unmatched(self, workspaces: set[str]) -> list[str]:
        """The entries, as FILE:LINE, that are about none of these workspaces (ids in small letters)."""
        entries = [(one.line, one.workspace) for one in self.excepted]
        entries += [(one.line, one.workspace) for one in self.attested]
        return [f"{self.path}:{line}: {id}" for line, id in sorted(entries) if id not in workspaces]


def load(path: Path) -> Scope:
    """Read a scope file. Raises Mistake with file and line."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", "") or str(error)
        raise Mistake("the scope file cannot be read", subject=str(path), why=why) from None
    return parse(text, str(path))


def parse(text: str, path: str) -> Scope:
    """The scope that a text says; `path` is for messages. Raises Mistake."""
    data, lines = read_yaml(text, path)
    reader = Reader(path, lines)
    reader.only(data, (), _TOP)
    if data.get("version") != VERSION:
        raise reader.mistake(("version",), f"the version of the scope file is {data.get('version')!r}", "it must be 1")
    excepted, attested = [], []
    for at, one in enumerate(reader.entries(data, "excepted")):
        where = ("excepted", at)
        reader.only(one, where, _EXCEPTED)
        excepted.append(
            Accepted(
                reader.workspace(one, where),
                reader.features(one, where),
                reader.words(one, where, "owner"),
                reader.words(one, where, "reason"),
                reader.day(one, where, "expires"),
                reader.line(where),
            )
        )
    for at, one in enumerate(reader.entries(data, "attested")):
        where = ("attested", at)
        reader.only(one, where, _ATTESTED)
        since, by = reader.day(one, where, "since"), reader.words(one, where, "by")
        attested.append(Attested(reader.workspace(one, where), since, by, reader.line(where)))
    return Scope(path, tuple(excepted), tuple(attested))


class Reader:
    """Values of the file, each refused with its line when it is not what it must be."""

    def __init__(self, path: str, lines: Mapping[tuple[Any, ...], int]) -> None:
        self.path, self.lines = path, lines

    def line(self, where: tuple[Any, ...]) -> int:
        return line_of(self.lines, where)

    def mistake(self, where: tuple[Any, ...], what: str, why: str) -> Mistake:
        return Mistake(what, subject=f"{self.path}:{self.line(where)}", why=why, next="docs/audit.md shows a whole one")

    def only(self, data: Any, where: tuple[Any, ...], known: tuple[str, ...]) -> None:
        if not isinstance(data, dict):
            raise self.mistake(where, "a mapping is expected here", f"with {', '.join(known)}")
        for name in data:
            if name not in known:
                raise self.mistake((*where, name), f"unknown key {name!r}", f"there are: {', '.join(known)}")

    def entries(self, data: Mapping[str, Any], name: str) -> list[Any]:
        given = data.get(name)
        if given is None:
            return []
        if not isinstance(given, list):
            raise self.mistake((name,), f"{name} is a list", "each entry begins with a dash")
        return given

    def words(self, one: Mapping[str, Any], where: tuple[Any, ...], name: str) -> str:
        given = one.get(name)
        if not isinstance(given, str) or not given.strip():
            raise self.mistake((*where, name), f"{name} is missing", "somebody must stand for it, and say why")
        return given.strip()

    def workspace(self, one: Mapping[str, Any], where: tuple[Any, ...]) -> str:
        given = self.words(one, where, "workspace").rstrip("/").lower()
        if "/providers/microsoft.databricks/workspaces/" not in given or not given.startswith("/subscriptions/"):
            raise self.mistake((*where, "workspace"), f"{given!r} is not the ARM id of a workspace", "names repeat")
        return given

    def features(self, one: Mapping[str, Any], where: tuple[Any, ...]) -> tuple[Feature, ...]:
        given = one.get("features")
        if given is None:
            return tuple(Feature)
        try:
            found = tuple(Feature(name) for name in given)
        except (TypeError, ValueError):
            found = ()
        if not found or isinstance(given, str):
            known = ", ".join(Feature)
            raise self.mistake((*where, "features"), f"{given!r} are not features", f"a list of: {known}")
        return found

    def day(self, one: Mapping[str, Any], where: tuple[Any, ...], name: str) -> date:
        given = one.get(name)
        try:
            return date.fromisoformat(given if isinstance(given, str) else "")
        except ValueError:
            raise self.mistake((*where, name), f"{name} is {given!r}", "it must be a day, YYYY-MM-DD") from None
