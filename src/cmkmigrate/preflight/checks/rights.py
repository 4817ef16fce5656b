"""PF31: the operator's rights in Azure, one by one, before any is used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cmkmigrate.errors import CallError
from cmkmigrate.preflight import rights
from cmkmigrate.preflight.ground import Ground
from cmkmigrate.preflight.model import Check, Seen, failed, passed, unknown


def operator(ground: Ground) -> Iterable[Seen]:
    """PF31."""
    needed = rights.needed(ground)
    if not needed:
        return [passed("does not apply: the workspaces are given by URL, and no right in Azure is needed")]
    return list(_lacking(ground, needed)) or [passed(f"all {len(needed)} rights are there")]


def _lacking(ground: Ground, needed: Iterable[tuple[rights.Right, str]]) -> Iterator[Seen]:
    who = rights.asked(ground)
    for right, scope in needed:
        fix = f'az role assignment create --assignee {who} --role "{right.role}" --scope {scope}'
        try:
            permissions = ground.permissions(scope)
        except CallError as error:
            yield unknown(f"whether you may {right.action} at {scope} could not be asked: {error}", fix)
            continue
        if not rights.allows(permissions, right.action):
            yield failed(f"you may not {right.action} at {scope}", fix)


CHECKS = (Check("PF31", "The operator's rights in Azure", operator),)
