"""What somebody may do in a target behind the tool's back: one raw request for each kind, after and before a run."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from tests.comparer.canonical import CLUSTER_MARKER, JOB_MARKER
from tests.kinds.world import Run

NOTEBOOK, FILE, FOLDER = "/Shared/timetable/all", "/Shared/lib/routes.csv", "/Shared/empty folder/still empty"
GIT, PEOPLE = "/Shared/git/handbook", "analyst.one@ferry.example"
SERVICE = "5f0a6c1e-38b2-4d57-9a0e-0c4de61b7a11"
SCIM = "/api/2.0/preview/scim/v2"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
MORE = {"value": "allow-instance-pool-create"}


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def one(run: Run, kind: str, **fields: Any) -> dict[str, Any]:
    """The object of the target's state whose fields are these."""
    found = run.box.state(run.target)[kind]
    return next(body for body in found if all(body.get(name) == value for name, value in fields.items()))


def job_of(run: Run, name: str) -> dict[str, Any]:
    return next(job for job in run.box.state(run.target)["jobs"] if job["settings"]["name"] == name)


def patch(run: Run, what: str, id: str, *operations: dict[str, Any]) -> None:
    run.call("PATCH", f"{SCIM}/{what}/{id}", {"schemas": [PATCH], "Operations": list(operations)})


def put_file(run: Run, path: str, text: str, **more: Any) -> None:
    run.call("POST", "/api/2.0/workspace/import", {"path": path, "content": b64(text), "overwrite": True, **more})


def edit_pool(run: Run) -> None:
    pool = one(run, "instance_pools", instance_pool_name="quay, spare")
    keep = (
        "instance_pool_id",
        "instance_pool_name",
        "node_type_id",
        "custom_tags",
        "idle_instance_autotermination_minutes",
    )
    said = {name: pool[name] for name in keep if name in pool} | {"max_capacity": 17}
    run.call("POST", "/api/2.0/instance-pools/edit", said)


def edit_policy(run: Run) -> None:
    policy = one(run, "cluster_policies", name="price team")
    said = {"policy_id": policy["policy_id"], "name": "price team", "definition": "{}"}
    run.call("POST", "/api/2.0/policies/clusters/edit", said)


def more_in_acl(run: Run) -> None:
    id = run.box.state(run.target)["tree"][NOTEBOOK]["object_id"]
    entry = {"group_name": "users", "permission_level": "CAN_EDIT"}
    run.call("PATCH", f"/api/2.0/permissions/notebooks/{id}", {"access_control_list": [entry]})


def cluster_of(run: Run, name: str) -> str:
    return str(one(run, "clusters", cluster_name=name)["cluster_id"])


# kind -> (the change, the key of what it changes, how verify calls it)
CHANGES: dict[str, tuple[Callable[[Run], Any], str, str]] = {
    "users": (
        lambda run: patch(
            run,
            "Users",
            one(run, "users", userName=PEOPLE)["id"],
            {"op": "add", "path": "entitlements", "value": [MORE]},
        ),
        PEOPLE,
        "differs",
    ),
    "service_principals": (
        lambda run: patch(
            run,
            "ServicePrincipals",
            one(run, "service_principals", applicationId=SERVICE)["id"],
            {"op": "add", "path": "entitlements", "value": [MORE]},
        ),
        SERVICE,
        "differs",
    ),
    "groups": (
        lambda run: patch(
            run,
            "Groups",
            one(run, "groups", displayName="engineers")["id"],
            {"op": "add", "path": "entitlements", "value": [MORE]},
        ),
        "engineers",
        "differs",
    ),
    "directories": (lambda run: run.call("POST", "/api/2.0/workspace/delete", {"path": FOLDER}), FOLDER, "missing"),
    "notebooks": (
        lambda run: put_file(run, NOTEBOOK, "SELECT 1", format="SOURCE", language="PYTHON"),
        NOTEBOOK,
        "differs",
    ),
    "files": (lambda run: put_file(run, FILE, "other", format="RAW"), FILE, "differs"),
    "git_folders": (
        lambda run: run.call("PATCH", f"/api/2.0/repos/{one(run, 'git_folders', path=GIT)['id']}", {"branch": "else"}),
        GIT,
        "differs",
    ),
    "secret_scopes": (
        lambda run: run.call("POST", "/api/2.0/secrets/scopes/delete", {"scope": "ship/engine@room"}),
        "ship/engine@room",
        "missing",
    ),
    "secrets": (
        lambda run: run.call(
            "POST", "/api/2.0/secrets/put", {"scope": "feeds", "key": "feed.02", "string_value": "other"}
        ),
        "feeds/feed.02",
        "differs",
    ),
    "secret_acls": (
        lambda run: run.call(
            "POST", "/api/2.0/secrets/acls/put", {"scope": "partners", "principal": "analysts", "permission": "READ"}
        ),
        "partners",
        "differs",
    ),
    "instance_pools": (edit_pool, "quay, spare", "differs"),
    "cluster_policies": (edit_policy, "price team", "differs"),
    "clusters": (
        lambda run: run.call("POST", "/api/2.1/clusters/unpin", {"cluster_id": cluster_of(run, "cape line")}),
        "cape line",
        "differs",
    ),
    "jobs": (
        lambda run: run.call(
            "POST",
            "/api/2.2/jobs/update",
            {"job_id": job_of(run, "forecast")["job_id"], "new_settings": {"max_concurrent_runs": 9}},
        ),
        "forecast",
        "differs",
    ),
    "permissions": (more_in_acl, f"notebooks:{NOTEBOOK}", "differs"),
}


def key_of(run: Run, kind: str, key: str) -> str:
    """As the tool names it: of jobs and clusters the id in the source."""
    if kind == "jobs":
        return str(job_of(run, key)["settings"]["tags"][JOB_MARKER])
    if kind == "clusters":
        return str(one(run, "clusters", cluster_name=key)["custom_tags"][CLUSTER_MARKER])
    return key


def shown(run: Run, kind: str, key: str) -> Any:
    """What the target has of a kind under a name or path, everything that tells a change from no change."""
    state = run.box.state(run.target)
    if kind in ("directories", "notebooks", "files"):
        return state["tree"].get(key)
    if kind in ("secret_scopes", "secret_acls", "secrets"):
        scope = state["secret_scopes"][key.rpartition("/")[0] if kind == "secrets" else key]
        part = {"secret_scopes": "backend_type", "secret_acls": "acls", "secrets": "secrets"}[kind]
        return scope[part][key.rpartition("/")[2]] if kind == "secrets" else scope[part]
    if kind == "permissions":
        return state["tree"][key.partition(":")[2]]["permissions"]
    names = {
        "users": "userName",
        "service_principals": "applicationId",
        "groups": "displayName",
        "git_folders": "path",
        "instance_pools": "instance_pool_name",
        "cluster_policies": "name",
        "clusters": "cluster_name",
    }
    if kind == "jobs":
        return next(job for job in state["jobs"] if job["settings"]["name"] == key and not job["settings"].get("tags"))
    found = [body for body in state[kind] if body.get(names[kind]) == key]
    return next((body for body in found if CLUSTER_MARKER not in (body.get("custom_tags") or {})), None)


def _assign(run: Run, kind: str, name: str, field: str) -> None:
    """Somebody else has given a principal access, with an entitlement that the old workspace does not give."""
    id = next(body["id"] for body in run.box.state(run.source)[kind] if body[field] == name)
    run.call("PUT", f"/api/2.0/preview/permissionassignments/principals/{id}", {"permissions": ["USER"]})
    what = {"users": "Users", "groups": "Groups", "service_principals": "ServicePrincipals"}[kind]
    patch(run, what, id, {"op": "add", "path": "entitlements", "value": [MORE]})


def plant_tree(run: Run) -> None:
    run.call("POST", "/api/2.0/workspace/mkdirs", {"path": "/Shared/timetable"})
    run.call("POST", "/api/2.0/workspace/mkdirs", {"path": "/Shared/lib"})
    run.call("POST", "/api/2.0/workspace/mkdirs", {"path": "/Shared/git"})
    run.call("POST", "/api/2.0/workspace/mkdirs", {"path": "/Shared/foreign"})


_POOL = {"instance_pool_name": "quay, spare", "node_type_id": "Standard_F4s", "max_capacity": 3}
_CLUSTER = {"cluster_name": "ad hoc", "spark_version": "1.0", "node_type_id": "Standard_F4s", "num_workers": 0}
_GIT = {"url": "https://git.example/somebody/else.git", "provider": "gitHub", "path": GIT}


def plant_scope(run: Run) -> None:
    run.call("POST", "/api/2.0/secrets/scopes/create", {"scope": "feeds"})
    run.call("POST", "/api/2.0/secrets/put", {"scope": "feeds", "key": "feed.02", "string_value": "somebody else's"})
    run.call("POST", "/api/2.0/secrets/scopes/create", {"scope": "vault-backed"})


# kind -> (what somebody has put there before the run, its name or path, whether the run wants that very name)
PLANTS: dict[str, tuple[Callable[[Run], Any], str, bool]] = {
    "directories": (plant_tree, "/Shared/foreign", False),
    "users": (lambda run: _assign(run, "users", PEOPLE, "userName"), PEOPLE, True),
    "service_principals": (lambda run: _assign(run, "service_principals", SERVICE, "applicationId"), SERVICE, True),
    "groups": (lambda run: _assign(run, "groups", "engineers", "displayName"), "engineers", True),
    "notebooks": (lambda run: put_file(run, NOTEBOOK, "-- mine", format="SOURCE", language="SQL"), NOTEBOOK, True),
    "files": (lambda run: put_file(run, FILE, "mine", format="RAW"), FILE, True),
    "git_folders": (lambda run: run.call("POST", "/api/2.0/repos", _GIT), GIT, True),
    "secret_scopes": (plant_scope, "vault-backed", True),
    "secrets": (lambda run: None, "feeds/feed.02", True),
    "secret_acls": (lambda run: None, "feeds", True),
    "instance_pools": (lambda run: run.call("POST", "/api/2.0/instance-pools/create", _POOL), "quay, spare", True),
    "cluster_policies": (
        lambda run: run.call("POST", "/api/2.0/policies/clusters/create", {"name": "price team", "definition": "{}"}),
        "price team",
        True,
    ),
    "clusters": (lambda run: run.call("POST", "/api/2.1/clusters/create", _CLUSTER), "ad hoc", False),
    "jobs": (lambda run: run.call("POST", "/api/2.2/jobs/create", {"name": "forecast"}), "forecast", False),
    "permissions": (more_in_acl, f"notebooks:{NOTEBOOK}", True),
}

# The requests by which a kind writes: (method, path).
WRITES: dict[str, tuple[tuple[str, str], ...]] = {
    "users": (("PUT", "/api/2.0/preview/permissionassignments/*"), ("PATCH", f"{SCIM}/Users/*")),
    "service_principals": (("PUT", "/api/2.0/preview/permissionassignments/*"),),  # none has anything to add
    "groups": (("POST", f"{SCIM}/Groups"), ("PATCH", f"{SCIM}/Groups/*")),
    "directories": (("POST", "/api/2.0/workspace/mkdirs"),),
    "notebooks": (("POST", "/api/2.0/workspace/import"),),
    "files": (("POST", "/api/2.0/workspace/import"),),
    "git_folders": (("POST", "/api/2.0/repos"), ("PATCH", "/api/2.0/repos/*")),
    "secret_scopes": (("POST", "/api/2.0/secrets/scopes/create"),),
    "secrets": (("POST", "/api/2.0/secrets/put"),),
    "secret_acls": (("POST", "/api/2.0/secrets/acls/put"), ("POST", "/api/2.0/secrets/acls/delete")),
    "instance_pools": (("POST", "/api/2.0/instance-pools/create"),),
    "cluster_policies": (("POST", "/api/2.0/policies/clusters/create"),),
    "clusters": (
        ("POST", "/api/2.1/clusters/create"),
        ("POST", "/api/2.1/clusters/pin"),
        ("POST", "/api/2.1/clusters/delete"),
    ),
    "jobs": (("POST", "/api/2.2/jobs/create"), ("POST", "/api/2.2/jobs/reset")),
    "permissions": (("PUT", "/api/2.0/permissions/*"),),
}
