"""What a workspace holds, counted by listing alone: no body is loaded, no value is read.

The workspace is opened by its URL and not by its ARM id: a request that names the ARM id makes whoever may write the
resource (Owner, Contributor) an administrator of the workspace, and looking must not change who may do what
(`Microsoft.Databricks/workspaces/assignWorkspaceAdmin`). So whoever is no member is refused, and that is the answer.
"""

from __future__ import annotations

import shlex
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from cmkmigrate.assess import hours, owners
from cmkmigrate.assess.model import Sign, Size
from cmkmigrate.audit.encryption import mapping, text
from cmkmigrate.errors import CallError, NotAllowed, OperatorError
from cmkmigrate.kinds import discover
from cmkmigrate.model import Entry
from cmkmigrate.playbook import all_kinds

REQUESTS: Final = 2_000  # of one workspace; what is beyond them is not asked for, and the count is then the least
_ME: Final = "/api/2.0/preview/scim/v2/Me"


class Bounded:
    """A Workspace that asks `limit` times at most; beyond that every listing is at its end. Thread-safe."""

    def __init__(self, site: Any, limit: int) -> None:
        self._site, self._left = site, limit
        self._lock = threading.Lock()
        self.cut = False

    def read(self, path: str, query: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """GET; {} when there were enough of them."""
        with self._lock:
            self._left -= 1
            if self._left < 0:
                self.cut = True
                return {}
        answer: dict[str, Any] = self._site.read(path, query)
        return answer

    def __getattr__(self, name: str) -> Any:
        if name in ("write", "upload"):
            raise AttributeError(f"{name}: contents are counted, nothing is written")
        return getattr(self._site, name)


def count(cloud: Any, resource: Mapping[str, Any], limit: int = REQUESTS) -> tuple[Size, list[Sign]]:
    """The size of a workspace, and the signs of bundles in it. Raises nothing of a CallError."""
    host = text(mapping(resource.get("properties")).get("workspaceUrl"))
    if not host:
        return Size("unknown", "Azure shows no URL of the workspace"), []
    try:
        site = Bounded(cloud.workspace(f"https://{host}", source=True), limit)
        admin = _is_admin(site)
    except NotAllowed as error:
        return Size("unknown", f"you are no member of the workspace ({error.why})", _access(resource)), []
    except OperatorError as error:
        return Size("unknown", f"{error.what}: {error.why}"), []
    except CallError as error:
        return Size("unknown", f"whether you are an administrator could not be read: {error}"), []
    found, problems = _listed(site)
    why = [*problems]
    if not admin:
        why.append("you are no administrator of it, and see what you may see")
    if site.cut:
        why.append(f"counting ended after {limit:,} requests")
    kinds = {name: _moved(entries) for name, entries in found.items()}
    left = {name: len(entries) - kinds[name] for name, entries in found.items()}
    size = Size(
        state="at least" if why else "counted",
        reason="; ".join(why),
        command="" if admin else _access(resource),
        kinds={name: number for name, number in kinds.items() if number},
        left={name: number for name, number in left.items() if number},
        objects=sum(kinds.values()),
        hours=round(hours.hours(kinds), 2),
        assumed=hours.assumed(kinds),
    )
    return size, _signs(found)


def _listed(site: Bounded) -> tuple[dict[str, list[Entry]], list[str]]:
    """The entries of every kind, in the order in which kinds refer to each other; and what could not be listed."""
    found: dict[str, list[Entry]] = {}
    problems = []

    def listed(kind: str) -> Iterator[Entry]:
        return iter(found.get(kind, ()))

    kinds = discover()
    for name in all_kinds(kinds):
        kind = kinds[name]
        entries: list[Entry] = []
        try:
            for one in kind.list(site, {}, listed):
                one.unsupported = one.unsupported or kind.unsupported
                entries.append(one)
        except CallError as error:
            problems.append(f"{name} could not be listed: {error}")
        found[name] = entries
    return found, problems


def _moved(entries: Iterable[Entry]) -> int:
    return sum(not (one.unsupported or one.excluded) for one in entries)


def _signs(found: Mapping[str, list[Entry]]) -> list[Sign]:
    jobs = sum("bundle" in one.unsupported for one in found.get("jobs", ()))
    folders = [one.key for one in found.get("directories", ()) if one.key.endswith("/.bundle")]
    return owners.of_contents(jobs, folders)


def _is_admin(site: Bounded) -> bool:
    """Whether the caller is in the group `admins` (SCIM's Me lists the groups of whoever asks)."""
    return any(str(one.get("display")) == "admins" for one in site.read(_ME).get("groups") or ())


def _access(resource: Mapping[str, Any]) -> str:
    """What gives access: an administrator of the account assigns; nobody is made one by looking."""
    number = text(mapping(resource.get("properties")).get("workspaceId")) or "WORKSPACE-ID"
    body = shlex.quote('{"permissions": ["ADMIN"]}')
    return f"databricks account workspace-assignment update {number} PRINCIPAL-ID --json {body}"
