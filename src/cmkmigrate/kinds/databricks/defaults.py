"""What a service fills in where nothing was said is no difference."""

from __future__ import annotations

from collections.abc import Iterable

from cmkmigrate.model import Body


def as_filled(want: Body, have: Body, fields: Iterable[str]) -> Body:
    """`want`, with the `fields` that it does not say as `have` has them; for objects, with their missing members."""
    fitted = dict(want)
    for name in fields:
        mine, other = want.get(name), have.get(name)
        if name not in want and name in have:
            fitted[name] = other
        elif isinstance(mine, dict) and isinstance(other, dict):
            fitted[name] = other | mine
    return fitted
