from __future__ import annotations

from cmkmigrate.errors import NotFound
from cmkmigrate.kinds.databricks.identities import ASSIGN
from cmkmigrate.kinds.databricks.paging import SCIM
from cmkmigrate.kinds.databricks.service_principals import ServicePrincipals
from cmkmigrate.model import Asset
from tests.kinds.fake_site import FakeSite, entries

KIND = ServicePrincipals()
APPLICATION = "CBAC2BD5-dc9b-bace-bc83-05cc8f2d4356"


def test_known_by_application_id_without_case() -> None:
    found = {"id": "7", "applicationId": APPLICATION, "displayName": "sp"}
    site = FakeSite().on(f"{SCIM}/ServicePrincipals", {"totalResults": 1, "Resources": [found]})
    (entry,) = entries(KIND, site)
    assert (entry.id, entry.key, entry.name) == ("7", APPLICATION.lower(), "sp")
    assert KIND.as_key(APPLICATION) == entry.key


def test_assigned_or_made() -> None:
    asset = Asset("7", body={"applicationId": APPLICATION, "displayName": "sp"})
    site = FakeSite().on(f"{ASSIGN}/7", NotFound("no")).on(f"{SCIM}/ServicePrincipals", {"id": "8"})
    assert KIND.create(site, asset).id == "8"
    assert site.written[1][2]["applicationId"] == APPLICATION


def test_what_is_the_account_s_is_no_difference() -> None:
    assert KIND.fit({"applicationId": "a", "displayName": "old"}, {"applicationId": "a"}) == {"applicationId": "a"}
