"""What is planted turns the verdict red; what conforms does not."""

from __future__ import annotations

import ast
import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tests.evidence import definitions, exceptions, exchange, report, sdk, table
from tests.evidence.exchange import Exchange, Finding
from tests.evidence.judge import judge, verdict_on

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/g/providers"
ARM, ADB, VAULT = "management.azure.test", "adb-1.1.azuredatabricks.test", "kv.vault.azure.test"
WORKSPACE: dict[str, Any] = {
    "location": "westeurope",
    "sku": {"name": "premium"},
    "properties": {"managedResourceGroupId": "/subscriptions/s/resourceGroups/m", "computeMode": "Hybrid"},
}
POOL = {"instance_pool_id": "p", "instance_pool_name": "n", "node_type_id": "t", "state": "ACTIVE", "max_capacity": 3}
JOB = {"name": "j", "format": "MULTI_TASK", "tasks": [{"task_key": "t", "run_if": "ALL_SUCCESS"}]}
needs_specs = pytest.mark.skipif(not definitions.present(), reason=definitions.ABSENT)


def call(
    method: str, host: str, path: str, request: Any = None, status: int = 200, answer: Any = None, **more: Any
) -> Exchange:
    query = more.pop("query", {"api-version": ["2026-01-01"]} if host != ADB else {})
    return Exchange(method, host, path, query, request, status, answer, agent="cmkmigrate/0", **more)


def put_workspace(request: Any = None, status: int = 201, answer: Any = None) -> Exchange:
    told = {**WORKSPACE, "id": "/w", "name": "made", "type": "Microsoft.Databricks/workspaces"}
    path = f"{GROUP}/Microsoft.Databricks/workspaces/made"
    return call("PUT", ARM, path, request or WORKSPACE, status, answer or told)


def pools(answer: Any, **more: Any) -> Exchange:
    return call("GET", ADB, "/api/2.0/instance-pools/list", None, answer={"instance_pools": [answer]}, **more)


def changed(body: Any, path: str, value: Any) -> Any:
    """A copy with the value at a path of names and numbers."""
    made = copy.deepcopy(body)
    at = made
    *before, last = path.split("/")
    for part in before:
        at = at[int(part)] if part.isdigit() else at.setdefault(part, {})
    at[last] = value
    return made


def rules(one: Exchange) -> set[tuple[str, str, str]]:
    return {(finding.side, finding.rule, finding.at) for finding in verdict_on(one).findings}


CUSTOM = "properties/encryption/entities/managedDisk"


@needs_specs
@pytest.mark.parametrize(
    ("path", "value", "rule", "at"),
    [
        ("properties/customerManagedKeyId", "k", "name", "properties.customerManagedKeyId"),
        ("properties/parameters/encryption", {"value": {"keyVaultUri": "u"}}, "name", "*.keyVaultUri"),
        ("properties/workspaceUrl", "adb-1.net", "read-only", "properties.workspaceUrl"),
        ("id", "/w", "read-only", "id"),
        ("properties/computeMode", "Fast", "schema", "properties*"),
        ("properties/parameters/prepareEncryption", True, "type", "properties.parameters.prepareEncryption"),
        (CUSTOM, {"keySource": "Microsoft.Keyvault"}, "schema", "properties*"),
        ("sku", None, "schema", "sku"),
    ],
)
def test_a_request_to_arm(path: str, value: Any, rule: str, at: str) -> None:
    assert verdict_on(put_workspace()).findings == []
    found = verdict_on(put_workspace(changed(WORKSPACE, path, value))).request or []
    assert any(one.rule == rule and exceptions.like(at, one.at) for one in found), found


@needs_specs
def test_an_answer_of_arm() -> None:
    good = put_workspace()
    assert verdict_on(good).answer == []
    assert ("answer", "status", "") in rules(put_workspace(status=204))
    assert ("answer", "name", "properties.keyOfTomorrow") in rules(
        put_workspace(answer=changed(good.answer, "properties/keyOfTomorrow", 1))
    )
    wrong = changed(good.answer, "properties/provisioningState", "Done")
    assert ("answer", "value", "properties.provisioningState") in rules(put_workspace(answer=wrong))
    assert ("answer", "type", "location") in rules(put_workspace(answer={**good.answer, "location": 1}))
    failed = put_workspace(status=400, answer={"error": {"code": "c", "message": "m"}})
    assert verdict_on(failed).findings == []
    assert rules(put_workspace(status=400, answer={"error_code": "c", "message": "m"}))


@needs_specs
def test_a_query_and_a_path() -> None:
    path = f"{GROUP}/Microsoft.Databricks/workspaces/made"
    get = call("GET", ARM, path, answer=put_workspace().answer, query={"api-version": ["2026-01-01"], "expand": ["x"]})
    assert rules(get) == {("request", "query", "expand")}
    assert ("request", "query", "api-version") in rules(call("GET", ARM, path, answer=get.answer, query={}))
    assert verdict_on(call("GET", ARM, path.replace("workspaces", "workspace"))).source == ""
    assert rules(call("GET", ARM, path.replace("made", "w" * 65), answer=get.answer)) == {
        ("request", "path", "workspaceName")
    }


@needs_specs
def test_the_data_plane_of_a_vault() -> None:
    told = {"key": {"kid": "https://kv.vault.azure.test/keys/k/1", "kty": "RSA"}, "attributes": {"enabled": True}}
    make = {"kty": "RSA", "key_size": 3072}
    assert verdict_on(call("POST", VAULT, "/keys/k/create", make, answer=told)).findings == []
    assert verdict_on(call("GET", VAULT, "/keys/k/", answer=told)).operation == "Vault GetKey"
    assert verdict_on(call("GET", VAULT, "/keys/k/versions", answer={"value": []})).operation == "Vault GetKeyVersions"
    assert rules(call("POST", VAULT, "/keys/k/create", {**make, "kty": "DSA"}, answer=told)) == {
        ("request", "value", "kty")
    }
    assert ("request", "name", "size") in rules(call("POST", VAULT, "/keys/k/create", {**make, "size": 1}, answer=told))
    assert ("answer", "type", "attributes.enabled") in rules(
        call("GET", VAULT, "/keys/k/1", answer=changed(told, "attributes/enabled", "yes"))
    )
    assert ("answer", "status", "") in rules(call("GET", VAULT, "/keys/k/1", status=201, answer=told))


@needs_specs
def test_recordings_judge_polls_and_graph() -> None:
    poll = f"{GROUP}/Microsoft.Databricks/locations/westeurope/operationStatuses/x"
    good = {"id": "/x", "name": "x", "status": "Succeeded", "startTime": "t", "endTime": "t", "resourceId": "/w"}
    assert not any(rule == "status" for _, rule, _ in rules(call("GET", ARM, poll, answer=good)))
    assert ("answer", "name", "done") in rules(call("GET", ARM, poll, answer={**good, "done": True}))
    assert ("answer", "name", "status") in rules(call("GET", ARM, poll, answer={**good, "status": 1}))
    graph, where = "graph.microsoft.test", "/v1.0/servicePrincipals"
    asked = call("GET", graph, where, query={"$filter": ["x"], "api-version": ["1"]}, answer={"value": []})
    assert rules(asked) == {("request", "query", "api-version")}
    assert ("answer", "name", "items") in rules(call("GET", graph, where, query={}, answer={"items": []}))


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        ("color", "red", ("answer", "name", "instance_pools[].color")),
        ("max_capacity", "3", ("answer", "type", "instance_pools[].max_capacity")),
        ("max_capacity", None, ("answer", "type", "instance_pools[].max_capacity")),
        ("state", "SLEEPY", ("answer", "value", "instance_pools[].state")),
        ("custom_tags", {"a": 1}, ("answer", "type", "instance_pools[].custom_tags.*")),
        ("azure_attributes", {"zone": "1"}, ("answer", "name", "instance_pools[].azure_attributes.zone")),
        ("preloaded_spark_versions", "x", ("answer", "type", "instance_pools[].preloaded_spark_versions")),
    ],
)
def test_an_answer_of_databricks(path: str, value: Any, found: tuple[str, str, str]) -> None:
    assert rules(pools(POOL)) == set()
    assert rules(pools(changed(POOL, path, value))) == {found}


def test_a_request_to_databricks() -> None:
    def create(body: Any, **more: Any) -> Exchange:
        return call("POST", ADB, "/api/2.2/jobs/create", body, answer={"job_id": 1}, **more)

    assert rules(create(JOB)) == set()
    assert rules(create({**JOB, "nam": "j"})) == {("request", "name", "nam")}
    assert rules(create({**JOB, "max_concurrent_runs": "1"})) == {("request", "type", "max_concurrent_runs")}
    assert rules(create(changed(JOB, "tasks/0/run_if", "SOMETIMES"))) == {("request", "value", "tasks[].run_if")}
    assert rules(create({**JOB, "tasks": [{}]})) == {("request", "required", "tasks[].task_key")}
    made = call("POST", ADB, "/api/2.0/instance-pools/create", {"node_type_id": "t"}, answer={"instance_pool_id": "p"})
    assert rules(made) == {("request", "required", "instance_pool_name")}
    assert rules(call("GET", ADB, "/api/2.0/workspace/list", answer={})) == {("request", "required", "path")}
    assert rules(create(JOB, query={"dry": ["true"]})) == {("request", "query", "dry")}
    assert rules(call("POST", ADB, "/api/2.2/jobs/create", JOB, 302, {})) == {("answer", "status", "")}
    assert rules(call("POST", ADB, "/api/2.2/jobs/create", JOB, 400, {"error": "x"})) != set()
    assert verdict_on(call("POST", ADB, "/api/2.2/jobs/make", JOB)).source == ""
    assert verdict_on(call("PUT", ADB, "/api/2.2/jobs/create", JOB)).source == ""


def test_every_operation_of_the_sdk_is_read() -> None:
    """A generation of the SDK that is written otherwise would leave nothing to judge by."""
    for module in ("compute", "iam", "jobs", "workspace"):
        found = sdk.operations(module)
        text = (sdk.FOLDER / f"{module}.py").read_text("utf-8")
        assert len(found) > 0.8 * text.count("self._api.do(") - text.count("class Account") * 8, module
    for verb, path in (("GET", "/api/2.0/workspace/list"), ("GET", "/api/2.2/jobs/list"), ("GET", "/api/2.0/repos")):
        operation = sdk.find(verb, path)
        assert operation is not None and operation.answer is not None
    assert set(sdk.fields(sdk.find("GET", "/api/2.0/repos").answer)) == {"next_page_token", "repos"}  # type: ignore[union-attr]
    assert "direct_download" in sdk.by_hand()["GET", "/api/2.0/workspace/export"]


def test_what_is_counted_apart() -> None:
    odd = {**POOL, "color": "red"}
    faulty, marked = pools(odd, fault="refuse"), pools(odd, headers={"x-sandbox-fault": "refuse"})
    planted = pools({**POOL, "field_of_tomorrow": 1})
    typed = pools(POOL)
    typed.agent, typed.count = "", 5
    result = judge([faulty, marked, planted, typed])
    (row,) = result.rows.values()
    assert (row.calls, row.requests, row.answers, row.faults, row.by_hand) == (8, 3, 6, 2, 5)
    assert (row.violations, row.planted, result.wrong) == (0, 1, [])
    assert judge([pools(odd)]).wrong != []


def test_a_call_that_nobody_defines_is_wrong_unless_it_is_declared() -> None:
    (wrong,) = judge([call("GET", ADB, "/api/2.0/instance-pools/all", answer={})]).wrong
    assert wrong.startswith("GET /api/2.0/instance-pools/all: nothing defines it")
    assert (
        judge([call("GET", ARM, f"{GROUP}/Microsoft.KeyVault/vault/v", answer={})]).wrong or not definitions.present()
    )
    assert judge([call("GET", ADB, "/api/2.1/jobs/list", answer={})]).wrong == []


def test_what_is_let_through_and_no_longer_needed() -> None:
    token = call("POST", ADB, "/api/2.1/clusters/create", {"spark_version": "x", "idempotency_token": "t"}, answer={})
    result = judge([token])
    assert (result.wrong, result.rows[verdict_on(token).operation].excepted) == ([], 1)
    assert "POST /api/2.1/clusters/create: request: name: idempotency_token" not in result.unneeded
    assert judge([]).unneeded == sorted(exceptions.names())
    assert all(len(one.reason) > 20 for one in exceptions.EXEMPT)


def written(folder: Path, *exchanges: Exchange) -> Path:
    folder.mkdir()
    lines = []
    for number, one in enumerate(exchanges):
        fields = {name: value for name, value in vars(one).items() if name != "count"} | {"key": str(number)}
        lines += [json.dumps(fields), json.dumps({"key": str(number), "seen": 3})]
    (folder / "1.jsonl").write_text("\n".join(lines) + '\n{"key": "torn')
    return folder


def test_the_report_and_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = written(tmp_path / "good", pools(POOL)), written(tmp_path / "bad", pools({**POOL, "color": "red"}))
    assert [one.count for one in exchange.read(good)] == [3]
    lines, wrong = report.report(good, whole=False)
    assert (wrong, lines[0].split(":")[0]) == (False, "3 requests and 3 answers of 1 operations judged")
    lines, wrong = report.report(bad, whole=False)
    assert wrong and any(line.startswith("FAILED GET /api/2.0/instance-pools/list: answer: name") for line in lines)
    if definitions.present():
        lines, wrong = report.report(good, whole=True)
        assert (
            wrong and any("not needed any more" in line for line in lines) and any("nothing of ARM" in x for x in lines)
        )
    assert (table.main([str(good)]), table.main([str(bad)]), table.main([str(tmp_path / "none")])) == (0, 1, 2)
    assert table.main(["--all", str(good)]) == 1
    shown = capsys.readouterr().out
    assert "databricks-sdk compute.InstancePools.list" in shown and "color: unknown" in shown


def test_a_finding_says_all_of_it() -> None:
    assert str(Finding("o", "answer", "type", "", "t")) == "o: answer: type: (whole): t"


def test_the_judge_imports_nothing_of_what_it_judges() -> None:
    """Neither the product nor the sandbox: a wrong path or field shared with them would pass."""
    here = Path(__file__).parent
    judging = [path for path in here.glob("*.py") if not path.name.startswith("test_")]
    assert len(judging) > 8
    for path in judging:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.split(".")[0] == "cmkmigrate"], path
