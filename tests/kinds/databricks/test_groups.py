from __future__ import annotations

from typing import Any

from cmkmigrate.kinds.databricks.groups import Groups
from cmkmigrate.kinds.databricks.identities import ASSIGN
from cmkmigrate.kinds.databricks.paging import SCIM
from cmkmigrate.model import Asset, Body, Entry
from cmkmigrate.portable import differences, portable
from tests.kinds.fake_site import FakeSite, entries

KIND = Groups()
MEMBERS = [{"value": "1", "display": "A", "$ref": "Users/1"}, {"value": "2", "$ref": "Groups/2"}]


def loaded(name: str, resource: str | None, **more: Any) -> Asset:
    body: Body = {"id": "5", "displayName": name, "members": MEMBERS, **more}
    if resource:
        body["meta"] = {"resourceType": resource, "location": "x"}
    return KIND.load(FakeSite().on(f"{SCIM}/Groups/5", body), Entry("5", name, name))


def test_a_listing_gives_no_members_so_each_is_loaded() -> None:
    site = FakeSite().on(f"{SCIM}/Groups", {"totalResults": 1, "Resources": [{"id": "5", "displayName": "g"}]})
    (found,) = entries(KIND, site)
    assert type(found) is Entry and found.key == "g"


def test_members_are_references_and_only_those_of_local_groups_are_ours() -> None:
    local = loaded("g", "WorkspaceGroup").body
    assert local is not None and local["members"] == [{"value": "1"}, {"value": "2"}]
    assert local["meta"] == {"resourceType": "WorkspaceGroup"}
    ids = {("users", "1"): "a", ("groups", "2"): "h"}
    body = portable(KIND, local, lambda kind, id: ids.get((kind, id))).body
    assert body["members"] == [{"value": "@users/a"}, {"value": "@groups/h"}]
    assert "members" not in (loaded("g", "Group").body or {})
    assert "members" not in (loaded("users", "WorkspaceGroup").body or {})
    assert loaded("g", None).body == local  # a workspace that does not say it has local groups only


def test_an_account_s_group_is_assigned_and_a_local_one_made_empty() -> None:
    site = FakeSite().on(f"{SCIM}/Groups", {"id": "6"})
    KIND.create(site, loaded("g", "Group"))
    asset = loaded("h", "WorkspaceGroup", entitlements=[{"value": "x"}])
    asset.body = portable(KIND, asset.body or {}, lambda kind, id: None).body
    KIND.create(site, asset)
    (_, first, _), (_, second, body) = site.written
    assert (first, second) == (f"{ASSIGN}/5", f"{SCIM}/Groups")
    assert body["displayName"] == "h" and not {"members", "entitlements", "meta", "id"} & set(body)


def test_a_local_group_is_not_the_account_s_group_of_that_name() -> None:
    one, other = (loaded("g", kind).body or {} for kind in ("Group", "WorkspaceGroup"))
    changes = differences(KIND, one, {**other, "members": []})
    assert "meta.resourceType" in changes and "meta" in KIND.immutable


def test_admins_only_grow() -> None:
    want: Body = {"displayName": "admins", "members": [{"value": "@users/a"}]}
    have: Body = {"displayName": "admins", "members": [{"value": "@users/operator"}, {"value": "@users/a"}]}
    assert differences(KIND, KIND.fit(want, have), have) == ()
    assert differences(KIND, KIND.fit(have, want), want) == ("members",)
    site = FakeSite()
    target = Asset("9", "admins", "admins", body={"members": [{"value": "1"}]})
    KIND.update(site, Asset("5", "admins", body={"members": [{"value": "2"}]}), target)
    assert site.written[0][2]["Operations"] == [{"op": "add", "path": "members", "value": [{"value": "2"}]}]


def test_other_groups_become_what_they_were_in_one_request() -> None:
    site = FakeSite()
    want = Asset("5", "g", body={"members": [{"value": "1"}], "entitlements": [{"value": "x"}]})
    KIND.update(site, want, Asset("9", "g", "g", body={"members": [{"value": "3"}]}))
    ((method, path, body),) = site.written
    assert (method, path, len(body["Operations"])) == ("PATCH", f"{SCIM}/Groups/9", 3)


def test_which_the_service_makes() -> None:
    assert [KIND.seeded(FakeSite(), Entry("1", key)) for key in ("admins", "users", "g")] == [True, True, False]
