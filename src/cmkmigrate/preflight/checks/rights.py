"""PF31: the operator's rights in Azure, one by one, before any is used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from cmkmigrate.clients.permissions import allows
from cmkmigrate.errors import CallError, Denied
from cmkmigrate.preflight import rights
from cmkmigrate.preflight.ground import Ground
from cmkmigrate.preflight.model import Check, Seen, failed, passed, unknown

_LIST: Final = "Microsoft.Authorization/permissions/read"


def operator(ground: Ground) -> Iterable[Seen]:
    """PF31. Rights that one command gives stand together."""
    needed = rights.needed(ground)
    if not needed:
        return [passed("does not apply: the workspaces are given by URL, and no right in Azure is needed")]
    return list(_lacking(ground, needed)) or [passed(f"all {len(needed)} rights are there")]


def _lacking(ground: Ground, needed: list[tuple[rights.Right, str]]) -> Iterator[Seen]:
    who, seen = rights.asked(ground), list[Seen]()
    for right, scope in needed:
        fix = f'az role assignment create --assignee {who} --role "{right.role}" --scope {scope}'
        try:
            permissions = ground.permissions(scope)
        except Denied:
            text = f"you may not {_LIST} at {scope}, so that nobody can tell what else you may do there"
            seen.append(failed(text, f'az role assignment create --assignee {who} --role "Reader" --scope {scope}'))
            continue
        except CallError as error:
            seen.append(unknown(f"whether you may {right.action} at {scope} could not be asked: {error}", fix))
            continue
        if not allows(permissions, right.action):
            seen.append(failed(f"you may not {right.action} at {scope}", fix))
    groups: dict[str, list[Seen]] = {}
    for one in dict.fromkeys(seen):
        groups.setdefault(one.fix, []).append(one)
    yield from (one for group in groups.values() for one in group)


CHECKS = (Check("PF31", "The operator's rights in Azure", operator),)
