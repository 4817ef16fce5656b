from __future__ import annotations

import pytest

from cmkmigrate.errors import NotFound, Unknown
from cmkmigrate.kinds.databricks.secret_acls import ACLS, ROUNDS, SecretAcls
from cmkmigrate.model import Asset, Body, Entry
from tests.kinds.fake_site import FakeSite, entries, listing

KIND = SecretAcls()


def acl(**items: str) -> Body:
    return {"items": [{"principal": who, "permission": what} for who, what in items.items()]}


def test_one_for_each_scope_loaded_whole() -> None:
    scope = Entry("s", "s", "s", excluded="by you")
    (found,) = entries(KIND, FakeSite(), listing(secret_scopes=[scope]))
    assert (found.key, found.of, found.excluded) == ("s", ("secret_scopes", "s"), "by you")
    assert KIND.load(FakeSite().on(f"{ACLS}/list", {}), found).body == {"items": []}


def test_what_differs_is_put_and_what_is_too_much_deleted_last() -> None:
    site = FakeSite().on(f"{ACLS}/list", acl(a="READ", b="WRITE"))
    KIND.update(
        site, Asset("s", body=acl(a="READ", b="WRITE")), Asset("s", body=acl(a="MANAGE", b="WRITE", op="MANAGE"))
    )
    assert [(path.rpartition("/")[2], body["principal"]) for _, path, body in site.written] == [
        ("put", "a"),
        ("delete", "op"),
    ]


def test_a_put_that_the_service_lost_is_sent_again() -> None:
    site = FakeSite().on(f"{ACLS}/list", {}, acl(a="READ")).on(f"{ACLS}/delete", NotFound("gone"))
    KIND.update(site, Asset("s", body=acl(a="READ")), Asset("s", body=acl(op="MANAGE")))
    assert [path.rpartition("/")[2] for _, path, _ in site.written] == ["put", "delete", "put"]


def test_it_gives_up_with_words() -> None:
    site = FakeSite().on(f"{ACLS}/list", {})
    with pytest.raises(Unknown, match="still reads otherwise"):
        KIND.update(site, Asset("s", body=acl(a="READ")), Asset("s", body=acl()))
    assert len(site.written) == ROUNDS
