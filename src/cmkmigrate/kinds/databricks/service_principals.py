"""Service principals of the workspace."""

from __future__ import annotations

from collections.abc import Iterator

from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.kinds.databricks import identities
from cmkmigrate.kinds.databricks.paging import scim_pages
from cmkmigrate.model import Asset, Body, Entry, Made


class ServicePrincipals(Kind):
    """As users; known by their applicationId, under which they also stand in ACLs and `run_as`."""

    name = "service_principals"
    service = "service_principals"
    deferred = ("entitlements",)
    unordered = ("entitlements",)
    server_owned = identities.SERVER_OWNED

    def list(self, site: Site, settings: Settings, listed: Listed) -> Iterator[Entry]:
        for found in scim_pages(site, "ServicePrincipals"):
            yield self._asset(found)

    def _asset(self, found: Body) -> Asset:
        application = str(found["applicationId"])
        return Asset(
            str(found["id"]),
            self.as_key(application),
            str(found.get("displayName") or application),
            body=identities.direct_entitlements(found),
        )

    def create(self, site: Site, asset: Asset) -> Made:
        return identities.assign_or_post(site, asset, "ServicePrincipals", "ServicePrincipal")

    def update(self, site: Site, want: Asset, have: Asset) -> Made:
        assert want.body is not None and have.body is not None
        operations = identities.difference(
            "entitlements", want.body.get("entitlements", ()), have.body.get("entitlements", ())
        )
        return identities.patch(site, "ServicePrincipals", have.id, operations)

    def fit(self, want: Body, have: Body) -> Body:
        return identities.keep_account_fields(want, have)

    def as_key(self, name: str) -> str:
        return name.casefold()
