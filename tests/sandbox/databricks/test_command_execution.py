"""The command-execution API: contexts, commands, what they give, how long they take, what is refused."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from cmkmigrate.sandbox.wire import Clock
from tests.sandbox.databricks.conftest import Workspace

API = "/api/1.2"
CLUSTERS = "/api/2.0/clusters"
VALUE = "pass word – ü"


@pytest.fixture
def cluster(new: Workspace, clock: Clock) -> str:
    """A running cluster, in a workspace with a secret."""
    new.post("/api/2.0/secrets/scopes/create", scope="etl")
    new.post("/api/2.0/secrets/put", scope="etl", key="password", string_value=VALUE)
    new.post("/api/2.0/secrets/put", scope="etl", key="ascii", string_value="plain")
    body = {"spark_version": "x", "node_type_id": "Standard_DS3_v2", "num_workers": 0}
    id = str(new.post(f"{CLUSTERS}/create", **body)["cluster_id"])
    clock.advance(10)
    return id


def context(workspace: Workspace, cluster: str, language: str = "python") -> str:
    return str(workspace.post(f"{API}/contexts/create", clusterId=cluster, language=language)["id"])


def execute(workspace: Workspace, cluster: str, context: str, command: str) -> dict[str, str]:
    """Start a command; the query that asks for it."""
    body = {"clusterId": cluster, "contextId": context, "language": "python", "command": command}
    id = workspace.post(f"{API}/commands/execute", **body)["id"]
    return {"clusterId": cluster, "contextId": context, "commandId": id}


def ran(workspace: Workspace, cluster: str, context: str, command: str) -> Any:
    return workspace.get(f"{API}/commands/status", **execute(workspace, cluster, context, command))


def refused(workspace: Workspace, method: str, path: str, **said: Any) -> tuple[int, str]:
    """Status and text of a refusal, in the shape of this API."""
    answer = workspace.send("GET", path, query=said) if method == "GET" else workspace.send(method, path, body=said)
    assert answer.status >= 400
    (text,) = json.loads(answer.body).values()
    assert json.loads(answer.body).keys() == {"error"}
    return answer.status, text


def test_a_secret_is_read_as_migration_tools_do(new: Workspace, cluster: str) -> None:
    """The three commands of databrickslabs/migrate, whose variables outlive a command."""
    at = context(new, cluster)
    assert ran(new, cluster, at, "value = dbutils.secrets.get(scope = 'etl', key = 'ascii')")["status"] == "Finished"
    convert = "import base64; b64_value = base64.b64encode(value.encode('ascii'))"
    assert ran(new, cluster, at, convert)["results"] == {"resultType": "text", "data": ""}
    results = ran(new, cluster, at, "print(b64_value.decode('ascii'))")["results"]
    assert base64.b64decode(results["data"]) == b"plain"


def test_it_is_read_where_the_api_refuses_it(new: Workspace, cluster: str) -> None:
    new.state.scopes["etl"].readable = False
    assert new.refused("GET", "/api/2.0/secrets/get", scope="etl", key="ascii")[0] == 400
    at = context(new, cluster)
    ran(new, cluster, at, "import base64")
    results = ran(new, cluster, at, "print(base64.b64encode(dbutils.secrets.getBytes('etl', 'password')).decode())")
    assert base64.b64decode(results["results"]["data"]).decode() == VALUE


def test_a_value_is_not_shown(new: Workspace, cluster: str) -> None:
    at = context(new, cluster)
    results = ran(new, cluster, at, "value = dbutils.secrets.get('etl', 'password')\nprint('it is', value)")["results"]
    assert results == {"resultType": "text", "data": "it is [REDACTED]"}


def test_another_context_knows_nothing_of_it(new: Workspace, cluster: str) -> None:
    ran(new, cluster, context(new, cluster), "value = 'x'")
    results = ran(new, cluster, context(new, cluster), "print(value)")["results"]
    assert (results["resultType"], results["cause"]) == ("error", "NameError: name 'value' is not defined")


def test_a_command_that_fails_is_finished(new: Workspace, cluster: str) -> None:
    answer = ran(new, cluster, context(new, cluster), "dbutils.secrets.get('etl', 'gone')")
    assert answer["status"] == "Finished"
    results = answer["results"]
    assert results["resultType"] == "error"
    wanted = "java.lang.IllegalArgumentException: Secret does not exist with scope: etl and key: gone"
    assert results["cause"] == wanted
    assert results["summary"].startswith("<span") and "Secret does not exist" in results["summary"]


@pytest.mark.parametrize(
    "text", ["spark.sql('select 1')", "open('/etc/passwd').read()", "import os", "x = [1]", "1 + 1"]
)
def test_what_is_not_simulated_is_said(new: Workspace, cluster: str, text: str) -> None:
    results = ran(new, cluster, context(new, cluster), text)["results"]
    assert results["resultType"] == "error"
    assert "NotSimulated" in results["cause"] or "NameError" in results["cause"]


def test_other_languages_have_contexts(new: Workspace, cluster: str) -> None:
    at = context(new, cluster, "sql")
    body = {"clusterId": cluster, "contextId": at, "language": "sql", "command": "select 1"}
    id = new.post(f"{API}/commands/execute", **body)["id"]
    results = new.get(f"{API}/commands/status", clusterId=cluster, contextId=at, commandId=id)["results"]
    assert results["cause"].startswith("NotSimulated")
    assert refused(new, "POST", f"{API}/contexts/create", clusterId=cluster, language="cobol")[0] == 400


def test_the_chosen_delay(new: Workspace, cluster: str, clock: Clock) -> None:
    new.state.settings.put({"command_s": 20})
    at = context(new, cluster)
    status = {"clusterId": cluster, "contextId": at}
    assert new.get(f"{API}/contexts/status", **status) == {"id": at, "status": "Pending"}
    first, second = (execute(new, cluster, at, f"print({number})") for number in (1, 2))
    seen = []
    for _ in range(4):
        seen.append([new.get(f"{API}/commands/status", **one)["status"] for one in (first, second)])
        clock.advance(20)
    assert seen == [["Queued", "Queued"], ["Running", "Queued"], ["Finished", "Running"], ["Finished", "Finished"]]
    assert new.get(f"{API}/contexts/status", **status)["status"] == "Running"
    assert new.get(f"{API}/commands/status", **second)["results"]["data"] == "2"


def test_cancel(new: Workspace, cluster: str, clock: Clock) -> None:
    new.state.settings.put({"command_s": 20})
    at = context(new, cluster)
    first, second = execute(new, cluster, at, "value = 'x'"), execute(new, cluster, at, "print(value)")
    new.post(f"{API}/commands/cancel", **first)
    assert new.get(f"{API}/commands/status", **first) == {"id": first["commandId"], "status": "Cancelled"}
    clock.advance(60)
    assert new.get(f"{API}/commands/status", **second)["results"]["resultType"] == "error", "it never ran"
    new.post(f"{API}/commands/cancel", **second)
    assert new.get(f"{API}/commands/status", **second)["status"] == "Finished", "too late"


def test_destroy(new: Workspace, cluster: str) -> None:
    at = context(new, cluster)
    new.post(f"{API}/contexts/destroy", clusterId=cluster, contextId=at)
    assert "ContextNotFound" in refused(new, "GET", f"{API}/contexts/status", clusterId=cluster, contextId=at)[1]


def test_only_on_a_running_cluster(new: Workspace, cluster: str, clock: Clock) -> None:
    at = context(new, cluster)
    new.post(f"{CLUSTERS}/delete", cluster_id=cluster)
    clock.advance(10)
    for path, said in (("contexts/create", {"language": "python"}), ("commands/execute", {"contextId": at})):
        status, text = refused(new, "POST", f"{API}/{path}", clusterId=cluster, **said)
        assert (status, "TERMINATED" in text) == (400, True)
    new.post(f"{CLUSTERS}/start", cluster_id=cluster)
    status, text = refused(new, "POST", f"{API}/contexts/create", clusterId=cluster, language="python")
    assert (status, text.split(":")[0]) == (500, "ClusterNotReadyException")
    clock.advance(10)
    assert "ContextNotFound" in refused(new, "GET", f"{API}/contexts/status", clusterId=cluster, contextId=at)[1]
    assert context(new, cluster)
    assert refused(new, "POST", f"{API}/contexts/create", clusterId="gone", language="python")[0] == 400


def test_a_secret_that_a_vault_holds_is_not_there(old: Workspace, clock: Clock) -> None:
    scope = next(one for one in old.state.scopes.values() if one.backend == "AZURE_KEYVAULT")
    cluster = next(iter(old.state.clusters))
    old.post(f"{CLUSTERS}/start", cluster_id=cluster)
    clock.advance(10)
    results = ran(old, cluster, context(old, cluster), f"dbutils.secrets.get('{scope.name}', 'any')")["results"]
    assert results["resultType"] == "error"
