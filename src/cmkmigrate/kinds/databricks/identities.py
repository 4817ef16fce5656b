"""What users, service principals and groups have in common: the SCIM routes and being assigned from the account.

On Azure the account's directory is one for all workspaces of a tenant, so a principal of the old workspace is assigned
to the new one (`PUT permissionassignments/principals/ID`, which can be repeated) and not made anew.
Assumption: the SCIM id of an account-level principal in a workspace is its id in the account.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cmkmigrate.errors import NotFound, Refused
from cmkmigrate.kinds.base import Site
from cmkmigrate.kinds.databricks.paging import SCIM
from cmkmigrate.model import Asset, Body, Made

ASSIGN = "/api/2.0/preview/permissionassignments/principals"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
SCHEMA = "urn:ietf:params:scim:schemas:core:2.0"
# Of the answer: ids, the vendor's schema names, and the other end of memberships (they are the groups').
SERVER_OWNED = frozenset({"id", "schemas", "groups", "meta", "roles"})
# The account's own: the same principal on both sides, which a workspace cannot change. Sent where one is made anew.
_ACCOUNT = ("displayName", "name", "emails", "active", "externalId")


def direct_entitlements(body: Body) -> Body:
    """`body` with the entitlements that were given to the principal itself; without the field when there are none.

    Assumption: one that comes from a group is marked `type: indirect` (as memberships are), if it is listed at all.
    """
    found = [{"value": one["value"]} for one in body.get("entitlements") or () if one.get("type") != "indirect"]
    rest = {name: value for name, value in body.items() if name != "entitlements"}
    return rest | {"entitlements": found} if found else rest


def keep_account_fields(want: Body, have: Body) -> Body:
    """`want` with what the account owns as the target has it."""
    kept = {name: value for name, value in want.items() if name not in _ACCOUNT}
    return kept | {name: have[name] for name in _ACCOUNT if name in have}


def assign(site: Site, asset: Asset) -> Made:
    """Give the account's principal access to the workspace."""
    answer = site.write("PUT", f"{ASSIGN}/{asset.id}", {"permissions": ["USER"]})
    return Made(str((answer.get("principal") or {}).get("principal_id") or asset.id))


def assign_or_post(site: Site, asset: Asset, what: str, schema: str) -> Made:
    """Assign; where the workspace has no such route or the account no such principal, make one (`POST`, which assigns
    an account principal that is found by its name). A second request is sent only after a definite no to the first."""
    try:
        return assign(site, asset)
    except Refused as no:
        if not (isinstance(no, NotFound) or no.status in (404, 501) or no.code == "FEATURE_DISABLED"):
            raise
    return post(site, asset.body or {}, what, schema)


def post(site: Site, body: Body, what: str, schema: str) -> Made:
    return Made(str(site.write("POST", f"{SCIM}/{what}", {"schemas": [f"{SCHEMA}:{schema}"]} | body)["id"]))


def difference(field: str, want: Iterable[Body], have: Iterable[Body], *, only_add: bool = False) -> list[Body]:
    """The SCIM operations that make the list `field` hold exactly the values of `want` (or at least them)."""
    wanted, had = {str(one["value"]) for one in want}, {str(one["value"]) for one in have}
    operations: list[Body] = []
    if added := sorted(wanted - had):
        operations.append({"op": "add", "path": field, "value": [{"value": value} for value in added]})
    if not only_add:
        operations += [{"op": "remove", "path": f'{field}[value eq "{value}"]'} for value in sorted(had - wanted)]
    return operations


def patch(site: Site, what: str, id: str, operations: list[Body]) -> Made:
    """One PATCH with all operations; none when there are none."""
    if operations:
        said: dict[str, Any] = {"schemas": [PATCH], "Operations": operations}
        site.write("PATCH", f"{SCIM}/{what}/{id}", said)
    return Made(id)
