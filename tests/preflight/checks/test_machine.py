"""PF26 and PF30."""

from __future__ import annotations

import os
import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from cmkmigrate.clients.pace import Paces
from cmkmigrate.errors import Throttled
from cmkmigrate.preflight.checks.machine import budget, private
from tests.preflight.fakes import Stage, judged, statuses

Usage = namedtuple("Usage", "total used free")


def test_room_clock_and_pace(stage: Stage) -> None:
    found = judged(budget(stage.ground()))
    assert {str(one.status) for one in found} == {"pass"}
    assert "exports 20" in found[2].evidence and "imports 30" in found[3].evidence
    assert len(judged(budget(stage.ground("enable-in-place")))) == 2


@pytest.mark.parametrize(("free", "status"), [(199_000_000, "fail"), (201_000_000, "pass")])
def test_room(stage: Stage, free: int, status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(0, 0, free))
    assert judged(budget(stage.ground()))[0].status == status


@pytest.mark.parametrize(("skew", "status"), [(-280, "pass"), (280, "pass"), (320, "fail"), (-320, "fail")])
def test_the_clock(stage: Stage, skew: float, status: str) -> None:
    stage.azure.skew = skew
    one = judged(budget(stage.ground()))[1]
    assert one.status == status
    assert one.fix == ("timedatectl set-ntp true" if status == "fail" else "")


def test_services_that_are_busy_already(stage: Stage) -> None:
    ground = stage.ground()
    paces: Paces = ground.migration.sites.paces  # type: ignore[attr-defined]
    pace = paces.of("adb-old", "GET", "/api/2.0/workspace/list", source=True)
    pace.throttled(pace.wait())
    with pytest.raises(Throttled):
        pace.wait(longest=0.0)
    assert judged(budget(ground))[-1].status == "warn"


def test_without_a_ceiling(stage: Stage) -> None:
    ground = stage.ground()
    ground.migration.sites.paces = Paces(float("inf"), float("inf"))  # type: ignore[attr-defined]
    assert "without a limit" in judged(budget(ground))[2].evidence


def test_a_folder_of_ones_own(stage: Stage) -> None:
    assert statuses(private(stage.ground())) == ["pass"], "it is made"
    stage.directory.mkdir(mode=0o700)
    assert statuses(private(stage.ground())) == ["pass"]
    stage.run = "r"
    assert statuses(private(stage.ground())) == ["pass", "pass"]


def test_a_folder_that_others_write_to(stage: Stage) -> None:
    stage.directory.mkdir()
    stage.directory.chmod(0o770)
    (one,) = judged(private(stage.ground()))
    assert (one.status, one.fix) == ("fail", f"chmod 700 {stage.directory}")


def test_a_folder_of_somebody_else(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.directory.mkdir(mode=0o700)
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    assert statuses(private(stage.ground())) == ["fail"]


def test_a_folder_that_cannot_be_made(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, how: False)
    assert statuses(private(stage.ground())) == ["fail"]


def test_folders_that_leak(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    stage.directory = tmp_path / "OneDrive - Contoso" / "run"
    assert statuses(private(stage.ground())) == ["pass", "warn", "warn"]


def test_somebody_at_work(stage: Stage) -> None:
    stage.run, stage.held = "r", "ann (process 1 on laptop)"
    one = judged(private(stage.ground()))[-1]
    assert (one.status, one.fix) == ("fail", f"cmkmigrate status {stage.directory}")
    assert "ann" in one.evidence
