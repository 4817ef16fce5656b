"""What is at the edge of what a workspace takes is moved, or left with a reason; nothing is passed over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness import Commands, Result, Sandbox
from tests.scale import estate, runs

pytestmark = [pytest.mark.ci]
TOO_LARGE = {f"/Users/{estate.EVA}/{name}" for name, fits in estate.LARGE.items() if not fits}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Commands, runs.Moved]]:
    folder = tmp_path_factory.mktemp("edges")
    with runs.served(folder, estate.build(tmp_path_factory.mktemp("edge-estate")), "new") as (box, launcher):
        place = Commands(launcher, folder / "place", box.env)
        place.env["CMKMIGRATE_TIMEOUT_S"] = "60"  # ten imports of 12 MB at once take the sandbox a while
        box.forget()
        yield box, place, runs.moved(place, runs.words(box, place, "new"))


@pytest.fixture(scope="module")
def end(world: tuple[Sandbox, Commands, runs.Moved]) -> Result:
    return world[2].end


def test_all_arrives_but_what_the_service_does_not_hand_over(
    world: tuple[Sandbox, Commands, runs.Moved], end: Result
) -> None:
    assert end.code == 3 and runs.unaccounted(end) == {}, end
    assert runs.differences(world[0], "new", end) == []
    left = {one["key"] for one in end.json["problems"] if one["kind"] == "notebooks"}
    assert left == TOO_LARGE
    assert {one["kind"] for one in end.json["problems"]} == {"notebooks", "permissions"}, "the lists of these three"


def test_a_notebook_that_is_too_large_says_so(end: Result) -> None:
    for one in end.json["problems"]:
        if one["kind"] == "notebooks":
            assert one["state"] == "failed" and str(estate.LARGEST) in one["reason"], one
        else:
            assert one["key"].partition(":")[2] in TOO_LARGE and str(estate.LARGEST) in one["reason"], one


def test_a_thousand_secrets(world: tuple[Sandbox, Commands, runs.Moved], end: Result) -> None:
    counts = {one["kind"]: one["migrated"] for one in end.json["counts"]}
    assert counts["secrets"] == estate.SECRETS + 3
    puts = [one for one in world[0].writes() if one["path"] == "/api/2.0/secrets/put"]
    assert len(puts) == estate.SECRETS + 3, "each is sent once"


def test_fifty_folders_down(world: tuple[Sandbox, Commands, runs.Moved]) -> None:
    box = world[0]
    bottom = estate.deepest()
    assert bottom.count("/") == estate.DEPTH + 1
    assert box.export(box.host_of("new"), f"{bottom}/CON").endswith(b"\n1")


def test_large_notebooks_side_by_side_fit_into_memory(world: tuple[Sandbox, Commands, runs.Moved]) -> None:
    assert world[2].seen["peak_mib"] < runs.MOST_MIB, world[2].seen


def test_verify_says_what_is_not_there(world: tuple[Sandbox, Commands, runs.Moved], end: Result) -> None:
    """The next passes neither forget them nor call them moved."""
    place = world[1]
    verified = place("verify", str(place.folder / "run"), "-o", "json")
    assert verified.code == 3, verified
    assert {one for one in TOO_LARGE if one not in verified.out} == set()
