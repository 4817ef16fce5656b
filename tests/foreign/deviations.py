"""Where minilake is not like the service, as far as it decides what a migration between two of them can show.

Each is tried by plain databricks-sdk calls (`test_minilake.py`), so that it leaves this list when minilake mends it,
and names the words of `shared/facts/databricks.md` that it rests on ("": not yet said there).
"""

from __future__ import annotations

import base64
import io
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, NotImplemented
from databricks.sdk.errors.base import DatabricksError
from databricks.sdk.service import compute, iam, jobs, workspace

from tests.foreign.minilake import python


@dataclass(frozen=True)
class Deviation:
    """what: in words. fact: words of the fact. seen: whether minilake still deviates. so: what follows here."""

    what: str
    fact: str
    so: str
    seen: Callable[[WorkspaceClient], bool]


# Kinds that need a route which minilake does not have: their listing cannot be read, and that rightly stops a run.
UNREADABLE = {
    "cluster_libraries": "/api/2.0/libraries/all-cluster-statuses",
    "dashboards": "/api/2.0/lakeview/dashboards",
    "other_objects": "/api/2.0/lakeview/dashboards",
    "pipelines": "/api/2.0/pipelines",
}


def _source(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _refused(call: Callable[[], object], *errors: type[DatabricksError]) -> bool:
    """Whether `call` ends with one of `errors`, itself and not one derived from it."""
    try:
        call()
    except DatabricksError as error:
        return type(error) in errors
    return False


def _one_number(_client: WorkspaceClient) -> bool:
    words = [python(), "-c", "from minilake.services.identity import FAKE_ORG_ID; print(FAKE_ORG_ID)"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip().isdigit()


def _no_system_groups(client: WorkspaceClient) -> bool:
    return not {group.display_name for group in client.groups.list()} & {"admins", "users"}


def _no_account(client: WorkspaceClient) -> bool:
    path = "/api/2.0/preview/permissionassignments/principals/1"
    return _refused(lambda: client.api_client.do("PUT", path, body={"permissions": ["USER"]}), NotImplemented)


def _python_alone(client: WorkspaceClient) -> bool:
    languages = (workspace.Language.SQL, workspace.Language.SCALA, workspace.Language.R)

    def load(language: workspace.Language) -> None:
        form = workspace.ImportFormat.SOURCE
        client.workspace.import_(f"/{language.value}", content=_source("x"), format=form, language=language)

    return all(_refused(lambda one=one: load(one), NotImplemented) for one in languages)  # type: ignore[misc]


def _one_form(client: WorkspaceClient) -> bool:
    text = _source("# Databricks notebook source\nx = 1\n")
    client.workspace.import_("/form", content=text, language=workspace.Language.PYTHON, overwrite=True)
    return client.workspace.export("/form", format=workspace.ExportFormat.JUPYTER).content == text


def _no_multipart(client: WorkspaceClient) -> bool:
    form = workspace.ImportFormat.RAW
    return _refused(
        lambda: client.workspace.upload("/file", io.BytesIO(b"x"), format=form), BadRequest, DatabricksError
    )


def _secrets_kept(client: WorkspaceClient) -> bool:
    client.secrets.create_scope("kept")
    client.secrets.put_secret("kept", "key", string_value="value")
    try:
        return _refused(lambda: client.secrets.get_secret("kept", "key"), BadRequest)
    finally:
        client.secrets.delete_scope("kept")


def _routes_missing(client: WorkspaceClient) -> bool:
    return all(
        _refused(lambda path=path: client.api_client.do("GET", path), NotImplemented)  # type: ignore[misc]
        for path in UNREADABLE.values()
    )


def _clusters_forget(client: WorkspaceClient) -> bool:
    attributes = compute.AzureAttributes(availability=compute.AzureAvailability.ON_DEMAND_AZURE)
    node = "Standard_DS3_v2"
    client.clusters.create("14.3.x-scala2.12", num_workers=0, node_type_id=node, azure_attributes=attributes)
    (found,) = client.clusters.list()
    client.clusters.permanent_delete(str(found.cluster_id))
    return found.azure_attributes is None and found.cluster_source is None


def _pools_forget(client: WorkspaceClient) -> bool:
    attributes = compute.InstancePoolAzureAttributes(
        availability=compute.InstancePoolAzureAttributesAvailability.ON_DEMAND_AZURE
    )
    made = client.instance_pools.create("forgets", "Standard_DS3_v2", azure_attributes=attributes)
    found = client.instance_pools.get(made.instance_pool_id or "")
    client.instance_pools.delete(made.instance_pool_id or "")
    return found.azure_attributes is None


def _no_job_pages(client: WorkspaceClient) -> bool:
    made = [client.jobs.create(name="page").job_id for _ in range(2)]
    answer = client.api_client.do("GET", "/api/2.2/jobs/list", query={"limit": 1})
    for one in made:
        client.jobs.delete(one or 0)
    assert isinstance(answer, dict)
    return len(answer["jobs"]) >= 2 and not answer.get("has_more")


def _no_owner_rule(client: WorkspaceClient) -> bool:
    made = client.jobs.create(name="owner", tasks=[jobs.Task(task_key="one")]).job_id
    nobody = iam.AccessControlRequest(user_name="nobody@example.test", permission_level=iam.PermissionLevel.CAN_VIEW)
    try:  # the service refuses both: a list without an owner, and a principal that nobody knows
        client.permissions.set("jobs", str(made), access_control_list=[nobody])
    except DatabricksError:
        return False
    finally:
        client.jobs.delete(made or 0)
    return True


def _nulls(client: WorkspaceClient) -> bool:
    made = client.jobs.create(name="nulls").job_id
    answer = client.api_client.do("GET", "/api/2.2/jobs/get", query={"job_id": made})
    client.jobs.delete(made or 0)
    assert isinstance(answer, dict)
    return "tags" in answer["settings"] and answer["settings"]["tags"] is None


DEVIATIONS = (
    Deviation(
        "every instance says that it is the same workspace (X-Databricks-Org-Id)",
        "",
        "each instance is started with a number of its own (minilake.py)",
        _one_number,
    ),
    Deviation(
        "there are no groups admins and users",
        "",
        "the seed makes them on both sides, as the service would have",
        _no_system_groups,
    ),
    Deviation(
        "there is no account: no route assigns a principal to a workspace",
        "",
        "principals of the account are on both sides already; one that is not is made by SCIM",
        _no_account,
    ),
    Deviation(
        "notebooks are Python only, and only in the form SOURCE",
        "SOURCE import/export and duplicate refusal only",
        "no notebook of another language, and none with results, can be shown",
        _python_alone,
    ),
    Deviation(
        "export gives SOURCE whatever form was asked for",
        "export ignores `format` (always SOURCE)",
        "no notebook with results can be shown",
        _one_form,
    ),
    Deviation(
        "a multipart import is refused",
        "minilake cannot check this kind (AUTO turns files into notebooks, multipart refused)",
        "files fail, and their access lists with them",
        _no_multipart,
    ),
    Deviation(
        "the values of secrets are given to nobody",
        "get always refused, by design, as BadRequest",
        "secrets fail",
        _secrets_kept,
    ),
    Deviation(
        "whole services are missing (501)",
        "pipelines, repos, lakeview, alerts v2, MLflow, registry, serving, libraries, policy-families",
        "kinds that list through them are left out of the playbook (UNREADABLE)",
        _routes_missing,
    ),
    Deviation(
        "a cluster forgets most fields that it is created with, and has no cluster_source",
        "cluster_source missing, RUNNING after about 1 s",
        "those fields are not shown here",
        _clusters_forget,
    ),
    Deviation(
        "a pool forgets its azure_attributes",
        "",
        "they are not shown here",
        _pools_forget,
    ),
    Deviation(
        "jobs come in one page whatever limit was asked for",
        "list ignores `limit` (63 jobs in one page at limit 25)",
        "paging is not shown here",
        _no_job_pages,
    ),
    Deviation(
        "what is not set is there, as null",
        "",
        "nothing is forgiven for it: a member that is null is a member that is not there",
        _nulls,
    ),
    Deviation(
        "a job needs no owner, and an access list takes anybody",
        "GET/PUT/PATCH, no owner rule",
        "the rules of access lists are not shown here",
        _no_owner_rule,
    ),
)
