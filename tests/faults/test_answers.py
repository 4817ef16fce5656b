"""R6: answers that are reset, cut off, too long, too short, packed and broken, or a proxy's page with the status 200.

An answer that cannot be read says nothing: a listing is never empty because of it, and a write is looked up. Here each
sort meets a share of all the requests of one run; `python -m tests.faults` takes each place in a run of its own.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.conftest import Migration
from tests.faults.answers import SORTS, some_of
from tests.faults.runs import STOPPED, run
from tests.harness import Commands, Sandbox

pytestmark = [pytest.mark.ci]
SHARE, SEED, TIMES = 0.03, 20261122, 20


@pytest.mark.parametrize("sort", SORTS)
def test_the_end_is_that_of_a_run_that_nobody_disturbed(
    sort: str, undisturbed: Migration, commands: Callable[[Sandbox, str], Commands]
) -> None:
    box = undisturbed.sandbox
    place, reference = commands(box, sort), box.state(undisturbed.target)
    found = run(box, place, sort, some_of(sort, SEED, SHARE), undisturbed.apply, reference, patch=f"faster:{TIMES}")
    assert len(found.hit) >= 10, "too few to say anything"
    assert set(found.codes[:-1]) <= {STOPPED, undisturbed.apply.code}
    assert found.wrong(undisturbed.apply) == []
