"""Estates into the cloud: each becomes a served workspace and its ARM resource; `arm.json` adds to that.

`arm.json` lies beside `estate.json` and is optional. Without it the workspace is Premium, without customer-managed
keys, in the resource group rg-<name>. All its keys are optional::

    {"roles": [{"name", "id", "actions", "notActions", "dataActions", "notDataActions"}],
     "operator": role of the operator on the sandbox's own subscription, "" for none (Owner where it is not said),
     "subscriptions": [{"id", "name", "role": what the operator is on it, "" or absent for nothing}],
     "resource_groups": [{"name", "location", "managed_by": id of the resource that it belongs to}],
     "workspaces": [{"name", "resource_group", "location", "sku", "tags", "properties": {as a GET shows them},
                     "databricks": {what it is born with, see databricks/births.py}}],
     "born": {the same, of workspaces that are created from now on},
     "vaults": [{"name", "resource_group", "location", "tags", "properties": {as ARM shows them}, "deleted": false,
                 "keys": [{"name", "kty", "key_size", "key_ops", "tags", "deleted": false,
                           "versions": [{"enabled", "exp", "nbf", "created"}]}]}],
     "networks": [{"name", "resource_group", "location", "address_prefixes": ["10.0.0.0/16"], "subnets": [{"name",
                   "address_prefix", "delegations": ["Microsoft.Databricks/workspaces"], "security_group": name or id,
                   "ip_configurations": how many machines are in it}]}],
     "security_groups": [{"name", "resource_group", "location", "rules": [{"name", "properties"}]}],
     "managed_hsms": [{"name", "resource_group", "location", "tags", "properties", "activated": true,
                       "keys": [as of a vault], "roles": [{"role": local role, "principal", "scope": "/keys"}]}],
     "grants": [{"scope", "role": name or id, "principal": object id | operator | databricks | storage | disks}],
     "locks": [{"scope", "name", "level": "CanNotDelete" | "ReadOnly", "notes"}],
     "policies": [{"name", "scope", "not_scopes", "display_name", "message", "effect": "deny" | "audit" | "disabled",
                   "enforcement": "Default" | "DoNotEnforce", "if": {rule of Azure Policy}, "parameters": {values}}],
     "activity": [{"at": ISO or Unix seconds, "resource": scope, "operation", "status", "caller", "correlation",
                   "operation_id", "properties"}],
     "storage_accounts": [{"name", "resource_group", "subscription", "encryption": {as ARM shows it}, "identity",
                           "grants": [{"scope", "role"}]}],
     "access_connectors": [{"name", "resource_group", "subscription", "identity", "grants"}],
     "resources": [{"id", "location", ...: anything else of ARM, as a GET shows it}],
     "taken_vault_names": ["held by another tenant"],
     "settings": {what differs between tenants, see settings.py}}

The first of `workspaces` is the estate's own, others are empty ones. A scope is an ARM id, or short: "subscription",
"resourceGroups/NAME", "workspaces/NAME", "vaults/NAME", "vaults/NAME/keys/KEY". `storage` and `disks` are the
identities of the estate's workspace, `storage:NAME` and `disks:NAME` those of another. Subscriptions in ids become the
sandbox's own, unless they are among `subscriptions`; a workspace, vault or group may name one as `subscription`. Names
of vaults and groups are there once in all of them.
"""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

from cmkmigrate.sandbox import (
    activity_log,
    arm_encryption,
    databricks,
    loading_vaults,
    networks,
    policies,
    providers,
    quotas,
    storage_accounts,
)
from cmkmigrate.sandbox.arm_workspace import Workspace
from cmkmigrate.sandbox.cloud import Assignment, Body, Cloud, guid
from cmkmigrate.sandbox.databricks.estate import folder_of
from cmkmigrate.sandbox.hosts import TEST, vault_name
from cmkmigrate.sandbox.loading_workspaces import admit, ours, workspace_of
from cmkmigrate.sandbox.rights import enters_as_admin, role_named
from cmkmigrate.sandbox.role_definitions import custom
from cmkmigrate.sandbox.roles import BUILT_IN


class BadEstate(ValueError):
    """An estate, or its arm.json, that cannot be loaded; the message says which and why."""


def serve(cloud: Cloud, workspace: Workspace, told: Any = None) -> None:
    """Make a workspace that ARM has just created answer: empty, with whoever created it as its admin."""
    state = databricks.create_workspace(
        name=workspace.name,
        org_id=int(workspace.org_id),
        host=f"{workspace.label}.{TEST.databricks}",
        location=workspace.location,
        arm_id=workspace.id,
        directory=cloud.directory,
        clock=cloud.clock,
        creator=cloud.operator,
    )
    _hold(cloud, workspace, state, {"default_catalog": _first_catalog(workspace), **(told or {})})
    if cloud.settings.legacy_features == "disabled":
        state.legacy_off = set(databricks.LEGACY)


def _first_catalog(workspace: Workspace) -> str:
    """The default catalog that its creator asked for. Assumption: without a name it is called as the workspace is."""
    asked: Body = workspace.others.get("defaultCatalog") or {}
    if asked.get("initialType") != "UnityCatalog":
        return "hive_metastore"
    return str(asked.get("initialName") or workspace.name.replace("-", "_"))


def _hold(cloud: Cloud, workspace: Workspace, state: Any, told: Any) -> None:
    """Serve a workspace, born as an estate has told."""
    state.born = databricks.born(workspace.location, workspace.sku != "standard", ours(cloud, told))
    state.legacy_off = {*state.legacy_off, *state.born["legacy_off"]}
    state.arm_id, state.settings = workspace.id, cloud.settings
    state.compute_refusal = lambda: providers.compute_refusal(cloud) or arm_encryption.disks_usable(cloud, workspace)
    state.quota_refusal = lambda: quotas.refusal(cloud, workspace.location)
    cloud.served[workspace.label] = state


def load(cloud: Cloud, estate: str) -> Workspace:
    """Load an estate (folder, name of a built-in one, generate:N). Raises BadEstate; gives its ARM workspace."""
    extra: Body = {}
    path = Path(estate)
    try:
        if not estate.startswith("generate:"):
            path = Path(folder_of(estate), "arm.json")
        if path.is_file():
            extra = json.loads(path.read_text("utf-8"))
        state = databricks.load_estate(estate, directory=cloud.directory, clock=cloud.clock)
    except databricks.EstateError as error:
        raise BadEstate(str(error)) from error
    except ValueError as error:
        raise BadEstate(f"{path}: {error}") from error
    told: list[Body] = extra.get("workspaces") or [{}]
    name = str(told[0].get("name") or state.name)
    label = re.sub(r"^https://|/.*$", "", state.host).split(".")
    try:
        _people(cloud, extra)
        for one in extra.get("subscriptions") or ():
            _further(cloud, one)
        workspace = workspace_of(
            cloud, _subscription(cloud, told[0]), name, state.location, told[0], ".".join(label[:2]), str(state.org_id)
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadEstate(f"{path}: {error!r}") from error
    if workspace.label in cloud.served or workspace.id.lower() in cloud.workspaces:
        raise BadEstate(f"{estate}: a workspace {workspace.name} ({workspace.label}) is loaded already")
    admit(cloud, workspace)
    try:
        _hold(cloud, workspace, state, told[0].get("databricks"))
        if extra:
            _add(cloud, workspace, extra)
    except (KeyError, TypeError, ValueError) as error:
        raise BadEstate(f"{path}: {error!r}") from error
    _let_in(cloud, workspace, state)
    return workspace


def _let_in(cloud: Cloud, workspace: Workspace, state: Any) -> None:
    """The operator is an admin of what he may make himself admin of, without a home there."""
    who = cloud.operator
    if enters_as_admin(cloud, who.id, workspace.id) and not state.has(who.kind, who.name):
        state.assign(who, admin=True, homes=False)


def _people(cloud: Cloud, extra: Body) -> None:
    """The custom roles, and what the operator is on the sandbox's own subscription in place of its Owner."""
    root = f"/subscriptions/{cloud.subscription_id}"
    for told in extra.get("roles") or ():
        role = custom(str(told.get("id") or guid("role", told["name"])), str(told["name"]), told, (root,))
        if role.id in BUILT_IN or role_named(cloud, role.name) is not None:
            raise ValueError(f"there is a role {role.name} already")
        cloud.custom_roles[role.id] = role
    if "operator" in extra:
        mine = (root, cloud.operator.id)
        kept = {key: one for key, one in cloud.assignments.items() if (one.scope, one.principal) != mine}
        cloud.assignments = kept
        if extra["operator"]:
            grant(cloud, root, str(extra["operator"]), cloud.operator.id)


def _further(cloud: Cloud, one: Body) -> None:
    """A subscription beside the sandbox's own, and the operator's role on it."""
    id = str(one["id"]).lower()
    cloud.subscriptions[id] = str(one.get("name") or id)
    if one.get("role"):
        grant(cloud, f"/subscriptions/{id}", str(one["role"]), cloud.operator.id)


def grant(cloud: Cloud, scope: str, name: str, principal: str) -> None:
    """Assign a role, by name or id, in effect from the start. Raises ValueError for a role that is not there."""
    role = role_named(cloud, name)
    if role is None:
        raise ValueError(f"unknown role: {name}")
    made = Assignment(guid("grant", scope, role.id, principal), scope, role.id, principal, "ServicePrincipal", 0.0)
    cloud.assignments[made.id.lower()] = made


def _subscription(cloud: Cloud, told: Body) -> str:
    id = str(told.get("subscription") or cloud.subscription_id).lower()
    if id not in cloud.subscriptions:
        raise ValueError(f"unknown subscription: {id}")
    return id


def _add(cloud: Cloud, own: Workspace, extra: Body) -> None:
    unknown = set(extra) - {
        "roles",
        "operator",
        "networks",
        "security_groups",
        "policies",
        "born",
        "subscriptions",
        "resource_groups",
        "workspaces",
        "vaults",
        "managed_hsms",
        "grants",
        "locks",
        "activity",
        "storage_accounts",
        "access_connectors",
        "resources",
        "taken_vault_names",
        "settings",
    }
    if unknown:
        raise ValueError(f"unknown key: {', '.join(sorted(unknown))}")
    cloud.settings.put(extra.get("settings") or {})
    if "born" in extra:
        databricks.born(own.location, True, extra["born"])
        cloud.born = extra["born"]
    for one in extra.get("resource_groups") or ():
        cloud.group(
            one["name"], one.get("location", own.location), one.get("managed_by", ""), _subscription(cloud, one)
        )
    for one in (extra.get("workspaces") or [])[1:]:
        other = workspace_of(cloud, _subscription(cloud, one), one["name"], own.location, one)
        admit(cloud, other)
        serve(cloud, other, one.get("databricks"))
    for one in ours(cloud, extra.get("resources") or []):
        _resource(cloud, one)
    for one in extra.get("security_groups") or ():
        at = _place(cloud, own, one)
        networks.add_security_group(cloud, *at[:2], str(one["name"]), at[2], one.get("rules"))
    for one in extra.get("networks") or ():
        networks.load(cloud, *_place(cloud, own, one), one)
    for each in cloud.workspaces.values():
        networks.of_workspace(cloud, each.location, each.parameters)
    for one in extra.get("vaults") or ():
        loading_vaults.vault(cloud, one, _place(cloud, own, one), partial(_principal, cloud, own))
    for one in extra.get("managed_hsms") or ():
        loading_vaults.hsm(cloud, one, _place(cloud, own, one), partial(_principal, cloud, own))
    for one in extra.get("grants") or ():
        grant(cloud, _scope(cloud, one["scope"]), one["role"], _principal(cloud, own, one["principal"]))
    for one in extra.get("locks") or ():
        of = f"{_scope(cloud, one['scope'])}/providers/Microsoft.Authorization/locks/{one['name']}"
        lock = {"id": of, "type": "Microsoft.Authorization/locks", "name": one["name"]}
        notes = {"notes": one["notes"]} if one.get("notes") else {}
        cloud.locks[of.lower()] = {**lock, "properties": {"level": one["level"], **notes}}
    for one in extra.get("policies") or ():
        not_scopes = tuple(_scope(cloud, where) for where in one.get("not_scopes") or ())
        policies.load(
            cloud, _subscription(cloud, one), _scope(cloud, one.get("scope", "subscription")), not_scopes, one
        )
    storage_accounts.load(
        cloud,
        extra,
        own.location,
        lambda one: _subscription(cloud, one),
        lambda scope, role, principal: grant(cloud, _scope(cloud, scope), role, principal),
    )
    activity_log.load(cloud, extra, lambda scope: _scope(cloud, scope))
    cloud.taken_vault_names |= {str(name).lower() for name in extra.get("taken_vault_names") or ()}


def _place(cloud: Cloud, own: Workspace, one: Body) -> tuple[str, str, str]:
    """Subscription, group (made where it is not there) and location of what an estate names."""
    group, location = str(one.get("resource_group", own.group)), str(one.get("location", own.location))
    subscription = _subscription(cloud, one)
    cloud.group(group, location, subscription=subscription)
    return subscription, group, location


def _resource(cloud: Cloud, one: Body) -> None:
    """A resource by its id, which says its name, type and group."""
    id = str(one["id"])
    at, tail = id.split("/"), id.rpartition("/providers/")[2].split("/")
    if len(at) > 4 and at[3].lower() == "resourcegroups":
        cloud.group(at[4], one.get("location", "westeurope"), subscription=at[2].lower())
    type = "/".join([tail[0], *tail[1::2]])
    body = {"name": tail[-1], "type": type, **one}
    places = {networks.NETWORKS: cloud.networks, networks.GROUPS: cloud.security_groups}
    places |= dict.fromkeys((storage_accounts.ACCOUNTS, storage_accounts.CONNECTORS), cloud.data_resources)
    held = places.get(type, cloud.resources)
    if type in (networks.NETWORKS, networks.GROUPS):
        body["etag"] = f'W/"{guid("etag", id)}"'
    held[id.lower()] = body


def _principal(cloud: Cloud, own: Workspace, name: str) -> str:
    short = {
        "operator": cloud.operator.id,
        "databricks": cloud.databricks_principal.id,
        "azuredatabricks": cloud.databricks_principal.id,
        "storage": own.storage_identity,
        "disks": own.disk_identity,
    }
    _, colon, workspace = name.lower().partition(":")
    if colon:
        other = next((one for one in cloud.workspaces.values() if one.name.lower() == workspace), None)
        short = {"storage:" + workspace: getattr(other, "storage_identity", ""),
                 "disks:" + workspace: getattr(other, "disk_identity", "")}  # fmt: skip
    found = short.get(name.lower(), name.lower())
    if not found:
        raise ValueError(f"the workspace has no identity for {name}")
    return found


def _scope(cloud: Cloud, scope: str) -> str:
    root = f"/subscriptions/{cloud.subscription_id}"
    kind, _, rest = scope.partition("/")
    if scope.startswith("/"):
        return str(ours(cloud, scope))
    if kind == "subscription":
        return root
    if kind == "resourceGroups":
        return f"{root}/resourceGroups/{rest}"
    name, _, below = rest.partition("/")
    if kind == "vaults":
        vault = cloud.vaults.get(name.lower()) or cloud.vaults[vault_name(name)]
        return f"{vault.id}/{below}" if below else vault.id
    if kind == "storageAccounts":
        return str(next(one["id"] for one in cloud.data_resources.values() if one["name"] == name))
    if kind == "workspaces":
        return str(next(one.id for one in cloud.workspaces.values() if one.name.lower() == name.lower()))
    raise ValueError(f"unknown scope: {scope}")
