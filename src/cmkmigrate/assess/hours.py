"""How long a migration takes at the limits of the API, from the number of objects of each kind. Pure.

What one object costs is data, `calls.yaml`; a test compares it with a migration on the sandbox. A kind takes as long as
the family of endpoints that it loads most; kinds come one after the other, as they refer to each other, so their times
add up. Sizes of files, retries, and whatever makes the service slower than its limit come on top: it is the least.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final

from cmkmigrate.clients.pace import family
from cmkmigrate.strict_yaml import read_yaml

FILE: Final = "calls.yaml"
SOURCE_SHARE: Final = 1 / 3  # of every limit, on a workspace that people work on (clients/pace.py)


@cache
def table() -> dict[str, dict[str, list[str]]]:
    """Kind -> {"read": calls to the old workspace, "write": calls to the new one}, each `METHOD path`."""
    text = (resources.files("cmkmigrate.assess") / FILE).read_text("utf-8")
    data, _ = read_yaml(text, FILE)
    return dict(data)


def hours(kinds: Mapping[str, int]) -> float:
    """Hours for so many objects of each kind."""
    return sum(_seconds(kind, number) for kind, number in kinds.items()) / 3600


def assumed(kinds: Mapping[str, int]) -> tuple[str, ...]:
    """The families among them whose limit the vendor does not publish, so that a guess stands for it."""
    families = {
        family(*call.split(" ", 1))
        for kind, number in kinds.items()
        if number
        for calls in table().get(kind, {}).values()
        for call in calls
    }
    return tuple(sorted(one.name for one in families if one.assumed))


def _seconds(kind: str, number: int) -> float:
    costs = table().get(kind, {})
    times = []
    for side, share in (("read", SOURCE_SHARE), ("write", 1.0)):
        for one, calls in Counter(family(*call.split(" ", 1)) for call in costs.get(side, ())).items():
            times.append(number * calls / (one.per_s * share))
    return max(times, default=0.0)
