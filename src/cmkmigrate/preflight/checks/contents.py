"""PF27: what will not be moved, counted before. Sizes are not in listings; `apply` reports what is too large."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cmkmigrate.errors import CallError
from cmkmigrate.preflight.ground import Ground
from cmkmigrate.preflight.model import Check, Seen, passed, warned

_BY_HAND: Final = "make these by hand in the new workspace, or do without them"


def unsupported(ground: Ground) -> Iterable[Seen]:
    """PF27."""
    if not ground.moves:
        return [passed("does not apply: nothing is moved")]
    source, seen = ground.source(), []
    for one in ground.ahead:
        kind = ground.migration.kinds[one.kind]
        if not kind.unsupported:
            continue
        try:
            number = sum(1 for _ in kind.list(source, one.settings, lambda name: ()))
        except CallError as error:
            seen.append(warned(f"{one.kind} could not be listed: {error}"))
            continue
        if number:
            seen.append(warned(f"{number} {one.kind.replace('_', ' ')}: {kind.unsupported}", advice=_BY_HAND))
    return seen or [passed("every kind of object that is there is moved; sizes are not in listings, and not judged")]


CHECKS = (Check("PF27", "Objects that are not moved", unsupported),)
