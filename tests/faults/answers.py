"""R6: one answer of a whole run goes wrong, at a place that chance chooses."""

from __future__ import annotations

import random
from typing import Any

# what goes wrong -> the rule that does it
SORTS: dict[str, dict[str, Any]] = {
    "reset": {"action": "reset"},
    "lost": {"action": "lose"},
    "timeout": {"action": "hang"},
    "cut": {"action": "cut"},
    "longer": {"action": "length", "bytes": 100},
    "shorter": {"action": "length", "bytes": -5},
    "gzip": {"action": "gzip"},
    "html": {"action": "html", "status": 200},
}


def one_at(sort: str, number: int) -> list[dict[str, Any]]:
    """The rule for one answer: that of the `number`-th request (from 1)."""
    return [{"offset": number - 1, "count": 1, **SORTS[sort]}]


def some_of(sorts: tuple[str, ...], seed: int, share: float) -> list[dict[str, Any]]:
    """The rules for a share of all answers, for each sort."""
    return [{"count": -1, "share": share, "seed": f"{seed}/{sort}", "name": sort, **SORTS[sort]} for sort in sorts]


def places(count: int, seed: int, requests: int) -> list[int]:
    """So many places among the requests of a run that nobody disturbed."""
    return sorted(random.Random(seed).sample(range(1, requests + 1), min(count, requests)))
