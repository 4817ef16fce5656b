"""Groups: the account's are assigned, the workspace's own are made."""

from __future__ import annotations

from collections.abc import Iterator

from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.kinds.databricks import identities
from cmkmigrate.kinds.databricks.paging import SCIM, scim_pages
from cmkmigrate.model import Asset, Body, Entry, Made, Reference
from cmkmigrate.portable import canonical

LOCAL = "WorkspaceGroup"  # `meta.resourceType`; `Group` is one of the account
ADMINS, USERS = "admins", "users"


class Groups(Kind):
    """Known by display name. Members and entitlements follow the creation, because groups hold groups.

    Members of an account's group are the account's, those of `users` the service's: neither is compared. `admins` is
    only added to, so that nobody who works on the target loses it. The body says `meta.resourceType`: a group of the
    account and a local one of the same name are not the same.
    """

    name = "groups"
    service = "groups"
    deferred = ("members", "entitlements")
    immutable = ("displayName", "meta")
    unordered = ("members", "entitlements")
    server_owned = identities.SERVER_OWNED - {"meta"} | {"externalId"}
    refs = (Reference("members[*].value", ("users", "service_principals", "groups"), missing="drop"),)

    def list(self, site: Site, settings: Settings, listed: Listed) -> Iterator[Entry]:
        """Entries only: a listing may leave out the members of large groups."""
        for found in scim_pages(site, "Groups"):
            yield Entry(str(found["id"]), str(found["displayName"]), str(found["displayName"]))

    def load(self, site: Site, entry: Entry) -> Asset:
        found = site.read(f"{SCIM}/Groups/{entry.id}")
        body = identities.direct_entitlements(found)
        body["meta"] = {"resourceType": (found.get("meta") or {}).get("resourceType") or LOCAL}
        members = [{"value": str(one["value"])} for one in body.pop("members", None) or ()]
        if members and body["meta"]["resourceType"] == LOCAL and body["displayName"] != USERS:
            body["members"] = members
        return Asset(entry.id, entry.key, entry.name, body=body)

    def create(self, site: Site, asset: Asset) -> Made:
        assert asset.body is not None
        if asset.body["meta"]["resourceType"] != LOCAL:
            return identities.assign(site, asset)
        said = {name: value for name, value in asset.body.items() if name not in ("meta", *self.deferred)}
        return identities.post(site, said, "Groups", "Group")

    def update(self, site: Site, want: Asset, have: Asset) -> Made:
        assert want.body is not None and have.body is not None
        only_add = have.name == ADMINS
        operations = []
        for field in self.deferred:
            operations += identities.difference(
                field, want.body.get(field, ()), have.body.get(field, ()), only_add=only_add
            )
        return identities.patch(site, "Groups", have.id, operations)

    def fit(self, want: Body, have: Body) -> Body:
        if want.get("displayName") != ADMINS:
            return want
        fitted = dict(want)
        for field in self.deferred:
            both = {canonical(one): one for one in [*want.get(field, ()), *have.get(field, ())]}
            if both:
                fitted[field] = list(both.values())
        return fitted

    def seeded(self, site: Site, entry: Entry) -> bool:
        return entry.key in (ADMINS, USERS)
