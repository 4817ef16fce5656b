"""Legacy features, and their being disabled: DBFS root and mounts, hive_metastore, old runtimes, no-isolation clusters.

Documented (docstrings of databricks-sdk's settings services; the account setting "disable legacy features"): workspaces
that are created while the account disables them are born without; their admins can enable them again. What of it can be
seen here: the two workspace settings, the DBFS routes, and what a cluster may be. Assumption: the shape of a setting
that was never touched, and the texts of the refusals of clusters.
"""

from __future__ import annotations

import re
from typing import Any

from cmkmigrate.sandbox.databricks.refusals import denied, invalid, missing, refusal
from cmkmigrate.sandbox.databricks.workspace import Body, WorkspaceState
from cmkmigrate.sandbox.wire import Request, Response, json_response, route

DBFS, ACCESS = "disable_legacy_dbfs", "disable_legacy_access"
SETTINGS = (DBFS, ACCESS)
NAMESPACE = "default_namespace_ws"  # the default catalog: its value is called `namespace`
PATH = "/api/2.0/settings/types/{type}/names/default"
OLDEST_RUNTIME = (13, 3)


def guard_dbfs(state: WorkspaceState, path: str) -> None:
    """Refuse where DBFS is disabled. The words were seen by users of Spark; that the API says the same is assumed."""
    if DBFS in state.legacy_off:
        raise denied(f"Public DBFS root is disabled. Access is denied on path: {path}")


def guard_cluster(state: WorkspaceState, body: Body) -> None:
    """Refuse a cluster that a workspace without legacy features does not start."""
    if not state.legacy_off:
        return
    version = re.match(r"(\d+)\.(\d+)", str(body.get("spark_version", "")))
    if version is not None and (int(version[1]), int(version[2])) < OLDEST_RUNTIME:
        raise invalid("Databricks Runtime versions before 13.3 LTS are disabled in this workspace.")
    if ACCESS in state.legacy_off and body.get("data_security_mode") == "NONE":
        raise invalid("Clusters without isolation are disabled in this workspace.")


def _type(request: Request) -> str:
    type = request.params["type"]
    if type not in (*SETTINGS, NAMESPACE):
        raise missing(f"Setting {type} does not exist.")
    return type


def _shown(state: WorkspaceState, type: str) -> Response:
    if type == NAMESPACE:
        value = {"value": state.born.get("default_catalog", "")}
        return json_response({"setting_name": "default", "etag": _etag(state, type), "namespace": value})
    off = type in state.legacy_off
    return json_response({"setting_name": "default", "etag": _etag(state, type), type: {"value": off}})


def _etag(state: WorkspaceState, type: str) -> str:
    now = state.born.get("default_catalog", "") if type == NAMESPACE else int(type in state.legacy_off)
    return f"{state.org_id}-{type}-{now}"


@route("GET", PATH)
def get_setting(state: WorkspaceState, request: Request) -> Response:
    return _shown(state, _type(request))


@route("PATCH", PATH)
def update_setting(state: WorkspaceState, request: Request) -> Response:
    """`{"allow_missing": true, "setting": {TYPE: {"value": bool}[, "etag"]}, "field_mask": ...}`; in effect at once.

    The real one takes up to 20 minutes (documented). An etag that is not the present one is refused (assumption: so).
    """
    type, body = _type(request), request.json()
    setting: dict[str, Any] = body.get("setting") or {}
    value = (setting.get("namespace" if type == NAMESPACE else type) or {}).get("value")
    if not isinstance(value, str if type == NAMESPACE else bool):
        raise invalid(f"{type}.value must be {'a name' if type == NAMESPACE else 'true or false'}.")
    if setting.get("etag") not in (None, "", _etag(state, type)):
        raise refusal(409, "RESOURCE_CONFLICT", "The etag is not that of the present version of the setting.")
    if type == NAMESPACE:
        state.born["default_catalog"] = value
    else:
        (state.legacy_off.add if value else state.legacy_off.discard)(type)
    return _shown(state, type)


@route("DELETE", PATH)
def delete_setting(state: WorkspaceState, request: Request) -> Response:
    """Back to the default, which is: enabled. Assumption: of the default catalog, hive_metastore."""
    type = _type(request)
    if type == NAMESPACE:
        state.born["default_catalog"] = "hive_metastore"
    state.legacy_off.discard(type)
    return json_response({"etag": _etag(state, type)})
