"""One raw dump of a workspace as {(kind, key): body}, in which ids have become keys.

Keys: paths, names, `scope/key`; for jobs and clusters, whose names are not unique, the id in the source, which the
target carries as a marker tag. An id is found wherever it stands in a body, inside JSON strings too: no list of fields
that may hold one is needed, so a field that the product has forgotten is found all the same.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.comparer.ignored import DEFAULTS, IGNORED, ON_A_POOL, OWN_CLUSTERS, SETS, TRASH, VERBATIM
from tests.comparer.notebooks import rich_form

Body = dict[str, Any]
Key = tuple[str, str]

JOB_MARKER, CLUSTER_MARKER = "cmkmigrate_src_job", "cmkmigrate-src"
MOST_TAGS = 25  # of a job: one that has them all has no room for a marker
LISTED = {
    "warehouses": "sql_warehouses",
    "pipelines": "pipelines",
    "queries": "queries",
    "alerts": "alerts",
    "dashboards": "dashboards",
    "global_init_scripts": "global_init_scripts",
}
_TREE = {"DIRECTORY": "directories", "NOTEBOOK": "notebooks", "FILE": "files"}
_PRINCIPALS = {"user_name": "users", "group_name": "groups", "service_principal_name": "service_principals"}


@dataclass
class Canonical:
    """A dump, ready to be compared. `doubled`: keys that several objects have; `wrong`: what no target may be.
    `built_in`: made by the service itself."""

    objects: dict[Key, Body] = field(default_factory=dict)
    doubled: list[Key] = field(default_factory=list)
    wrong: list[tuple[Key, str]] = field(default_factory=list)
    built_in: set[Key] = field(default_factory=set)

    def add(self, kind: str, key: str, body: Body, id: str = "") -> None:
        """One more object; of two with one key the second is known as `key (id)`, as runs report it."""
        if (kind, key) in self.objects:
            self.doubled.append((kind, key))
            key = f"{key} ({id})"
        self.objects[kind, key] = body


def canonical(dump: Body, source: Body | None = None, operator: str = "") -> Canonical:
    """The objects of a dump. source: given for a target, the dump of the workspace that it was made from."""
    found = Canonical()
    keys = _keys(dump, source)
    ids = {id: f"@{kind}/{key}" for (kind, id), key in keys.items()}
    ids[str(dump["workspace_id"])] = "@workspace"
    people = _people(dump)
    _identities(found, dump)
    _tree(found, dump, people)
    _scopes(found, dump, people)
    for folder in dump["git_folders"]:
        body = _trimmed("git_folders", folder, ids)
        body["provider"] = str(body.get("provider", "")).lower()
        found.add("git_folders", folder["path"], body)
        _acl(found, "git_folders", folder["path"], folder, people)
    for kind, id_field in (
        ("instance_pools", "instance_pool_id"),
        ("cluster_policies", "policy_id"),
        ("clusters", "cluster_id"),
        ("jobs", "job_id"),
    ):
        for one in dump[kind]:
            if kind == "clusters" and str(one.get("cluster_source") or "") not in OWN_CLUSTERS:
                continue
            key = keys[kind, str(one[id_field])]
            found.add(kind, key, _MAKE[kind](found, key, one, ids, source is not None, operator), str(one[id_field]))
            _acl(found, kind, key, one, people)
    for listed, kind in LISTED.items():
        for id, body in dump["listed"].get(listed, {}).items():
            found.add(kind, id, body)
    for id, libraries in dump["libraries"].items():
        if libraries:
            found.add("cluster_libraries", id, {"libraries": libraries})
    if source is not None and dump["started"].get("idle_instances"):
        found.wrong.append((("instance_pools", "*"), f"{dump['started']['idle_instances']} idle machines were started"))
    return found


def _keys(dump: Body, source: Body | None) -> dict[Key, str]:
    """(kind, id) -> key of everything that bodies refer to by id."""
    keys: dict[Key, str] = {}
    for kind, id_field, name in (
        ("instance_pools", "instance_pool_id", "instance_pool_name"),
        ("cluster_policies", "policy_id", "name"),
    ):
        for one in dump[kind]:
            keys[kind, str(one[id_field])] = str(one[name])
    for kind, id_field in (("clusters", "cluster_id"), ("jobs", "job_id")):
        for one in dump[kind]:
            keys[kind, str(one[id_field])] = str(one[id_field])
        if source is not None:
            keys.update(_marked(kind, id_field, dump[kind], source[kind]))
    return keys


def _marked(kind: str, id_field: str, made: list[Body], originals: list[Body]) -> Iterator[tuple[Key, str]]:
    """By marker. What has none (a job with no room for it): by the name, where as many originals are left that no
    marker names; several of one name in the order of their tags and parameters. The rest is nobody's."""
    taken = {_marker(kind, one) for one in made}
    left: dict[str, list[Body]] = {}
    for one in originals:
        if str(one[id_field]) not in taken:
            left.setdefault(_name(kind, one), []).append(one)
    bare: dict[str, list[Body]] = {}
    for one in made:
        if marker := _marker(kind, one):
            yield (kind, str(one[id_field])), marker
        else:
            bare.setdefault(_name(kind, one), []).append(one)
    for name, several in bare.items():
        twins = left.get(name, [])
        if len(twins) > len(several):  # others of that name would have a marker
            twins = [one for one in twins if _full(one)]
        if len(twins) == len(several):
            for one, twin in zip(sorted(several, key=_order), sorted(twins, key=_order), strict=True):
                yield (kind, str(one[id_field])), str(twin[id_field])
        else:
            yield from (((kind, str(one[id_field])), f"~{one[id_field]}") for one in several)


def _full(one: Body) -> bool:
    """Whether a job has as many tags as the service takes."""
    return len((one.get("settings") or {}).get("tags") or {}) >= MOST_TAGS


def _order(one: Body) -> str:
    settings = one.get("settings", one)
    return json.dumps([settings.get(name) for name in ("tags", "parameters", "description")], sort_keys=True)


def _marker(kind: str, one: Body) -> str:
    if kind == "jobs":
        return str((one["settings"].get("tags") or {}).get(JOB_MARKER, ""))
    return str((one.get("custom_tags") or {}).get(CLUSTER_MARKER, ""))


def _name(kind: str, one: Body) -> str:
    return str(one["settings"].get("name", "") if kind == "jobs" else one.get("cluster_name", ""))


def _people(dump: Body) -> dict[str, set[str]]:
    """Who is in the workspace, by the field of an ACL that names them."""
    return {
        "user_name": {str(one["userName"]).lower() for one in dump["users"]},
        "service_principal_name": {str(one["applicationId"]).lower() for one in dump["service_principals"]},
        "group_name": {str(one["displayName"]) for one in dump["groups"]},
    }


def _identities(found: Canonical, dump: Body) -> None:
    for kind, name in (("users", "userName"), ("service_principals", "applicationId"), ("groups", "displayName")):
        for one in dump[kind]:
            body = _trimmed(kind, one, {})
            key = str(one[name])
            if kind != "groups":
                key = body[name] = key.casefold()
            if kind == "groups" and "members" in body:
                if key == "users":
                    del body["members"]
                else:
                    members = [
                        f"{one.get('type', '?')} {str(one['name']).lower()}"
                        for one in body["members"]
                        if "name" in one  # an id that stands for nobody
                    ]
                    body["members"] = sorted(members)
            found.add(kind, key, body, str(one.get("id", "")))


def _tree(found: Canonical, dump: Body, people: dict[str, set[str]]) -> None:
    for path, node in dump["tree"].items():
        if node.get("in_git_folder") or in_trash(path):
            continue
        kind = _TREE.get(node["object_type"])
        if kind is None:
            if node["object_type"] not in ("REPO", "DASHBOARD"):
                found.add("other_objects", path, {"object_type": node["object_type"]})
            continue
        body: Body = {}
        if kind == "notebooks":
            body = {"language": node["language"], "stored_as": node["format"], "stored": node["content"]}
            if node["format"] == "JUPYTER" and "base64" in node["content"]:
                body["rich"] = rich_form(base64.b64decode(node["content"]["base64"]), "JUPYTER")
        elif kind == "files":
            body = {"content": node["content"]}
        found.add(kind, path, body)
        _acl(found, kind, path, node, people)


def in_trash(path: str) -> bool:
    """Whether a path is below a user's trash (the trash itself is an object like others)."""
    return re.match(TRASH + "/", path) is not None


def _scopes(found: Canonical, dump: Body, people: dict[str, set[str]]) -> None:
    everybody = people["user_name"] | people["service_principal_name"] | people["group_name"]
    for name, scope in dump["secret_scopes"].items():
        body = {
            "backend_type": scope["backend_type"],
            "keyvault_metadata": scope["keyvault_metadata"],
            "keys": scope["keys"],
        }
        if scope["backend_type"] != "AZURE_KEYVAULT":
            del body["keys"]  # each is an object of its own
            for key, value in scope["secrets"].items():
                found.add("secrets", f"{name}/{key}", {"value": value})
        found.add("secret_scopes", name, body)
        acls = {who: level for who, level in scope["acls"].items() if who in everybody or who.lower() in everybody}
        found.add("secret_acls", name, {who.lower() if "@" in who else who: level for who, level in acls.items()})


def _acl(found: Canonical, kind: str, key: str, one: Body, people: dict[str, set[str]]) -> None:
    """Direct entries of those who are in the workspace; `lost_owner` where the owner is not."""
    body: Body = {}
    level_of_admins = "CAN_USE" if kind == "cluster_policies" else "CAN_MANAGE"
    for entry in one.get("permissions") or []:
        field_ = next((name for name in _PRINCIPALS if name in entry), "")
        name = str(entry.get(field_, ""))
        who = name if field_ == "group_name" else name.lower()
        if who not in people.get(field_, set()):
            continue
        if (field_, who, entry["permission_level"]) == ("group_name", "admins", level_of_admins) and key != "/":
            continue
        body[f"{field_} {who}"] = entry["permission_level"]
    found.add("permissions", f"{kind}:{key}", body)


def _pool(found: Canonical, key: str, one: Body, ids: dict[str, str], target: bool, operator: str) -> Body:
    if target and one.get("min_idle_instances"):
        found.wrong.append((("instance_pools", key), f"min_idle_instances is {one['min_idle_instances']}, must be 0"))
    body = _trimmed("instance_pools", one, ids)
    body.pop("min_idle_instances", None)
    return body


def _policy(found: Canonical, key: str, one: Body, ids: dict[str, str], target: bool, operator: str) -> Body:
    body = _trimmed("cluster_policies", one, ids)
    if one.get("is_default"):
        found.built_in.add(("cluster_policies", key))
    if body.get("policy_family_id"):
        body.pop("definition", None)  # the service merges it of the family's and the overrides
    return body


def _cluster(found: Canonical, key: str, one: Body, ids: dict[str, str], target: bool, operator: str) -> Body:
    if target and one["state"] != "TERMINATED":
        found.wrong.append((("clusters", key), f"is {one['state']}, must be TERMINATED"))
    one = json.loads(json.dumps(one))
    (one.get("custom_tags") or {}).pop(CLUSTER_MARKER, None)
    if one.get("instance_pool_id"):
        for name in ON_A_POOL:
            one.pop(name, None)
    elif one.get("driver_node_type_id") == one.get("node_type_id"):
        one.pop("driver_node_type_id", None)  # the workers' where nothing is said
    if target and operator and one.get("single_user_name") == operator:
        del one["single_user_name"]  # the creator's, where nothing is said
    return _trimmed("clusters", one, ids)


def _job(found: Canonical, key: str, one: Body, ids: dict[str, str], target: bool, operator: str) -> Body:
    outer = {name: value for name, value in one.items() if name not in ("settings", "permissions")}
    settings = json.loads(json.dumps(one["settings"]))
    (settings.get("tags") or {}).pop(JOB_MARKER, None)
    for place, held in [
        (name, settings[name]) for name in ("schedule", "continuous", "trigger") if settings.get(name)
    ] + [("triggers", one) for one in settings.get("triggers") or []]:
        status = held.pop("pause_status", None)
        if target and status != "PAUSED":
            found.wrong.append((("jobs", key), f"{place} is {status}, must be PAUSED"))
    run_as = settings.pop("run_as", None) or {}
    name = next(iter(run_as.values()), None) or outer.get("run_as_user_name")
    source = "GIT" if settings.get("git_source") else "WORKSPACE"
    for task in settings.get("tasks") or []:
        for each in (task, (task.get("for_each_task") or {}).get("task") or {}):
            if (each.get("notebook_task") or {}).get("source") == source:
                del each["notebook_task"]["source"]
            if isinstance(each.get("depends_on"), list):
                each["depends_on"].sort(key=lambda one: str(one.get("task_key")))
    return _trimmed("jobs", {**outer, **settings}, ids) | {"run_as": str(name).lower()}


_MAKE = {"instance_pools": _pool, "cluster_policies": _policy, "clusters": _cluster, "jobs": _job}


def _trimmed(kind: str, one: Body, ids: dict[str, str]) -> Body:
    """Without what is ignored, with keys for ids, and without what the service fills in."""
    ignored = IGNORED.get(kind, {})
    body: Body = {
        name: value if name in VERBATIM else _with_keys(value, ids)
        for name, value in one.items()
        if name not in ignored and name != "permissions"
    }
    for path, value in DEFAULTS.get(kind, {}).items():
        _drop_equal(body, path.split("."), value)
    for name in SETS.get(kind, ()):
        if name in body:
            body[name] = sorted(body[name], key=lambda value: json.dumps(value, sort_keys=True))
    return body


def _drop_equal(node: Any, path: list[str], value: Any) -> None:
    head, rest = path[0], path[1:]
    name = head.removesuffix("[*]")
    if not isinstance(node, dict) or name not in node:
        return
    if head.endswith("[*]"):
        for one in node[name] or []:
            _drop_equal(one, rest, value)
    elif rest:
        _drop_equal(node[name], rest, value)
    elif node[name] == value and isinstance(node[name], bool) == isinstance(value, bool):
        del node[name]


def _with_keys(value: Any, ids: dict[str, str]) -> Any:
    """Every id of this side as `@kind/key`, also inside strings that hold a JSON object."""
    if isinstance(value, dict):
        return {name: one if name in VERBATIM else _with_keys(one, ids) for name, one in value.items()}
    if isinstance(value, list):
        return [_with_keys(one, ids) for one in value]
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            return {"json": _with_keys(json.loads(value), ids)}
        except ValueError:
            return value
    if isinstance(value, str | int) and not isinstance(value, bool):
        return ids.get(str(value), value)
    return value
