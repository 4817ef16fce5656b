"""What a workspace holds, read through typed databricks-sdk calls alone: no line of the product, no raw request.

`read` gives everything by kind and name. Ids differ from workspace to workspace, so each is replaced by the name of
what it stands for; where names are not unique (clusters, jobs) by the id that the thing had in the old workspace, which
the product documents as the tags `cmkmigrate-src` and `cmkmigrate_src_job`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.service import iam, workspace

Body = dict[str, Any]
Read = dict[str, dict[str, Any]]  # kind -> name -> what it says

CLUSTER_TAG, JOB_TAG = "cmkmigrate-src", "cmkmigrate_src_job"
# Ids and times: every workspace gives its own.
POOL_OWN = ("instance_pool_id", "default_tags")
POLICY_OWN = ("policy_id", "created_at_timestamp")
CLUSTER_OWN = ("cluster_id", "start_time", "terminated_time", "last_restarted_time", "default_tags")


@dataclass(frozen=True)
class Difference:
    """One difference: kind and name of the thing, `path` within it ("" for the whole), the two values."""

    kind: str
    name: str
    path: str
    source: Any
    target: Any


def read(client: WorkspaceClient) -> Read:
    """Everything of one workspace."""
    reader = _Reader(client)
    return {
        "users": reader.users(),
        "service_principals": reader.service_principals(),
        "groups": reader.groups(),
        "tree": reader.tree(),
        "scopes": reader.scopes(),
        "pools": reader.pools(),
        "policies": reader.policies(),
        "clusters": reader.clusters(),
        "jobs": reader.jobs(),
        "permissions": reader.permissions(),
    }


def differences(source: Read, target: Read) -> list[Difference]:
    """Everything that is in one and not in the other, or not the same."""
    found: list[Difference] = []
    for kind in sorted(source.keys() | target.keys()):
        ours, theirs = source.get(kind, {}), target.get(kind, {})
        for name in sorted(ours.keys() | theirs.keys()):
            where = _unequal(ours.get(name), theirs.get(name))
            found += [Difference(kind, name, path, old, new) for path, old, new in where]
    return found


def _unequal(old: Any, new: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted(old.keys() | new.keys()):
            yield from _unequal(old.get(name), new.get(name), f"{path}.{name}".lstrip("."))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for at, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _unequal(one, other, f"{path}[{at}]")
    elif old != new:
        yield path, old, new


class _Reader:
    def __init__(self, client: WorkspaceClient) -> None:
        self.client = client
        self.names: dict[str, str] = {}  # id of a pool, policy or cluster -> name
        self.jobs_by_id: dict[int, str] = {}
        self.objects: list[tuple[str, str, str]] = []  # type and id as permissions have them, and a name
        self.principals: dict[str, str] = {}

    def users(self) -> dict[str, Any]:
        found = {}
        for one in self.client.users.list():
            self.principals[str(one.id)] = f"user {one.user_name}"
            found[str(one.user_name)] = {
                "display_name": one.display_name,
                "active": one.active,
                "entitlements": _values(one.entitlements),
            }
        return found

    def service_principals(self) -> dict[str, Any]:
        found = {}
        for one in self.client.service_principals.list():
            self.principals[str(one.id)] = f"application {one.application_id}"
            found[str(one.application_id)] = {
                "display_name": one.display_name,
                "active": one.active,
                "entitlements": _values(one.entitlements),
            }
        return found

    def groups(self) -> dict[str, Any]:
        listed = list(self.client.groups.list())
        self.principals |= {str(one.id): f"group {one.display_name}" for one in listed}
        return {
            str(one.display_name): {
                "members": sorted(self.principals[value] for value in _values(one.members)),
                "entitlements": _values(one.entitlements),
            }
            for one in (self.client.groups.get(str(one.id)) for one in listed)
        }

    def tree(self, path: str = "/") -> dict[str, Any]:
        found: dict[str, Any] = {}
        types = {
            workspace.ObjectType.DIRECTORY: "directories",
            workspace.ObjectType.NOTEBOOK: "notebooks",
            workspace.ObjectType.FILE: "files",
        }
        for one in self.client.workspace.list(path):
            at = str(one.path)
            assert one.object_type in types, f"{at} is a {one.object_type}"
            self.objects.append((types[one.object_type], str(one.object_id), at))
            found[at] = {"type": one.object_type.value, "language": one.language.value if one.language else None}
            if one.object_type is workspace.ObjectType.DIRECTORY:
                found |= self.tree(at)
            elif one.object_type is workspace.ObjectType.NOTEBOOK:
                exported = self.client.workspace.export(at, format=workspace.ExportFormat.SOURCE)
                found[at]["content"] = base64.b64decode(exported.content or "")
            else:
                with self.client.workspace.download(at) as stream:
                    found[at]["content"] = stream.read()
        return found

    def scopes(self) -> dict[str, Any]:
        """The values of secrets cannot be read (the fake refuses it); their keys can."""
        found = {}
        for one in self.client.secrets.list_scopes():
            name = str(one.name)
            acls = self.client.secrets.list_acls(name)
            found[name] = {
                "backend": one.backend_type.value if one.backend_type else None,
                "keys": {str(secret.key): True for secret in self.client.secrets.list_secrets(name)},
                "acls": {item.principal: item.permission.value for item in acls},
            }
        return found

    def pools(self) -> dict[str, Any]:
        found = {}
        for one in self.client.instance_pools.list():
            name = str(one.instance_pool_name)
            self._object("instance-pools", one.instance_pool_id, name)
            found[name] = _without(one.as_dict(), POOL_OWN)
        return found

    def policies(self) -> dict[str, Any]:
        found = {}
        for one in self.client.cluster_policies.list():
            name = str(one.name)
            self._object("cluster-policies", one.policy_id, name)
            body = _without(one.as_dict(), POLICY_OWN)
            body["definition"] = self._named(json.loads(body.get("definition") or "{}"))
            found[name] = body
        return found

    def clusters(self) -> dict[str, Any]:
        found = {}
        for listed in self.client.clusters.list():
            body = self.client.clusters.get(str(listed.cluster_id)).as_dict()
            name = body.get("custom_tags", {}).pop(CLUSTER_TAG, None) or str(listed.cluster_id)
            if not body.get("custom_tags"):
                body.pop("custom_tags", None)
            self._object("clusters", listed.cluster_id, name)
            assert name not in found, f"two clusters were made of {name}"
            found[name] = self._named(_without(body, CLUSTER_OWN))
        return found

    def jobs(self) -> dict[str, Any]:
        bodies = {}
        for listed in self.client.jobs.list():
            assert listed.job_id is not None
            job = self.client.jobs.get(listed.job_id)
            settings = job.settings.as_dict() if job.settings else {}
            name = settings.get("tags", {}).pop(JOB_TAG, None) or str(listed.job_id)
            if not settings.get("tags"):
                settings.pop("tags", None)
            self._object("jobs", listed.job_id, name)
            self.jobs_by_id[listed.job_id] = name
            assert name not in bodies, f"two jobs were made of {name}"
            bodies[name] = settings | {"run_as": job.run_as_user_name, "creator": job.creator_user_name}
        return {name: self._named(body) for name, body in bodies.items()}

    def permissions(self) -> dict[str, Any]:
        """The direct entries of everything that was read before."""
        found = {}
        for type, id, name in self.objects:
            entries = self.client.permissions.get(type, id).access_control_list or []
            found[f"{type} {name}"] = dict(sorted(_entry(one) for one in entries))
        return found

    def _object(self, type: str, id: Any, name: str) -> None:
        self.objects.append((type, str(id), name))
        self.names[str(id)] = name

    def _named(self, body: Any) -> Any:
        """`body` with names where ids of pools, policies, clusters and jobs stand."""
        if isinstance(body, dict):
            named = {key: self._named(value) for key, value in body.items()}
            if "job_id" in named:
                named["job_id"] = self.jobs_by_id[named["job_id"]]
            return named
        if isinstance(body, list):
            return [self._named(value) for value in body]
        return self.names.get(body, body) if isinstance(body, str) else body


def _values(values: list[iam.ComplexValue] | None) -> list[str]:
    return sorted(str(one.value) for one in values or ())


def _without(body: Body, names: tuple[str, ...]) -> Body:
    return {name: value for name, value in body.items() if name not in names}


def _entry(one: iam.AccessControlResponse) -> tuple[str, list[str]]:
    who = f"user {one.user_name}" if one.user_name else f"application {one.service_principal_name}"
    who = f"group {one.group_name}" if one.group_name else who
    given = (level for level in one.all_permissions or () if not level.inherited)
    return who, sorted(level.permission_level.value for level in given if level.permission_level)
