"""A saved plan: private, whole or not at all, refused when it was edited, is old, or its ground has moved."""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cmkmigrate.engine import planfile
from cmkmigrate.engine.migration import Migration
from cmkmigrate.engine.planfile import PlanFile
from cmkmigrate.errors import Fatal
from cmkmigrate.model import Action, Do

ACTIONS = [
    Action("contents", "jobs", "1", Do.CREATE, "nightly", notes=("cron",), hint="7"),
    Action("contents", "jobs", "2", Do.UPDATE, "twin", "differs in name", ("name", "tags.x")),
    Action("contents", "notes", "/lone \ud800 and é", Do.BLOCK, reason="a path to nothing"),
]


class Planned:
    """What `save` and `check` need of a preview."""

    def __init__(self, actions: list[Action]) -> None:
        self._actions = actions

    def actions(self) -> Iterator[Action]:
        return iter(self._actions)


@pytest.fixture
def path(migration: Migration, tmp_path: Path) -> Path:
    made = tmp_path / "x.cmkplan"
    save(made, migration)
    return made


def save(path: Path, migration: Migration, actions: list[Action] = ACTIONS) -> None:
    planfile.save(path, migration, Planned(actions))  # type: ignore[arg-type]


def check(plan: PlanFile, actions: list[Action]) -> None:
    planfile.check(plan, Planned(actions))  # type: ignore[arg-type]


def test_it_comes_back_as_it_was(path: Path, migration: Migration) -> None:
    plan = planfile.load(path)
    assert (plan.playbook_text, plan.params, plan.identity) == (
        migration.playbook.text,
        migration.params,
        migration.identity,
    )
    assert plan.actions[1]["changes"] == ["name", "tags.x"]
    assert plan.actions[2]["key"] == ACTIONS[2].key
    check(plan, ACTIONS)


def test_only_its_owner_can_read_it_and_no_draft_is_left(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_plan_takes_the_place_of_another_and_not_of_what_a_link_names(path: Path, migration: Migration) -> None:
    victim = path.with_name("victim")
    victim.write_text("mine")
    path.unlink()
    path.symlink_to(victim)
    save(path, migration)
    assert (victim.read_text(), path.is_symlink()) == ("mine", False)


def test_a_plan_that_could_not_be_written_leaves_the_old_one(
    path: Path, migration: Migration, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = path.read_bytes()

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        save(path, migration, [])
    assert path.read_bytes() == before


def refused(path: Path) -> Fatal:
    with pytest.raises(Fatal) as caught:
        planfile.load(path)
    assert caught.value.subject == str(path)
    assert "cmkmigrate plan" in caught.value.next
    return caught.value


@pytest.mark.parametrize(
    "content", [b"", b"not json", b"{}", b"[]", b"[1]", b"7", b'"x"', b"null", b"\xff\xfe", b'{"digest": 1}']
)
def test_what_is_no_plan(content: bytes, path: Path) -> None:
    path.write_bytes(content)
    assert refused(path).what == "this is not a plan"


def test_a_plan_that_is_not_there(tmp_path: Path) -> None:
    assert refused(tmp_path / "gone").what == refused(tmp_path).what == "this is not a plan"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"create"', '"keep"'),
        ('"nightly"', '"nightli"'),
        ("kinds: all", "kinds: [jobs]"),
        ('"source": "source"', '"source": "other"'),
        ('"hint": "7"', '"hint": "8"'),
    ],
)
def test_an_edit_shows(old: str, new: str, path: Path) -> None:
    text = path.read_text("utf-8", errors="surrogatepass")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8", errors="surrogatepass")
    assert refused(path).what == "the plan was edited"


def test_a_plan_without_one_of_its_actions_shows(path: Path) -> None:
    content = json.loads(path.read_text("utf-8", errors="surrogatepass"))
    del content["actions"][0]
    path.write_text(json.dumps(content))
    assert refused(path).what == "the plan was edited"


def test_laying_it_out_anew_is_no_edit(path: Path) -> None:
    content = json.loads(path.read_text("utf-8", errors="surrogatepass"))
    path.write_text(json.dumps(content, sort_keys=True))
    check(planfile.load(path), ACTIONS)


def test_a_plan_lives_a_day(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + planfile.LIFE_S - 60)
    planfile.load(path)
    monkeypatch.setattr(time, "time", lambda: now + planfile.LIFE_S + 60)
    assert refused(path).what == "the plan is older than a day"


def test_a_plan_of_another_format(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planfile, "FORMAT", "cmkmigrate plan 2")
    error = refused(path)
    assert (error.what, error.why) == ("the plan has another format", "'cmkmigrate plan 1'")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"do": Do.KEEP}, "do was 'update', is 'keep'"),
        ({"changes": ("name",)}, "changes was ['name', 'tags.x'], is ['name']"),
        ({"reason": "differs in tags"}, "reason was 'differs in name', is 'differs in tags'"),
        ({"hint": "9"}, "hint was '', is '9'"),
    ],
)
def test_a_plan_whose_ground_has_moved_is_stale(change: dict[str, Any], why: str, path: Path) -> None:
    actions = [ACTIONS[0], replace(ACTIONS[1], **change), ACTIONS[2]]
    with pytest.raises(Fatal, match="the plan is stale") as caught:
        check(planfile.load(path), actions)
    assert (caught.value.subject, caught.value.why) == (f"jobs 2 ({path})", why)


def test_what_is_new_and_what_is_gone_is_stale(path: Path) -> None:
    plan = planfile.load(path)
    with pytest.raises(Fatal, match="stale") as caught:
        check(plan, [*ACTIONS, Action("contents", "jobs", "3", Do.CREATE)])
    assert (caught.value.subject, caught.value.why) == (f"jobs 3 ({path})", "it is new")
    with pytest.raises(Fatal, match="stale") as caught:
        check(plan, ACTIONS[1:])
    assert (caught.value.subject, caught.value.why) == (f"jobs 1 ({path})", "it is gone")


def test_a_name_may_change(path: Path) -> None:
    check(planfile.load(path), [replace(ACTIONS[0], name="renamed", notes=()), *ACTIONS[1:]])
