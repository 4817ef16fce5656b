"""The remedy in place: three features, each a step; stopped at a gate, resumed, done again; bad orders."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness import ARM, Commands, Launcher, Result, Sandbox
from tests.kinds.world import targets_estate

BLOCKED, STOPPED, MISTAKE = 6, 5, 64
WORKSPACE = {"method": "PUT", "host": "management.*", "path": "*/workspaces/*"}


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A workspace for each test, as each is changed."""
    folder = tmp_path_factory.mktemp("in-place")
    names = [
        "whole",
        "killed",
        "disks-only",
        "runs",
        "failed",
        "no-vault",
        "audited",
        "another",
        "owned",
        "open",
        "locked",
        "updating",
        "bare",
    ]
    made = Sandbox(folder / "sandbox", "small", targets_estate(folder / "workspaces", names))
    yield made
    made.close()


@pytest.fixture
def go(box: Sandbox, launcher: Launcher, tmp_path: Path) -> Iterator[Callable[..., Result]]:
    """`apply enable-in-place` on the workspace of a name, with its gates opened unless `closed`."""
    place = Commands(launcher, tmp_path, box.env)

    def run(name: str, *, closed: bool = False, resume: bool = False, **params: Any) -> Result:
        given = {"workspace": workspace(box, name)["id"], "vault_name": f"kv-{name}"} | params
        words = [word for param, value in given.items() for word in ("-p", f"{param}={value}")]
        words = ["apply", "enable-in-place", *words, "--run", str(tmp_path / "run"), "--auto-approve", "-o", "json"]
        if resume:
            words = ["resume", str(tmp_path / "run"), "-o", "json"]
        gates = [] if closed else [word for step in ("services", "disks") for word in ("--confirm", f"{step}={name}")]
        return place(*words, *gates)

    yield run
    box.faults()


def workspace(box: Sandbox, name: str) -> dict[str, Any]:
    return next(one for one in box.arm()["workspaces"].values() if one["name"] == name)


def puts(box: Sandbox) -> list[str]:
    return [
        one["path"].rpartition("/")[2] for one in box.writes("management.azure.test") if "/workspaces/" in one["path"]
    ]


def features(properties: dict[str, Any]) -> set[str]:
    """What is under a key, as the service has it."""
    found = set((properties.get("encryption") or {}).get("entities") or {})
    root = ((properties.get("parameters") or {}).get("encryption") or {}).get("value") or {}
    return found | ({"root"} if root.get("keySource") == "Microsoft.Keyvault" else set())


def test_the_gate_the_rest_and_once_more(box: Sandbox, go: Callable[..., Result], tmp_path: Path) -> None:
    before = workspace(box, "whole")["properties"]
    box.forget()
    stopped = go("whole", closed=True)
    assert stopped.code == STOPPED and "services" in stopped.err and "whole" in stopped.err, stopped
    assert puts(box) == [], "something was switched on before the word was given"
    done = go("whole", resume=True)
    assert done.code == 0, done
    after = workspace(box, "whole")["properties"]
    assert features(before) == set() and features(after) == {"managedServices", "managedDisk", "root"}
    assert puts(box).count("whole") >= 4, "services, disks, storage, root: each a PUT of its own"
    unchanged = set(before) - {"encryption", "parameters", "updatedBy", "provisioningState", "storageAccountIdentity"}
    assert {name: after[name] for name in unchanged} == {name: before[name] for name in unchanged}
    box.forget()
    again = go("whole")
    assert again.code == 0 and box.writes() == [], again
    kept = sqlite3.connect(tmp_path / "run" / "ledger.db").execute(
        "select value from original where kind = 'entity_encryption' and path = 'definition'"
    )
    (definition,) = kept.fetchall()
    assert features(json.loads(definition[0])["properties"]) == set(), "what was there before is kept"
    posture = json.loads(meta(tmp_path, "posture"))
    assert {row["verdict"] for row in posture["source"]} == {"platform-key"}
    assert {row["verdict"] for row in posture["target"]} == {"cmk"}
    assert posture["raw"]["after"]["encryption"] == after["encryption"]


def meta(tmp_path: Path, key: str) -> str:
    """What the ledger has under a name."""
    rows = sqlite3.connect(tmp_path / "run" / "ledger.db").execute("select v from meta where k = ?", (key,)).fetchall()
    return str(rows[0][0])


def test_the_audit_agrees_and_the_report_tells(
    box: Sandbox, go: Callable[..., Result], launcher: Launcher, tmp_path: Path
) -> None:
    place = Commands(launcher, tmp_path, box.env)
    before = workspace(box, "audited")
    assert go("audited", features="managed_services,dbfs_root").code == 0
    audited = place("audit", "-o", "json")
    rows = [row for row in json.loads(audited.out)["rows"] if row["name"] == "audited"]
    verdicts = {row["feature"]: row["verdict"] for row in rows}
    assert verdicts["managed_disks"] == "platform-key" and verdicts["dbfs_root"] == "cmk", audited
    assert verdicts["managed_services"] in ("cmk", "cmk-future-writes-only", "unknown"), "never taken for covered"
    written = place("report", str(tmp_path / "run"), "--out", "r.html", "--definition", "before.json")
    assert written.code == 0 and "az rest --method put" in written.err, written
    page = (place.work / "r.html").read_text()
    assert "Report of a change in place" in page and "platform-key" in page
    kept = json.loads((place.work / "before.json").read_text())
    assert kept["location"] == before["location"] and features(kept["properties"]) == set()
    assert "workspaceUrl" not in kept["properties"]


@pytest.mark.parametrize("count", [1, pytest.param(2, marks=pytest.mark.ci), pytest.param(3, marks=pytest.mark.ci)])
def test_a_lost_answer_is_looked_up(count: int, box: Sandbox, go: Callable[..., Result]) -> None:
    box.faults({"match": WORKSPACE, "offset": count - 1, "count": 1, "action": "lose"})
    done = go("killed", vault_name=f"kv-killed-{count}", replace_key="true")
    assert done.code == 0, done
    assert features(workspace(box, "killed")["properties"]) == {"managedServices", "managedDisk", "root"}


def test_one_feature_alone(box: Sandbox, go: Callable[..., Result]) -> None:
    assert go("disks-only", features="managed_disks").code == 0
    assert features(workspace(box, "disks-only")["properties"]) == {"managedDisk"}


def test_running_compute_is_found_before_anything_is_written(box: Sandbox, go: Callable[..., Result]) -> None:
    host = workspace(box, "runs")["properties"]["workspaceUrl"]
    body = {
        "cluster_name": "night",
        "spark_version": "15.4.x-scala2.12",
        "node_type_id": "Standard_DS3_v2",
        "num_workers": 1,
    }
    id = box.call(host, "POST", "/api/2.1/clusters/create", body)["cluster_id"]
    box.forget()
    refused = go("runs")
    assert refused.code == BLOCKED and "compute is running" in refused.err and "'night'" in refused.err, refused
    assert box.writes() == []
    box.call(host, "POST", "/api/2.1/clusters/delete", {"cluster_id": id})
    done = go("runs")
    assert done.code == 0, done


def test_a_workspace_that_was_failed_before_is_sent_nothing(
    box: Sandbox, go: Callable[..., Result], launcher: Launcher, tmp_path: Path
) -> None:
    box.faults({"match": WORKSPACE, "count": 1, "action": "operation", "how": "fail", "message": "No capacity."})
    first = go("failed", features="managed_services")
    assert first.code == STOPPED and "No capacity" in first.err + first.out, first
    box.faults()
    box.forget()
    place = Commands(launcher, tmp_path / "another", box.env)
    words = ["-p", f"workspace={workspace(box, 'failed')['id']}", "-p", "vault_name=kv-failed"]
    refused = place("apply", "enable-in-place", *words, "--run", "run", "--auto-approve")
    assert refused.code == BLOCKED and "in the state Failed" in refused.err, refused
    assert box.writes() == []


def test_killed_while_it_waits_for_a_grant(launcher: Launcher, tmp_path: Path) -> None:
    """The first PUT came before the grant was in effect and left the workspace Failed; the run was killed then."""
    estate = targets_estate(tmp_path / "workspaces", ["granted-late"])
    box = Sandbox(tmp_path / "sandbox", "small", estate, grant_delay=8.0)
    try:
        place = Commands(launcher, tmp_path / "place", box.env)
        words = ["-p", f"workspace={workspace(box, 'granted-late')['id']}", "-p", "vault_name=kv-granted-late"]
        gates = [word for step in ("services", "disks") for word in ("--confirm", f"{step}=granted-late")]
        argv = ("apply", "enable-in-place", *words, "--run", "run", "--auto-approve", *gates)
        started = place.start(*argv)
        box.faults({"match": WORKSPACE, "offset": 1, "count": 1, "action": "kill", "pid": started[0]})
        killed = place.finish(started, argv)
        assert killed.code < 0, killed
        assert workspace(box, "granted-late")["properties"]["provisioningState"] == "Failed"
        box.faults()
        resumed = place("resume", "run", *gates)
        assert resumed.code == 0, resumed
        found = features(workspace(box, "granted-late")["properties"])
        assert found == {"managedServices", "managedDisk", "root"}
    finally:
        box.close()


def test_no_vault_is_named(box: Sandbox, go: Callable[..., Result]) -> None:
    box.forget()
    refused = go("no-vault", vault_name="")
    assert refused.code == MISTAKE and "vault" in refused.err, refused
    assert box.writes() == []


def refused(box: Sandbox, result: Result, *said: str) -> None:
    """That it was stopped before anything was written, for this reason."""
    assert result.code == BLOCKED, result
    assert box.writes() == [], result
    for each in said:
        assert each in result.err, result


def test_another_key_is_not_replaced_by_the_typed_word_alone(
    box: Sandbox, go: Callable[..., Result], tmp_path: Path
) -> None:
    assert go("another").code == 0
    (tmp_path / "run").rename(tmp_path / "first")
    box.forget()
    refused(box, go("another", key_name="newer"), "another key already", "/keys/cmk-databricks", "still to be made")
    replaced = go("another", key_name="newer", replace_key="true")
    assert replaced.code == 0, replaced
    found = workspace(box, "another")["properties"]
    entities = found["encryption"]["entities"].values()
    assert {one["keyVaultProperties"]["keyName"] for one in entities} == {"newer"}
    assert found["parameters"]["encryption"]["value"]["KeyName"] == "newer"


def test_code_that_owns_it_wants_a_word_and_gets_its_text(
    box: Sandbox, go: Callable[..., Result], launcher: Launcher, tmp_path: Path
) -> None:
    found = workspace(box, "owned")
    box.call(ARM, "PATCH", f"{found['id']}?api-version=2026-01-01", {"tags": {"by": "terraform"}})
    box.forget()
    refused(box, go("owned"), "by=terraform", "-p iac=")
    words = ["-p", f"workspace={found['id']}", "-p", "vault_name=kv-owned", "-p", "iac=terraform"]
    planned = Commands(launcher, tmp_path, box.env)("plan", "enable-in-place", *words)
    assert "azurerm_databricks_workspace_root_dbfs_customer_managed_key" in planned.out, planned
    for step in ("disks-access", "storage-access"):  # of identities that come with the steps before them
        assert f"Step {step}\n  key_access               + 1   (known after apply)" in planned.out, planned
    assert box.writes() == []
    done = go("owned", iac="terraform")
    assert done.code == 0, done
    key = workspace(box, "owned")["properties"]["encryption"]["entities"]["managedDisk"]["keyVaultProperties"]
    id = f"{key['keyVaultUri'].rstrip('/')}/keys/{key['keyName']}/{key['keyVersion']}"
    assert f'managed_disk_cmk_key_vault_key_id     = "{id}"' in json.loads(done.out)["code"]
    assert json.loads(done.out)["code"] == meta(tmp_path, "code")


def test_contents_are_not_written_anew_without_a_key(box: Sandbox, go: Callable[..., Result]) -> None:
    box.forget()
    result = go("open", features="managed_disks", rewrite="true")
    assert result.code == MISTAKE and "platform's key" in result.err, result
    assert box.writes() == []


def test_a_lock_stops_it(box: Sandbox, go: Callable[..., Result]) -> None:
    scope = workspace(box, "locked")["id"]
    lock = f"{scope}/providers/Microsoft.Authorization/locks/keep?api-version=2020-05-01"
    box.call(ARM, "PUT", lock, {"properties": {"level": "ReadOnly"}})
    box.forget()
    refused(box, go("locked"), "PF05", "the lock keep")
    box.call(ARM, "DELETE", lock)


def test_what_somebody_else_is_changing_is_left_alone(box: Sandbox, go: Callable[..., Result]) -> None:
    found = workspace(box, "updating")
    parts = ("location", "sku", "tags")
    names = ("managedResourceGroupId", "parameters", "publicNetworkAccess", "requiredNsgRules", "computeMode")
    body = {name: found[name] for name in parts if name in found}
    body["properties"] = {name: found["properties"][name] for name in names if name in found["properties"]}
    box.faults({"match": WORKSPACE, "count": 1, "action": "operation", "how": "never"})
    box.call(ARM, "PUT", f"{found['id']}?api-version=2026-01-01", body)
    box.forget()
    refused(box, go("updating"), "Updating")


def test_a_vault_without_purge_protection(box: Sandbox, go: Callable[..., Result]) -> None:
    found = workspace(box, "bare")
    group = found["id"].partition("/providers/")[0]
    tenant = next(iter(box.arm()["vaults"].values()))["properties"]["tenantId"] if box.arm()["vaults"] else ""
    properties = {"tenantId": tenant or box.arm()["tenantId"], "sku": {"family": "A", "name": "standard"}}
    properties |= {"enableRbacAuthorization": True, "enableSoftDelete": True}
    id = f"{group}/providers/Microsoft.KeyVault/vaults/kv-bare-open"
    body = {"location": found["location"], "properties": properties}
    box.call(ARM, "PUT", f"{id}?api-version=2023-07-01", body)
    box.forget()
    refused(box, go("bare", vault_name="", vault_id=id), "purge")
