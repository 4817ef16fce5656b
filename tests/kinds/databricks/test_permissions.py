from __future__ import annotations

from typing import Any

from cmkmigrate.kinds import discover
from cmkmigrate.kinds.databricks.permissions import PERMISSIONS, ROOT, Permissions
from cmkmigrate.model import Asset, Body, Entry
from cmkmigrate.portable import differences
from tests.kinds.fake_site import FakeSite, entries, listing

KIND = Permissions()


def given(name: str, *levels: tuple[str, bool], field: str = "user_name") -> Body:
    levels_said = [{"permission_level": level, "inherited": inherited} for level, inherited in levels]
    return {field: name, "display_name": name, "all_permissions": levels_said}


def loaded(id: str, *acl: Any) -> list[Body]:
    site = FakeSite().on(f"{PERMISSIONS}/{id}", {"object_id": f"/{id}", "access_control_list": list(acl)})
    found: list[Body] = (KIND.load(site, Entry(id)).body or {})["access_control_list"]
    return found


def acl(**levels: str) -> Body:
    return {"access_control_list": [{"user_name": who, "permission_level": level} for who, level in levels.items()]}


def test_every_kind_with_a_type_has_its_lists() -> None:
    assert set(KIND.parents) == {name for name, kind in discover().items() if kind.permission_type}


def test_one_for_each_object_and_of_it() -> None:
    listed = listing(
        jobs=[Entry("7", "7", "daily", unsupported="managed")], git_folders=[Entry("5", "/Repos/a/b", "/Repos/a/b")]
    )
    found = {one.key: one for one in entries(KIND, FakeSite(), listed)}
    assert set(found) == {"jobs:7", "git_folders:/Repos/a/b"}
    assert found["git_folders:/Repos/a/b"].id == "repos/5"
    assert found["jobs:7"].of == ("jobs", "7") and found["jobs:7"].unsupported == "managed"


def test_only_what_was_given_on_the_object_itself() -> None:
    found = loaded(
        "jobs/7",
        given("a", ("CAN_VIEW", False), ("CAN_MANAGE", True)),
        given("b", ("CAN_MANAGE", True)),
        given("admins", ("CAN_MANAGE", False), field="group_name"),
        given("sp", ("IS_OWNER", False), field="service_principal_name"),
    )
    assert found == [
        {"user_name": "a", "permission_level": "CAN_VIEW"},
        {"service_principal_name": "sp", "permission_level": "IS_OWNER"},
    ]


def test_the_root_keeps_its_admins() -> None:
    admins = given("admins", ("CAN_MANAGE", False), field="group_name")
    assert loaded(ROOT, admins) == [{"group_name": "admins", "permission_level": "CAN_MANAGE"}]
    assert loaded("directories/1", admins) == []


def test_a_job_that_lost_its_owner_keeps_the_one_it_has() -> None:
    have = acl(operator="IS_OWNER")
    assert KIND.fit(acl(a="CAN_VIEW"), have)["access_control_list"] == [
        {"user_name": "operator", "permission_level": "IS_OWNER"}, {"user_name": "a", "permission_level": "CAN_VIEW"},
    ]  # fmt: skip
    assert KIND.fit(acl(Operator="CAN_VIEW"), have) == have  # one principal, one level
    assert KIND.fit(acl(a="IS_OWNER"), have) == acl(a="IS_OWNER")
    assert KIND.fit(acl(a="CAN_USE"), acl()) == acl(a="CAN_USE")


def test_the_order_means_nothing() -> None:
    assert differences(KIND, acl(a="CAN_VIEW", b="CAN_RUN"), acl(b="CAN_RUN", a="CAN_VIEW")) == ()


def test_what_was_given_is_replaced() -> None:
    site = FakeSite()
    KIND.update(site, Asset("jobs/7", body=acl(a="CAN_VIEW")), Asset("jobs/9"))
    assert site.written == [("PUT", f"{PERMISSIONS}/jobs/9", acl(a="CAN_VIEW"))]
    assert KIND.create is None


def test_the_list_of_a_home_is_no_surprise() -> None:
    homes = [Entry("directories/1", of=("directories", path)) for path in ("/Users/a@contoso.example", "/x")]
    assert [KIND.seeded(FakeSite(), one) for one in [*homes, Entry("jobs/1", of=("jobs", "/"))]] == [True, False, False]
