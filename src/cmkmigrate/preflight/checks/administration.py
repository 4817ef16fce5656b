"""PF24, PF25, PF28 and PF29: what the workspaces let the operator do, and what hangs on them from outside."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from cmkmigrate.clients.answers import keeps_out_network
from cmkmigrate.clients.cloud import FROM_ITS_NETWORK
from cmkmigrate.errors import CallError, Denied, NotAllowed, NotFound, Refused
from cmkmigrate.preflight import rights
from cmkmigrate.preflight.ground import Ground
from cmkmigrate.preflight.model import Check, Seen, failed, passed, unknown, warned

_ME = "/api/2.0/preview/scim/v2/Me"
_CATALOG = "/api/2.1/unity-catalog"
_NONE = "does not apply: nothing is moved"


def administrator(ground: Ground) -> Iterable[Seen]:
    """PF24."""
    seen = [_administrator(ground, ground.source, "the old workspace", ground.source_id)]
    if ground.moves:
        try:
            target = ground.target()
        except NotAllowed as error:
            return [*seen, failed(f"the new workspace does not let you in: {error.why}", advice=error.next)]
        if target is None:
            seen.append(passed("whoever makes the new workspace becomes its administrator"))
        else:
            seen.append(_administrator(ground, lambda: target, "the new workspace", target.arm_id))
    return seen


def _administrator(ground: Ground, open: Callable[[], Any], which: str, arm_id: str) -> Seen:
    who = rights.asked(ground)
    fix = f'az role assignment create --assignee {who} --role "Contributor" --scope {arm_id}' if arm_id else ""
    try:
        me = open().read(_ME)
    except (Denied, NotAllowed) as error:
        why = error.why if isinstance(error, NotAllowed) else str(error)
        if keeps_out_network(why):
            return failed(f"{which} does not let you in: {why}", advice=FROM_ITS_NETWORK)
        return failed(f"{which} does not let you in: {why}", fix, _ASK)
    groups = {str(one.get("display") or "") for one in me.get("groups") or ()}
    name = me.get("userName") or me.get("displayName") or me.get("applicationId") or "the operator"
    if "admins" in groups:
        return passed(f"{name} is an administrator of {which}")
    return failed(f"{name} is no administrator of {which}, and would not see all of it", fix, _ASK)


_ASK: Final = "or ask one of its administrators to add you to the group admins"


def catalog(ground: Ground) -> Iterable[Seen]:
    """PF25. Unity Catalog stays where it is: the new workspace has to be given the same metastore."""
    if not ground.moves:
        return [passed(_NONE)]
    ours = _metastore(ground.source())
    if isinstance(ours, Seen):
        return [ours]
    if not ours:
        return [passed("the old workspace has no metastore of Unity Catalog")]
    target = ground.target()
    if target is None:
        text = f"the old workspace has the metastore {ours}; the new one gets it where the account assigns it by itself"
        return [warned(text, advice=_ASSIGN)]
    theirs = _metastore(target)
    if isinstance(theirs, Seen):
        return [theirs]
    if theirs == ours:
        return [passed(f"both have the metastore {ours}")]
    text = f"the old workspace has the metastore {ours}, the new one {theirs or 'none'}"
    if not target.org_id:
        return [warned(text, advice=_ASSIGN)]
    return [warned(text, f"databricks account metastore-assignments create {target.org_id} {ours}", _ASSIGN)]


_ASSIGN: Final = "an account administrator: assign that metastore to the new workspace"


def _metastore(site: Any) -> str | Seen:
    try:
        return str(site.read(f"{_CATALOG}/current-metastore-assignment").get("metastore_id") or "")
    except NotFound:
        return ""
    except Refused as error:
        return "" if "METASTORE" in error.code.upper() else warned(f"its metastore could not be read: {error}")
    except CallError as error:
        return warned(f"its metastore could not be read: {error}")


def secrets(ground: Ground) -> Iterable[Seen]:
    """PF28. No value is read: reading one leaves a line in the workspace's audit log."""
    if not any(one.kind in ("secrets", "secret_scopes") for one in ground.ahead):
        return [passed("does not apply: no secret is moved")]
    source = ground.source()
    scopes = source.read("/api/2.0/secrets/scopes/list").get("scopes") or []
    seen = [one for scope in scopes for one in _scope(source, str(scope["name"]))]
    vaulted = [str(one["name"]) for one in scopes if one.get("backend_type") == "AZURE_KEYVAULT"]
    if vaulted and ground.source_id and ground.site.operator_type() != "User":
        text = f"scopes that a key vault backs ({', '.join(vaulted[:3])}) have been refused to service principals"
        seen.append(warned(text, advice="sign in as a user, or have a user make these scopes"))
    return [*seen, *([] if seen else [passed(f"{len(scopes)} secret scopes: their secrets and ACLs can be listed")])]


def _scope(source: Any, name: str) -> Iterator[Seen]:
    for path, right, what in (("list", "READ", "its secrets"), ("acls/list", "MANAGE", "who may use it")):
        try:
            source.read(f"/api/2.0/secrets/{path}", {"scope": name})
        except Denied:
            words = ["databricks", "secrets", "put-acl", name, source.operator, right]
            fix = f"DATABRICKS_HOST={source.url} {shlex.join(words)}"
            advice = "somebody who may manage that scope"
            yield failed(f"of the secret scope {name}, {what} may not be listed: it needs {right}", fix, advice)
        except Refused as error:
            yield unknown(f"of the secret scope {name}, {what} could not be listed: {error}")


def credentials(ground: Ground) -> Iterable[Seen]:
    """PF29. What goes by the identity of the old workspace ends with it."""
    if not ground.moves:
        return [passed(_NONE)]
    try:
        found = ground.source().read(f"{_CATALOG}/storage-credentials").get("storage_credentials") or []
    except NotFound:
        return [passed("the old workspace has no Unity Catalog")]
    except CallError as error:
        return [warned(f"the storage credentials could not be listed: {error}")]
    managed = ""
    if ground.source_id:
        managed = str(ground.resource().properties.get("managedResourceGroupId") or "").lower()
    tied = [
        str(one.get("name"))
        for one in found
        if managed
        and str((one.get("azure_managed_identity") or {}).get("access_connector_id") or "")
        .lower()
        .startswith(f"{managed}/")
    ]
    if tied:
        text = f"storage credentials that go by the old workspace's own access connector: {', '.join(tied[:5])}"
        advice = "give them a connector outside its managed group before the old workspace is deleted"
        return [warned(text, advice=advice)]
    return [passed(f"none of {len(found)} storage credentials goes by the old workspace's own identity")]


CHECKS = (
    Check("PF24", "Operator is administrator on both sides", administrator),
    Check("PF25", "Unity Catalog: the same metastore", catalog),
    Check("PF28", "Secret scopes can be read", secrets),
    Check("PF29", "Storage credentials tied to the old workspace", credentials),
)
