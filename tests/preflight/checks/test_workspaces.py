"""PF03, PF04, PF05, PF20 and PF23."""

from __future__ import annotations

import base64
import json
import shlex
from typing import Any

import pytest

from cmkmigrate.engine.marker import PATH
from cmkmigrate.errors import NotFound
from cmkmigrate.preflight.checks.workspaces import empty, locks, managed_group, premium, settled
from tests.preflight.fakes import GROUP, NEW, OLD, SUBSCRIPTION, VAULT, Stage, judged, statuses, vault, workspace

LOCKS = "/providers/Microsoft.Authorization/locks"
EXPORT = "/api/2.0/workspace/export"


def test_the_plan_is_premium(stage: Stage) -> None:
    assert statuses(premium(stage.ground())) == ["pass"]
    assert statuses(premium(stage.ground(features=[]))) == ["pass"], "nothing is put under a key"
    assert statuses(premium(stage.ground("contents-only"))) == ["pass"]


@pytest.mark.parametrize("sku", ["standard", "trial", ""])
def test_another_plan(stage: Stage, sku: str) -> None:
    stage.there(workspace("old", sku=sku))
    (one,) = judged(premium(stage.ground()))
    assert one.status == "fail"
    assert one.fix == f"az databricks workspace update --ids {OLD} --sku premium"


def test_a_target_that_exists_gets_no_key(stage: Stage) -> None:
    """`existing_target`: nothing is provisioned, so that its plan does not matter."""
    stage.there(workspace("new", sku="standard"))
    assert statuses(premium(stage.ground(existing_target=NEW))) == ["pass"]


@pytest.mark.parametrize(
    ("state", "move", "place"),
    [
        ("Succeeded", "pass", "pass"),
        ("Failed", "warn", "fail"),
        ("Canceled", "warn", "fail"),
        ("Updating", "fail", "fail"),
    ],
)
def test_settled(stage: Stage, state: str, move: str, place: str) -> None:
    stage.there(workspace("old", provisioningState=state))
    assert statuses(settled(stage.ground())) == [move]
    (one,) = judged(settled(stage.ground("enable-in-place")))
    assert one.status == place
    if state == "Updating":
        wait = shlex.split(one.fix)
        assert wait[:4] == ["az", "databricks", "workspace", "wait"] and "Succeeded" in wait[-1]


def test_a_workspace_that_is_not_there(stage: Stage) -> None:
    stage.azure.things.clear()
    (one,) = judged(settled(stage.ground()))
    assert (one.status, one.fix) == ("fail", f"az databricks workspace show --ids {OLD}")


def test_both_are_looked_at(stage: Stage) -> None:
    stage.there(workspace("new", provisioningState="Failed"))
    assert statuses(settled(stage.ground(existing_target=NEW))) == ["pass", "warn"]


def lock(at: str, level: str, name: str = "held") -> dict[str, Any]:
    return {"id": f"{at}{LOCKS}/{name}", "name": name, "properties": {"level": level}}


def locked(stage: Stage, where: dict[str, list[dict[str, Any]]]) -> None:
    for scope in (OLD, NEW, GROUP, VAULT):
        stage.azure.put(scope + LOCKS, where.get(scope, []))


@pytest.mark.parametrize(
    ("held", "level", "status"),
    [
        (VAULT, "ReadOnly", "fail"),
        (GROUP, "ReadOnly", "fail"),
        (f"/subscriptions/{SUBSCRIPTION}", "ReadOnly", "fail"),
        (OLD, "ReadOnly", "warn"),
        (OLD, "CanNotDelete", "warn"),
        (VAULT, "CanNotDelete", "warn"),
    ],
)
def test_locks_of_a_move(stage: Stage, held: str, level: str, status: str) -> None:
    """A lock above is in the listing of what is below it, and is told once."""
    one = lock(held, level)
    below = {scope: [one] for scope in (OLD, GROUP, VAULT) if f"{scope}/".startswith(f"{held}/")}
    locked(stage, below)
    (seen,) = judged(locks(stage.there(vault()).ground(vault_id=VAULT)))
    assert seen.status == status
    assert "held" in seen.evidence and held.lower() in seen.evidence
    assert seen.fix == (f"az lock delete --ids {one['id']}" if status == "fail" else "")


def test_locks_of_a_change_in_place(stage: Stage) -> None:
    locked(stage, {OLD: [lock(OLD, "ReadOnly")]})
    assert statuses(locks(stage.ground("enable-in-place"))) == ["fail"]


def test_a_lock_on_the_network_of_the_new_workspace(stage: Stage) -> None:
    network = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/hub"
    stage.there(workspace("old", parameters={"customVirtualNetworkId": {"value": network}}))
    locked(stage, {})
    stage.azure.put(network + LOCKS, [lock(network, "ReadOnly")])
    assert statuses(locks(stage.ground())) == ["fail"]


def test_no_lock(stage: Stage) -> None:
    locked(stage, {})
    assert statuses(locks(stage.ground())) == ["pass"]
    assert statuses(locks(stage.ground("contents-only"))) == ["pass"]


def test_the_name_that_the_managed_group_really_gets(stage: Stage) -> None:
    (one,) = judged(managed_group(stage.ground()))
    assert one.status == "pass"
    name = next(word for word in one.evidence.split() if word.startswith("databricks-rg-new-"))
    stage.azure.put("groups", [{"name": name, "managedBy": "/subscriptions/x/ws"}])
    (one,) = judged(managed_group(stage.ground()))
    assert one.status == "fail" and "/subscriptions/x/ws" in one.evidence
    assert one.fix == f"az group show --name {name} --subscription {SUBSCRIPTION}"


def test_a_managed_group_of_no_matter(stage: Stage) -> None:
    assert statuses(managed_group(stage.ground("enable-in-place"))) == ["pass"]
    assert statuses(managed_group(stage.there(workspace("new")).ground())) == ["pass"]


def test_the_group_of_the_workspace_itself(stage: Stage) -> None:
    ground = stage.ground()
    step = next(one for one in ground.of("workspaces"))
    step.settings["managed_resource_group"] = "RG"  # type: ignore[index]
    assert statuses(managed_group(ground)) == ["fail"]


def marked(stage: Stage, owner: Any) -> None:
    content = base64.b64encode(json.dumps(owner).encode()).decode()
    stage.target.put(EXPORT, NotFound("no") if owner is None else {"content": content})


def test_a_target_that_is_to_be_made(stage: Stage) -> None:
    assert statuses(empty(stage.ground())) == ["pass"]
    assert statuses(empty(stage.ground("enable-in-place"))) == ["pass"]


def test_an_empty_target(stage: Stage) -> None:
    marked(stage, None)
    stage.target.put("/api/2.0/workspace/list", {"objects": [{"path": "/Shared"}, {"path": "/Users"}]})
    assert statuses(empty(stage.ground("contents-only"))) == ["pass"]


def test_a_target_with_something_in_it(stage: Stage) -> None:
    marked(stage, None)
    stage.target.put("/api/2.0/workspace/list", {"objects": [{"path": "/Reports"}]})
    stage.target.put("/api/2.1/jobs/list", {"jobs": [{"job_id": 1}]})
    (one,) = judged(empty(stage.ground("contents-only")))
    assert one.status == "warn" and "/Reports" in one.evidence and "jobs" in one.evidence
    stage.run = "r1"
    assert statuses(empty(stage.ground("contents-only"))) == ["pass"], "the run has begun: it is ours"


@pytest.mark.parametrize(("run", "status"), [("", "fail"), ("mine", "pass"), ("other", "fail")])
def test_a_marker_in_the_target(stage: Stage, run: str, status: str) -> None:
    marked(stage, {"run": "mine", "holder": "ann on laptop"})
    stage.run = run
    (one,) = judged(empty(stage.ground("contents-only")))
    assert one.status == status
    if status == "fail":
        assert "ann on laptop" in one.evidence
        assert shlex.split(one.fix)[-1] == PATH
