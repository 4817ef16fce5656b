"""The tree, files of DBFS, Git folders, secrets, jobs, settings and what is only listed, by typed calls."""

from __future__ import annotations

import base64
import io

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound
from databricks.sdk.service import jobs, settings, sql, workspace

SOURCE = "# Databricks notebook source\nprint('typed')"


def _coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def tree(client: WorkspaceClient) -> None:
    api, path = client.workspace, "/Shared/typed"
    api.mkdirs(path)
    api.import_(f"{path}/notebook", content=_coded(SOURCE), language=workspace.Language.PYTHON)
    api.upload(f"{path}/file.txt", io.BytesIO(b"file"), format=workspace.ImportFormat.AUTO)
    status = api.get_status(f"{path}/notebook")
    assert (status.object_type, status.language) == (workspace.ObjectType.NOTEBOOK, workspace.Language.PYTHON)
    exported = api.export(f"{path}/notebook", format=workspace.ExportFormat.SOURCE)
    assert base64.b64decode(str(exported.content)).decode() == SOURCE
    assert api.download(f"{path}/file.txt").read() == b"file"
    assert {one.path for one in api.list(path)} == {f"{path}/notebook", f"{path}/file.txt"}
    api.delete(path, recursive=True)
    with pytest.raises(NotFound):
        api.get_status(path)


def dbfs(client: WorkspaceClient) -> None:
    api, path = client.dbfs, "/typed"
    api.mkdirs(path)
    api.put(f"{path}/put", contents=_coded("put"))
    handle = int(api.create(f"{path}/blocks").handle or 0)
    api.add_block(handle, _coded("one "))
    api.add_block(handle, _coded("two"))
    api.close(handle)
    assert base64.b64decode(str(api.read(f"{path}/blocks").data)) == b"one two"
    api.move(f"{path}/put", f"{path}/moved")
    assert {one.path for one in api.list(path)} == {f"{path}/blocks", f"{path}/moved"}
    assert api.get_status(f"{path}/moved").file_size == 3
    api.delete(path, recursive=True)
    with pytest.raises(NotFound):
        api.get_status(path)


def git_folders(client: WorkspaceClient) -> None:
    assert list(client.git_credentials.list()) == []
    client.workspace.mkdirs("/Shared/typed git")
    made = client.repos.create("https://git.example/typed/one.git", "gitHub", path="/Shared/typed git/one")
    id = int(made.id or 0)
    client.repos.update(id, branch="other")
    assert (client.repos.get(id).branch, client.repos.get(id).url) == ("other", "https://git.example/typed/one.git")
    assert id in {one.id for one in client.repos.list(path_prefix="/Shared")}
    client.repos.delete(id)
    with pytest.raises(NotFound):
        client.repos.get(id)


def secrets(client: WorkspaceClient) -> None:
    api = client.secrets
    api.create_scope("typed", initial_manage_principal="users")
    assert "typed" in {one.name for one in api.list_scopes()}
    api.put_secret("typed", "key", string_value="value")
    assert [one.key for one in api.list_secrets("typed")] == ["key"]
    assert base64.b64decode(str(api.get_secret("typed", "key").value)) == b"value"
    api.put_acl("typed", "admins", workspace.AclPermission.READ)
    assert api.get_acl("typed", "admins").permission is workspace.AclPermission.READ
    assert {one.principal for one in api.list_acls("typed")} >= {"users", "admins"}
    api.delete_acl("typed", "admins")
    api.delete_secret("typed", "key")
    assert list(api.list_secrets("typed")) == []
    api.delete_scope("typed")
    assert "typed" not in {one.name for one in api.list_scopes()}


def runs(client: WorkspaceClient) -> None:
    task = jobs.Task("one", notebook_task=jobs.NotebookTask("/Shared/none"), existing_cluster_id="none")
    id = int(client.jobs.create(name="typed", tasks=[task]).job_id or 0)
    client.jobs.update(id, new_settings=jobs.JobSettings(description="updated"))
    shown = client.jobs.get(id).settings
    assert shown and (shown.name, shown.description) == ("typed", "updated")
    client.jobs.reset(id, jobs.JobSettings(name="typed again", tasks=[task]))
    assert [one.job_id for one in client.jobs.list(name="typed again")] == [id]
    assert list(client.jobs.list_runs(job_id=id)) == []
    client.jobs.delete(id)
    with pytest.raises(NotFound):
        client.jobs.get(id)


def legacy_settings(client: WorkspaceClient) -> None:
    dbfs, access = client.settings.disable_legacy_dbfs, client.settings.disable_legacy_access
    off = settings.BooleanMessage(value=True)
    mask = "disable_legacy_dbfs.value"
    assert not dbfs.get().disable_legacy_dbfs.value and not access.get().disable_legacy_access.value
    dbfs.update(True, settings.DisableLegacyDbfs(off), mask)
    access.update(True, settings.DisableLegacyAccess(off), "disable_legacy_access.value")
    assert dbfs.get().disable_legacy_dbfs.value and access.get().disable_legacy_access.value
    dbfs.delete()
    access.delete()
    assert not dbfs.get().disable_legacy_dbfs.value and not access.get().disable_legacy_access.value


def listed(client: WorkspaceClient) -> None:
    """What a migration only lists: each is found by its id as in the list."""
    for warehouse in client.warehouses.list():
        assert client.warehouses.get(str(warehouse.id)).name == warehouse.name
    for pipeline in client.pipelines.list_pipelines():
        assert client.pipelines.get(str(pipeline.pipeline_id)).name == pipeline.name
    for query in client.queries.list():
        assert client.queries.get(str(query.id)).display_name == query.display_name
        body = sql.UpdateQueryRequestQuery(query_text=query.query_text)
        assert client.queries.update(str(query.id), "query_text", query=body).update_time != query.update_time
    for alert in client.alerts.list():
        assert client.alerts.get(str(alert.id)).display_name == alert.display_name
    for dashboard in client.lakeview.list():
        assert client.lakeview.get(str(dashboard.dashboard_id)).display_name == dashboard.display_name


def catalogs(client: WorkspaceClient) -> None:
    """Unity Catalog, as far as it is read, and the default catalog."""
    assigned = client.metastores.current()
    assert assigned.metastore_id == client.metastores.summary().metastore_id
    names = [str(one.name) for one in client.catalogs.list(max_results=0)]
    assert names == ["system"] and client.catalogs.get("system").metastore_id == assigned.metastore_id
    assert list(client.storage_credentials.list(max_results=0)) == []
    assert list(client.external_locations.list(max_results=0)) == []
    setting = client.settings.default_namespace
    wanted = settings.DefaultNamespaceSetting(settings.StringMessage("main"))
    assert setting.update(True, wanted, "namespace.value").namespace.value == setting.get().namespace.value == "main"
    assert client.metastores.current().default_catalog_name == "main"
    setting.delete()
    assert setting.get().namespace.value == "hive_metastore"


PLAYS = (tree, dbfs, git_folders, secrets, runs, legacy_settings, listed, catalogs)
