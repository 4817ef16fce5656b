"""Unity Catalog as a workspace sees it: its metastore, catalogs, storage credentials, external locations. Reads alone.

Shapes: databricks-sdk. That a workspace without a metastore answers 404, and its words: what users of the Terraform
provider met (databricks/terraform-provider-databricks#1632, #2061); Assumption: the code, and that all of these say so.
Assumption: hive_metastore is not among the catalogs (the SDK has no type of catalog for it).
"""

from __future__ import annotations

from cmkmigrate.sandbox.databricks.births import identifier
from cmkmigrate.sandbox.databricks.refusals import invalid, missing, refusal
from cmkmigrate.sandbox.databricks.workspace import Body, WorkspaceState
from cmkmigrate.sandbox.wire import Request, Response, json_response, route

ROOT = "/api/2.1/unity-catalog"
PAGE = 100
OWNER = "System user"


def _metastore(state: WorkspaceState) -> str:
    """The id of the metastore. Raises the 404 of a workspace that has none."""
    found = str(state.born.get("metastore") or "")
    if not found:
        raise refusal(404, "METASTORE_DOES_NOT_EXIST", "No metastore assigned for the current workspace.")
    return found


def _page(state: WorkspaceState, request: Request, name: str, bodies: list[Body]) -> Response:
    """A page: without max_results everything, with 0 as many as the service likes."""
    _metastore(state)
    size, at = request.arg("max_results"), int(request.arg("page_token") or 0)
    if size.startswith("-"):
        raise invalid("max_results must not be negative.")
    count = min(int(size) or PAGE, PAGE) if size else len(bodies)
    answer: Body = {name: bodies[at : at + count]}
    if len(bodies) > at + count:
        answer["next_page_token"] = str(at + count)
    return json_response(answer)


def _catalogs(state: WorkspaceState) -> list[Body]:
    """What the estate says, and the catalog `system` of every metastore."""
    metastore = _metastore(state)
    told = [{"catalog_type": "MANAGED_CATALOG", **one} for one in state.born["catalogs"]]
    told.append({"name": "system", "catalog_type": "SYSTEM_CATALOG", "comment": "System catalog (auto-created)"})
    usual = {"owner": OWNER, "metastore_id": metastore, "isolation_mode": "OPEN", "securable_type": "CATALOG"}
    return [{**usual, "full_name": one["name"], **one} for one in told]


def _credentials(state: WorkspaceState) -> list[Body]:
    metastore = _metastore(state)
    shown: list[Body] = []
    for one in state.born["storage_credentials"]:
        id = str(one.get("id") or identifier("credential", metastore, one["name"]))
        body: Body = {
            "id": id,
            "name": one["name"],
            "full_name": one["name"],
            "owner": OWNER,
            "metastore_id": metastore,
            "read_only": False,
            "used_for_managed_storage": bool(one.get("used_for_managed_storage", False)),
            "isolation_mode": "ISOLATION_MODE_OPEN",
        }
        if one.get("access_connector"):
            identity = {"access_connector_id": one["access_connector"], "credential_id": id}
            if one.get("managed_identity"):
                identity["managed_identity_id"] = one["managed_identity"]
            body["azure_managed_identity"] = identity
        shown.append(body)
    return shown


def _locations(state: WorkspaceState) -> list[Body]:
    metastore = _metastore(state)
    ids = {one["name"]: one["id"] for one in _credentials(state)}
    usual = {"owner": OWNER, "metastore_id": metastore, "read_only": False, "isolation_mode": "ISOLATION_MODE_OPEN"}
    return [
        {
            **usual,
            "name": one["name"],
            "url": one.get("url", ""),
            "credential_name": one.get("credential", ""),
            "credential_id": ids.get(one.get("credential", ""), ""),
        }
        for one in state.born["external_locations"]
    ]


@route("GET", ROOT + "/current-metastore-assignment")
def current_assignment(state: WorkspaceState, request: Request) -> Response:
    return json_response(
        {
            "metastore_id": _metastore(state),
            "workspace_id": state.org_id,
            "default_catalog_name": state.born["default_catalog"],
        }
    )


@route("GET", ROOT + "/metastore_summary")
def metastore_summary(state: WorkspaceState, request: Request) -> Response:
    metastore, region = _metastore(state), state.born["metastore_region"]
    return json_response(
        {
            "metastore_id": metastore,
            "name": f"metastore_azure_{region}",
            "region": region,
            "cloud": "azure",
            "global_metastore_id": f"azure:{region}:{metastore}",
            "owner": OWNER,
            "privilege_model_version": "1.0",
            "delta_sharing_scope": "INTERNAL",
        }
    )


@route("GET", ROOT + "/catalogs")
def list_catalogs(state: WorkspaceState, request: Request) -> Response:
    return _page(state, request, "catalogs", _catalogs(state))


@route("GET", ROOT + "/catalogs/{name}")
def get_catalog(state: WorkspaceState, request: Request) -> Response:
    name = request.params["name"]
    found = next((one for one in _catalogs(state) if one["name"] == name), None)
    if found is None:
        raise missing(f"Catalog '{name}' does not exist.")
    return json_response(found)


@route("GET", ROOT + "/storage-credentials")
def list_credentials(state: WorkspaceState, request: Request) -> Response:
    return _page(state, request, "storage_credentials", _credentials(state))


@route("GET", ROOT + "/external-locations")
def list_locations(state: WorkspaceState, request: Request) -> Response:
    return _page(state, request, "external_locations", _locations(state))
