from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate.errors import Denied, NotFound, Refused
from cmkmigrate.kinds.databricks.identities import ASSIGN, direct_entitlements
from cmkmigrate.kinds.databricks.paging import SCIM
from cmkmigrate.kinds.databricks.users import Users
from cmkmigrate.model import Asset, Body
from cmkmigrate.portable import differences, portable
from tests.kinds.fake_site import FakeSite, by_key, entries

KIND = Users()


def user(number: int, **more: Any) -> Body:
    return {"id": str(number), "userName": f"User{number}@contoso.example", "groups": [{"value": "9"}], **more}


def test_all_pages_each_user_once() -> None:
    site = FakeSite()
    total = {"totalResults": 3}
    site.on(f"{SCIM}/Users", {**total, "Resources": [user(1), user(2)]}, startIndex=1)
    site.on(f"{SCIM}/Users", {**total, "Resources": [user(2)]}, startIndex=3)
    assert list(by_key(KIND, site)) == ["user1@contoso.example", "user2@contoso.example"]


def test_pages_that_bring_nothing_new_are_refused() -> None:
    site = FakeSite()
    for start in (1, 3):
        site.on(f"{SCIM}/Users", {"totalResults": 9, "Resources": [user(1), user(2)]}, startIndex=start)
    with pytest.raises(Refused, match="brings nothing new before 5"):
        entries(KIND, site)


def test_an_empty_page_ends_the_listing() -> None:
    site = FakeSite().on(f"{SCIM}/Users", {"totalResults": 3})
    assert entries(KIND, site) == []


def test_entitlements_that_come_from_a_group_are_not_the_user_s() -> None:
    given = [{"value": "a"}, {"value": "b", "type": "direct"}, {"value": "c", "type": "indirect"}]
    assert direct_entitlements({"entitlements": given}) == {"entitlements": [{"value": "a"}, {"value": "b"}]}
    assert direct_entitlements({"entitlements": []}) == {}


def test_what_is_the_account_s_is_no_difference() -> None:
    one, other = user(1, displayName="A", active=True), user(2, displayName="B", userName="USER1@contoso.example")
    want, have = (portable(KIND, body, lambda kind, id: None).body for body in (one, other))
    assert differences(KIND, KIND.fit(want, have), have) == ()
    assert differences(KIND, KIND.fit({**want, "entitlements": [{"value": "x"}]}, have), have) == ("entitlements",)


def test_assigned_from_the_account_by_id() -> None:
    site = FakeSite().on(f"{ASSIGN}/1", {"principal": {"principal_id": 1}, "permissions": ["USER"]})
    assert KIND.create(site, Asset("1", body={"userName": "a"})).id == "1"
    assert site.written == [("PUT", f"{ASSIGN}/1", {"permissions": ["USER"]})]


def test_made_anew_only_where_the_account_has_no_such_principal() -> None:
    site = FakeSite().on(f"{ASSIGN}/1", NotFound("no")).on(f"{SCIM}/Users", {"id": "8"})
    assert KIND.create(site, Asset("1", body={"userName": "a"})).id == "8"
    assert site.written[1][2]["userName"] == "a" and "id" not in site.written[1][2]
    site = FakeSite().on(f"{ASSIGN}/1", Denied("no", status=403))
    with pytest.raises(Denied):
        KIND.create(site, Asset("1", body={"userName": "a"}))
    assert len(site.written) == 1


def test_entitlements_are_brought_to_what_the_source_has() -> None:
    site = FakeSite()
    want = Asset("1", body={"entitlements": [{"value": "a"}, {"value": "b"}]})
    KIND.update(site, want, Asset("8", body={"entitlements": [{"value": "b"}, {"value": "c"}]}))
    ((method, path, body),) = site.written
    assert (method, path) == ("PATCH", f"{SCIM}/Users/8")
    assert body["Operations"] == [
        {"op": "add", "path": "entitlements", "value": [{"value": "a"}]},
        {"op": "remove", "path": 'entitlements[value eq "c"]'},
    ]
