"""R7: the second page fails, the pages go in a circle, a thing moves from one page to another while they are read.

Pages are made short (five things), so that every listing that has pages has several.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.conftest import Migration
from tests.faults.runs import STOPPED, run
from tests.harness import Commands, Sandbox

LISTINGS = {"jobs": "/api/2.*/jobs/list", "people": "/api/2.0/preview/scim/v2/*"}
CIRCLES = {**LISTINGS, "tasks": "/api/2.*/jobs/get"}
SECOND = {"jobs": "*page_token=*", "people": "*startIndex=6*"}
SHORT = {"count": -1, "action": "moved", "rows": 5}


@pytest.mark.ci
@pytest.mark.parametrize("listing", LISTINGS)
def test_the_second_page_fails(
    listing: str, undisturbed: Migration, commands: Callable[[Sandbox, str], Commands]
) -> None:
    """So long that patience ends: exit 5, nothing of the half that was read; then it goes on."""
    box, name = undisturbed.sandbox, f"second-{listing}"
    second = {"match": {"path": LISTINGS[listing], "query": SECOND[listing]}, "count": -1, "action": "status"}
    rules: list[dict[str, Any]] = [
        {**second, "status": 503},
        {**SHORT, "match": {"path": LISTINGS[listing]}, "how": "double"},
    ]
    reference = box.state(undisturbed.target)
    found = run(box, commands(box, name), name, rules, undisturbed.apply, reference, calm_after=1, patch="faster:20")
    assert found.codes[-1] == undisturbed.apply.code and found.hit
    assert found.codes[0] in (STOPPED, 6), "the preflight may meet it first"
    assert found.wrong(undisturbed.apply) == []


@pytest.mark.parametrize("how", ["double", "missed"])
def test_things_move_while_they_are_listed(
    how: str, undisturbed: Migration, commands: Callable[[Sandbox, str], Commands]
) -> None:
    """Added in front: the last of each page comes again. Removed: one is never seen, which the total of SCIM tells;
    of a listing without a total the next look tells, as the target is compared with all of the source once more."""
    box, name = undisturbed.sandbox, f"moved-{how}"
    once = {"people": {"count": 4}, "jobs": {"count": -1}} if how == "missed" else {}
    kinds = ["people"] if how == "missed" else list(LISTINGS)
    rules = [
        {**SHORT, "match": {"path": LISTINGS[kind], "host": box.source_host}, "how": how, **once.get(kind, {})}
        for kind in kinds
    ]
    reference = box.state(undisturbed.target)
    found = run(box, commands(box, name), name, rules, undisturbed.apply, reference)
    assert len(found.hit) >= 4
    assert found.codes == [undisturbed.apply.code] and found.wrong(undisturbed.apply) == []


@pytest.mark.ci
@pytest.mark.parametrize("listing", CIRCLES)
def test_the_pages_go_in_a_circle(
    listing: str, undisturbed: Migration, commands: Callable[[Sandbox, str], Commands]
) -> None:
    """Seen, and no endless reading: it stops, or says which job cannot be read; then it goes on and nothing is lost."""
    box, name = undisturbed.sandbox, f"circle-{listing}"
    circle = {"match": {"path": CIRCLES[listing], "host": box.source_host}, "count": -1, "action": "page"}
    reference = box.state(undisturbed.target)
    found = run(box, commands(box, name), name, [circle], undisturbed.apply, reference, calm_after=1)
    said = found.ends[0].out + found.ends[0].err
    assert found.hit and "PAGING_LOOP" in said, said
    assert found.codes[-1] == undisturbed.apply.code
    assert found.wrong(undisturbed.apply) == []
