"""Estates: folders that describe one workspace each. Loading one makes its workspace, exactly as the folder says.

The layout is that of the README beside the built-in estates. What a folder does not have is empty; folders and fields
that are not known are left alone. The tree is what the manifest lists, with parents that it leaves out; homes are not
made for users who have none there.
"""

from __future__ import annotations

import base64
import json
import re
import uuid
import zlib
from pathlib import Path
from typing import Any

from cmkmigrate.sandbox.databricks import current_form
from cmkmigrate.sandbox.databricks.account import Remote, remote_key
from cmkmigrate.sandbox.databricks.contents import Stored
from cmkmigrate.sandbox.databricks.policy_families import families
from cmkmigrate.sandbox.databricks.tree import DASHBOARD, DIRECTORY, FILE, NOTEBOOK, REPO, split
from cmkmigrate.sandbox.databricks.workspace import AclEntry, Body, Scope, WorkspaceState
from cmkmigrate.sandbox.wire import Clock, Directory, Principal

BUILT_IN = Path(__file__).resolve().parent.parent / "estates"
_ACL_TYPES = {"sql-warehouses": "sql/warehouses", "queries": "sql/queries", "alerts": "sql/alerts"}
_LISTED = {
    "warehouses": "id",
    "pipelines": "pipeline_id",
    "queries": "id",
    "alerts": "id",
    "dashboards": "dashboard_id",
    "global_init_scripts": "script_id",
}
_TREE_KINDS = (DIRECTORY, NOTEBOOK, FILE, REPO, DASHBOARD)


class EstateError(Exception):
    """An estate that cannot be loaded; the text says which file and why."""


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EstateError(f"{path}: {error}") from error


def _bodies(folder: Path, name: str) -> list[tuple[str, Body]]:
    """The JSON files of a sub-folder with their stems, in the order of names."""
    found = [(path.stem, _read(path)) for path in sorted((folder / name).glob("*.json"))]
    for stem, body in found:
        if not isinstance(body, dict):
            raise EstateError(f"{folder / name / stem}.json: not a JSON object")
    return found


def folder_of(spec: str) -> Path:
    """The folder of an estate by its path or the name of a built-in one. Raises EstateError."""
    for folder in (Path(spec), BUILT_IN / spec):
        if (folder / "estate.json").is_file():
            return folder
    names = ", ".join(sorted(path.name for path in BUILT_IN.glob("*") if path.is_dir()))
    raise EstateError(f"{spec}: no estate.json there, and no built-in estate of that name (there is: {names})")


def workspace_of(info: Body, arm_id: str, directory: Directory, clock: Clock) -> WorkspaceState:
    """An empty workspace with the host, id and region that `estate.json` gives."""
    name = str(info.get("name") or "estate")
    given = re.search(r"adb-(\d+)\.", str(info.get("workspace_url") or info.get("deployment_name") or ""))
    org_id = int(info.get("workspace_id") or (given[1] if given else 10**15 + zlib.crc32(name.encode())))
    url = str(info.get("workspace_url") or f"https://adb-{org_id}.{org_id % 20}.azuredatabricks.net")
    host = url.removeprefix("https://").strip("/")
    location = str(info.get("region") or "westeurope")
    return WorkspaceState(
        host=host, org_id=org_id, name=name, location=location, arm_id=arm_id, directory=directory, clock=clock
    )


def load_folder(folder: Path, arm_id: str, directory: Directory, clock: Clock) -> WorkspaceState:
    """The workspace that a folder describes. Raises EstateError."""
    try:
        return _load(folder, arm_id, directory, clock)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise EstateError(f"{folder}: not in the layout of an estate: {error!r}") from error


def _load(folder: Path, arm_id: str, directory: Directory, clock: Clock) -> WorkspaceState:
    state = workspace_of(_read(folder / "estate.json"), arm_id, directory, clock)
    _identities(state, folder)
    _tree(state, folder)
    for _stem, body in _bodies(folder, "repos"):
        _repo(state, body)
    _definitions(state, folder)
    for _stem, body in _bodies(folder, "secrets"):
        _scope(state, body)
    for path in sorted((folder / "permissions").glob("*/*.json")):
        type = _ACL_TYPES.get(path.parent.name, path.parent.name)
        state.acls[(type, path.stem)] = _entries(_read(path))
    _owners(state)
    return state


def _owners(state: WorkspaceState) -> None:
    """Give every job an owner, and every cluster a creator, where the folder says none.

    The service has exactly one owner for each job, and tools take both for granted. Assumption: who made a job owns it
    until it is given away; nobody known stands for the first administrator.
    """
    members = (state.find_identity("group", "admins") or {}).get("members", [])
    found = next((one for one in map(state.identity, members) if one and one[0] != "group"), None)
    first = str(found[1].get("userName") or found[1].get("applicationId")) if found else "unknown"
    for cluster in state.clusters.values():
        if not cluster.get("creator_user_name"):
            cluster["creator_user_name"] = first
    for number, job in state.jobs.items():
        entries = state.acls.setdefault(("jobs", str(number)), [])
        if not any(entry.level == "IS_OWNER" for entry in entries):
            name = str(job.get("creator_user_name") or job.get("run_as_user_name") or first)
            field = "service_principal_name" if state.has("service_principal", name) else "user_name"
            entries.append(AclEntry(field, name, "IS_OWNER"))


def _identities(state: WorkspaceState, folder: Path) -> None:
    path = folder / "identities.json"
    given = _read(path) if path.exists() else {}
    renumbered: dict[str, str] = {}  # an id that the account has for somebody else already -> the one it gets

    def join(kind: str, name: str, body: Body) -> str:
        number = str(body.get("id", ""))
        person = {key: value for key, value in body.items() if key not in ("groups", "entitlements")}
        object_id = str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{kind}:{name.lower()}"))
        principal = Principal(kind, object_id, name, str(body.get("displayName", name)), person)
        principal = state.directory.add(principal)
        renumbered[number] = state.account.number(principal)
        state.ids.reserve(renumbered[number])
        return renumbered[number]

    for kind, list_name, name_field in (
        ("user", "users", "userName"),
        ("service_principal", "service_principals", "applicationId"),
    ):
        held = state.users if kind == "user" else state.service_principals
        for body in given.get(list_name, []):
            number = join(kind, str(body[name_field]), body)
            held[number] = {key: value for key, value in body.items() if key not in ("groups", "schemas")}
            held[number]["id"] = number
    groups: list[tuple[str, Body]] = []
    for body in given.get("groups", []):
        meta = {"resourceType": "WorkspaceGroup", **(body.get("meta") or {})}
        if meta["resourceType"] == "Group":
            number = join("group", str(body["displayName"]), body)
        else:
            number = renumbered[str(body.get("id", ""))] = str(body.get("id") or state.ids.number())
            state.ids.reserve(number)
        groups.append((number, {**body, "id": number, "meta": meta}))
    for number, body in groups:
        members = [str(one["value"]) for one in body.get("members") or []]
        plain = {key: value for key, value in body.items() if key not in ("groups", "schemas")}
        state.groups[number] = {**plain, "members": [renumbered.get(id, id) for id in members]}
        principal = state.directory.find("group", str(body["displayName"]))
        if principal is not None and body["meta"]["resourceType"] == "Group":
            principal.body["members"] = [{"value": id} for id in state.groups[number]["members"]]
    for name in ("admins", "users"):
        state.system_group(name)


def _tree(state: WorkspaceState, folder: Path) -> None:
    path = folder / "manifest.jsonl"
    lines = path.read_text(encoding="utf-8").split("\n") if path.exists() else []
    rows: list[Body] = []
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line) if line.strip() else {}
            if row and row["object_type"] in _TREE_KINDS:
                rows.append(row)
        except (ValueError, KeyError) as error:
            raise EstateError(f"{path}:{number}: {error!r}") from error
    for row in rows:
        state.ids.reserve(int(row.get("object_id") or 0))
    for row in sorted(rows, key=lambda row: len(split(row["path"]))):
        _object(state, folder, row)
    for name in ("Users", "Shared", "Repos"):
        state.folder(f"/{name}")


def _object(state: WorkspaceState, folder: Path, row: Body) -> None:
    names = split(row["path"])
    if not names:
        return
    where = f"{folder / 'manifest.jsonl'}: {row['path']}"
    try:
        parent = state.folder("/" + "/".join(names[:-1]))
    except ValueError as error:
        raise EstateError(f"{where} is below {error}, which is no directory") from error
    assert parent.children is not None
    if names[-1] in parent.children:
        raise EstateError(f"{where} is there twice")
    kind, id = str(row["object_type"]), int(row.get("object_id") or state.ids.number())
    if id in state.tree.by_id:
        raise EstateError(f"{where} has the object_id {id}, and so has {state.tree.by_id[id].path}")
    node = state.tree.add(parent, kind, names[-1], id)
    node.created_at = int(row.get("created_at") or 0)
    node.modified_at = int(row.get("modified_at") or node.created_at)
    if kind == NOTEBOOK:
        node.language = str(row.get("language") or "PYTHON")
        node.format = str(row.get("format") or "SOURCE")
    if kind in (NOTEBOOK, FILE):
        name = str(row.get("file") or "")
        if not name or name.startswith("/") or ".." in name.split("/") or not (folder / name).is_file():
            raise EstateError(f"{where} has no file {name}")
        node.content = Stored(folder, name)


def _repo(state: WorkspaceState, body: Body) -> None:
    node = state.tree.find(str(body["path"]))
    if node is None:
        names = split(str(body["path"]))
        parent = state.folder("/" + "/".join(names[:-1]))
        node = state.tree.add(parent, REPO, names[-1], int(body.get("id") or state.ids.number()))
    state.repos[node.id] = {**body, "id": node.id}
    if body.get("url"):
        remote = state.account.remotes.setdefault(remote_key(str(body["url"])), Remote(node))
        if body.get("branch"):
            remote.branches[str(body["branch"])] = str(body.get("head_commit_id") or "")


def _definitions(state: WorkspaceState, folder: Path) -> None:
    for held, name, field in (
        (state.pools, "pools", "instance_pool_id"),
        (state.policies, "policies", "policy_id"),
        (state.clusters, "clusters", "cluster_id"),
    ):
        for stem, body in _bodies(folder, name):
            id = str(body.get(field) or stem)
            state.ids.reserve(id)
            held[id] = {**body, field: id}
    for id, cluster in state.clusters.items():
        cluster.update(current_form.cluster(cluster))
        cluster.setdefault("state", "TERMINATED")
        cluster.setdefault("cluster_source", "UI")  # the service says both of these of every such cluster
        if cluster.get("data_security_mode") in ("SINGLE_USER", "DATA_SECURITY_MODE_DEDICATED"):
            cluster.setdefault("single_user_name", cluster.get("creator_user_name", ""))
        state.cluster_ended[id] = state.clock.now()  # what an estate lists is not purged because its times are old
        if cluster.pop("pinned", False) or cluster.get("pinned_by_user_name"):
            state.pinned[id] = str(cluster.pop("pinned_by_user_name", "") or cluster.get("creator_user_name", ""))
    for policy in state.policies.values():
        family = policy.get("policy_family_id")
        if family and family not in families(state):
            state.account.policy_families[family] = {
                "policy_family_id": family,
                "name": family,
                "description": "",
                "definition": "{}",
            }
    for stem, body in _bodies(folder, "jobs"):
        number = int(body.get("job_id") or stem)
        state.ids.reserve(number)
        state.jobs[number] = {"created_time": 0, "settings": {}, **current_form.job(body), "job_id": number}
    for stem, body in _bodies(folder, "libraries"):
        state.libraries[str(body.get("cluster_id") or stem)] = list(body.get("library_statuses") or [])
    for kind, field in _LISTED.items():
        state.listed[kind] = {str(body.get(field) or stem): body for stem, body in _bodies(folder, kind)}
    for dashboard in state.listed["dashboards"].values():
        _dashboard(state, str(dashboard.get("path") or ""))


def _dashboard(state: WorkspaceState, path: str) -> None:
    """A dashboard stands in the tree, where its folder is."""
    names = split(path)
    parent = state.tree.find("/" + "/".join(names[:-1])) if names else None
    if parent is not None and parent.children is not None and names[-1] not in parent.children:
        state.tree.add(parent, DASHBOARD, names[-1], state.ids.number())


def _scope(state: WorkspaceState, body: Body) -> None:
    given = body.get("scope") or {}
    scope = Scope(str(given["name"]), str(given.get("backend_type") or "DATABRICKS"))
    scope.vault = dict(given.get("keyvault_metadata") or {})
    scope.readable = bool(body.get("readable", True))
    vault = state.account.vault_secrets.setdefault(str(scope.vault.get("resource_id", "")).lower(), {})
    for secret in body.get("secrets") or []:
        at = int(secret.get("last_updated_timestamp") or 0)
        if scope.backend == "AZURE_KEYVAULT":
            vault[str(secret["key"])] = at
        else:
            scope.values[str(secret["key"])] = (base64.b64decode(secret.get("value") or ""), at)
    scope.acls = {str(acl["principal"]): str(acl["permission"]) for acl in body.get("acls") or []}
    state.scopes[scope.name] = scope


def _entries(body: Body) -> list[AclEntry]:
    found: list[AclEntry] = []
    for entry in body.get("access_control_list") or []:
        field = next((name for name in ("user_name", "group_name", "service_principal_name") if name in entry), "")
        levels = entry.get("all_permissions") or []
        found += [
            AclEntry(field, str(entry[field]), str(one["permission_level"]))
            for one in levels
            if field and not one.get("inherited")
        ]
    return found
