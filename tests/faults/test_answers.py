"""R6: answers that are reset, cut off, too long, too short, packed and broken, or a proxy's page with the status 200.

An answer that cannot be read says nothing: a listing is never empty because of it, and a write is looked up. Here two
sorts meet a share of all the requests of one run; `python -m tests.faults` takes each place in a run of its own.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.conftest import Migration
from tests.faults.answers import SORTS, some_of
from tests.faults.runs import NO_RUN_YET, STOPPED, run
from tests.harness import Commands, Sandbox

pytestmark = [pytest.mark.ci]
SHARE, SEED, TIMES = 0.02, 20261122, 20


PAIRS = (("reset", "html"), ("lost", "gzip"), ("timeout", "cut"), ("longer", "shorter"))


@pytest.mark.parametrize("sorts", PAIRS, ids="-and-".join)
def test_the_end_is_that_of_a_run_that_nobody_disturbed(
    sorts: tuple[str, ...], undisturbed: Migration, commands: Callable[[Sandbox, str], Commands]
) -> None:
    box = undisturbed.sandbox
    name, reference = f"{sorts[0]}-{sorts[1]}", box.state(undisturbed.target)
    rules = some_of(sorts, SEED, SHARE)
    found = run(box, commands(box, name), name, rules, undisturbed.apply, reference, patch=f"faster:{TIMES}")
    assert {one["fault"] for one in found.hit} == set(sorts) and len(found.hit) >= 10
    assert set(found.codes[:-1]) <= {STOPPED, NO_RUN_YET, undisturbed.apply.code}
    assert found.wrong(undisturbed.apply) == []


def test_every_sort_is_tried() -> None:
    assert sorted(sort for pair in PAIRS for sort in pair) == sorted(SORTS)


def test_files_whose_length_is_said_too_short_are_not_taken_for_whole(
    undisturbed: Migration, commands: Callable[[Sandbox, str], Commands]
) -> None:
    """Nothing in such an answer tells that it is not all: only the size that the workspace says does."""
    box, name, reference = undisturbed.sandbox, "short-files", undisturbed.sandbox.state(undisturbed.target)
    files = {"path": "/api/2.0/workspace/export", "query": "*direct_download*", "host": box.source_host}
    short = {"match": files, "count": 3, "action": "length", "bytes": -10}
    found = run(box, commands(box, name), name, [short], undisturbed.apply, reference)
    assert len(found.hit) == 3 and found.codes[0] == undisturbed.apply.code
    assert "bytes of" in found.ends[0].out and "the workspace says that it has" in found.ends[0].out
    assert found.wrong(undisturbed.apply) == []
