"""PF22."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate.preflight.checks.quota import cores
from tests.preflight.fakes import SUBSCRIPTION, Stage, judged, statuses

USAGES = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/locations/westeurope/usages"
FIX = f"az vm list-usage --location westeurope --subscription {SUBSCRIPTION}"


@pytest.mark.parametrize(("used", "status"), [(0, "pass"), (36, "pass"), (37, "warn"), (96, "warn"), (97, "fail")])
def test_what_is_left(stage: Stage, used: int, status: str) -> None:
    other = {"name": {"value": "virtualMachines"}, "limit": 1, "currentValue": 1}
    stage.azure.put(USAGES, [other, {"name": {"value": "cores"}, "limit": 100, "currentValue": used}])
    (one,) = judged(cores(stage.ground()))
    assert one.status == status and str(100 - used) in one.evidence
    assert one.fix == ("" if status == "pass" else FIX)


@pytest.mark.parametrize("usages", [[], [{"name": {"value": "virtualMachines"}}]])
def test_a_region_that_names_no_cores(stage: Stage, usages: list[Any]) -> None:
    stage.azure.put(USAGES, usages)
    (one,) = judged(cores(stage.ground()))
    assert (one.status, one.fix) == ("unknown", FIX)


@pytest.mark.parametrize(("used", "status"), [(96, "pass"), (97, "fail")])
def test_a_probe_takes_one_small_machine(stage: Stage, used: int, status: str) -> None:
    stage.azure.put(USAGES, [{"name": {"value": "cores"}, "limit": 100, "currentValue": used}])
    assert statuses(cores(stage.ground("enable-in-place", probe=True))) == [status]


def test_where_nothing_is_moved_or_nobody_knows_where(stage: Stage) -> None:
    assert statuses(cores(stage.ground("enable-in-place"))) == ["pass"]
    assert statuses(cores(stage.ground("contents-only", source="https://adb-1.1.azuredatabricks.test"))) == ["pass"]
