"""R5: a service that is ill: its answers are errors, some of them after the work was done.

In the product's process time runs twenty times faster (`patches.faster`), so that its patience ends within seconds.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.conftest import Migration
from tests.faults.runs import STOPPED, run
from tests.harness import Commands, Sandbox

pytestmark = [pytest.mark.ci]
TIMES = 20
WORKSPACES = {"host": "adb-*"}


def test_a_fifth_of_all_answers_are_errors(
    undisturbed: Migration, commands: Callable[[Sandbox, str], Commands]
) -> None:
    """Half of them before the work, half of them after it: nobody can tell which."""
    box = undisturbed.sandbox
    rule = {"match": WORKSPACES, "count": -1, "share": 0.027, "action": "status"}
    rules = [
        {**rule, "status": status, "seed": status + after, "after": bool(after), "name": "after" if after else "before"}
        for status in (500, 502, 503, 504)
        for after in (0, 1)
    ]
    reference = box.state(undisturbed.target)
    found = run(box, commands(box, "ill"), "ill", rules, undisturbed.apply, reference, patch=f"faster:{TIMES}")
    assert len(found.hit) > 100 and set(found.codes[:-1]) <= {STOPPED, undisturbed.apply.code}
    assert found.wrong(undisturbed.apply) == []
    made = [one for one in found.hit if one["method"] == "POST" and one["fault"] == "after"]
    assert len(made) >= 3, "made, and told otherwise: sent again without a look, they would be there twice"


def test_all_answers_are_errors_for_a_while(
    undisturbed: Migration, commands: Callable[[Sandbox, str], Commands]
) -> None:
    """It ends with 5 once its patience is over, and goes on when the service is well again."""
    box = undisturbed.sandbox
    rule = {"match": WORKSPACES, "offset": 400, "count": -1, "action": "refuse", "status": 503}
    reference = box.state(undisturbed.target)
    found = run(
        box, commands(box, "dark"), "dark", [rule], undisturbed.apply, reference, calm_after=1, patch=f"faster:{TIMES}"
    )
    assert found.codes[0] == STOPPED and len(found.codes) <= 3, "at most one more, for what failed by itself before"
    assert "cmkmigrate resume" in found.ends[0].err
    assert len(found.hit) < 400, "it does not knock for ever"
    assert found.wrong(undisturbed.apply) == []
