"""What an item costs does not depend on how many there are: of the ledger, of files that are open, of memory.

No clock is in any of it. `python -m tests.scale --objects 90000` is the same at the size of the largest workspace that
was ever heard of (databrickslabs/migrate#135).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness import Commands, Launcher, Sandbox
from tests.scale import runs

pytestmark = [pytest.mark.ci]
FEW, MANY = 200, 1000
SAME = 1.2  # what is rounded, or done once for a run, weighs more with few
PUT = {"method": "PUT", "path": "/api/2.0/permissions/*"}


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Launcher]]:
    with runs.served(tmp_path_factory.mktemp("many"), f"generate:{MANY}", "whole", "killed") as both:
        yield both


def whole(folder: Path, box: Sandbox, launcher: Launcher) -> runs.Moved:
    """Everything, undisturbed."""
    place = Commands(launcher, folder, box.env)
    place.env["CMKMIGRATE_TIMEOUT_S"] = "60"  # an answer that is not waited for is looked up, and that costs rows
    box.forget()
    found = runs.moved(place, runs.words(box, place, "whole"))
    assert found.end.code == 0 and runs.unaccounted(found.end) == {}, found.end
    return found


@pytest.fixture(scope="module")
def large(many: tuple[Sandbox, Launcher], tmp_path_factory: pytest.TempPathFactory) -> runs.Moved:
    return whole(tmp_path_factory.mktemp("large"), *many)


@pytest.fixture(scope="module")
def reads(many: tuple[Sandbox, Launcher], large: runs.Moved) -> Counter[str]:
    """How often each access list of the source was read when nobody disturbed: again, where it was written."""
    assert large.end.code == 0
    return _read(many[0].requests(), many[0].source_host)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> runs.Moved:
    with runs.served(tmp_path_factory.mktemp("few"), f"generate:{FEW}", "whole") as (box, launcher):
        return whole(tmp_path_factory.mktemp("small"), box, launcher)


@pytest.mark.parametrize("what", ["rows", "written"])  # statements: how many rows share one is a matter of time
def test_a_checkpoint_costs_the_same_whatever_is_there(what: str, small: runs.Moved, large: runs.Moved) -> None:
    assert large.items > 4 * small.items
    assert large.each(what) <= SAME * small.each(what), (small.seen, large.seen)


def test_what_is_open_is_bounded(small: runs.Moved, large: runs.Moved) -> None:
    assert 0 < large.seen["descriptors"] <= runs.MOST_DESCRIPTORS
    assert 0 < small.seen["descriptors"] <= runs.MOST_DESCRIPTORS


def test_memory_is_bounded(large: runs.Moved) -> None:
    assert 0 < large.seen["peak_mib"] < runs.MOST_MIB


def test_all_of_it_arrived(many: tuple[Sandbox, Launcher], large: runs.Moved) -> None:
    assert runs.differences(many[0], "whole", large.end) == []


def test_killed_amid_many_access_lists(many: tuple[Sandbox, Launcher], reads: Counter[str], tmp_path: Path) -> None:
    """The resume goes on with those that are left: no list is written twice but what was under way, and those that were
    done are not read again."""
    box, launcher = many
    place = Commands(launcher, tmp_path / "place", box.env)
    argv = runs.words(box, place, "killed")
    box.forget()
    runs.killed(box, place, argv, PUT, MANY // 13, seconds=300)
    before = _read(box.requests(), box.source_host)
    assert len(before) > len(reads) // 4, "many of them are done"
    resumed = place("resume", str(place.folder / "run"), "-o", "json", seconds=900)
    assert resumed.code == 0 and runs.unaccounted(resumed) == {}, resumed
    assert runs.differences(box, "killed", resumed) == []
    after = _read(box.requests(), box.source_host)
    assert after.keys() == reads.keys()
    assert after.total() - reads.total() <= 3 * runs.AT_ONCE, "what was done is not read again"
    assert runs.sent_again(box, "killed", resumed)["access lists"] <= runs.AT_ONCE


def _read(requests: list[dict[str, Any]], host: str) -> Counter[str]:
    """How often each access list of a host was read."""
    reads = (one for one in requests if one["host"] == host and not one["write"] and one["status"] == 200)
    return Counter(one["path"] for one in reads if one["path"].startswith("/api/2.0/permissions/"))
