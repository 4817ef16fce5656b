"""Users of the workspace."""

from __future__ import annotations

from collections.abc import Iterator

from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.kinds.databricks import identities
from cmkmigrate.kinds.databricks.paging import scim_pages
from cmkmigrate.model import Asset, Body, Entry, Made


class Users(Kind):
    """Assigned from the account by id, with the entitlements that they have themselves. User names are compared
    without case. What the account says of a user (name, addresses, active) is not compared."""

    name = "users"
    service = "users"
    deferred = ("entitlements",)
    unordered = ("entitlements",)
    server_owned = identities.SERVER_OWNED

    def list(self, site: Site, settings: Settings, listed: Listed) -> Iterator[Entry]:
        for found in scim_pages(site, "Users"):
            yield self._asset(found)

    def _asset(self, found: Body) -> Asset:
        user = str(found["userName"])
        return Asset(str(found["id"]), self.as_key(user), user, body=identities.direct_entitlements(found))

    def create(self, site: Site, asset: Asset) -> Made:
        return identities.assign_or_post(site, asset, "Users", "User")

    def update(self, site: Site, want: Asset, have: Asset) -> Made:
        assert want.body is not None and have.body is not None
        operations = identities.difference(
            "entitlements", want.body.get("entitlements", ()), have.body.get("entitlements", ())
        )
        return identities.patch(site, "Users", have.id, operations)

    def fit(self, want: Body, have: Body) -> Body:
        fitted = identities.keep_account_fields(want, have)
        if str(want.get("userName")).casefold() == str(have.get("userName")).casefold():
            fitted["userName"] = have["userName"]
        return fitted

    def as_key(self, name: str) -> str:
        return name.casefold()
