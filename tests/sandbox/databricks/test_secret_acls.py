"""ACLs of scopes: `items`, overwriting, principals of the workspace only."""

from __future__ import annotations

from tests.sandbox.databricks.conftest import OPERATOR, Workspace

ACLS = "/api/2.0/secrets/acls"


def test_put_overwrites_and_delete_takes_out(new: Workspace) -> None:
    new.post("/api/2.0/secrets/scopes/create", scope="s")
    new.user("A@x.example")
    for level in ("READ", "WRITE"):
        new.post(f"{ACLS}/put", scope="s", principal="a@x.example", permission=level)
    assert new.get(f"{ACLS}/get", scope="s", principal="A@x.example")["permission"] == "WRITE"
    new.post(f"{ACLS}/delete", scope="s", principal=OPERATOR)
    assert new.get(f"{ACLS}/list", scope="s") == {"items": [{"principal": "A@x.example", "permission": "WRITE"}]}


def test_a_put_may_be_lost(new: Workspace) -> None:
    new.post("/api/2.0/secrets/scopes/create", scope="s")
    new.user("a@x.example")
    put = {"scope": "s", "principal": "a@x.example", "permission": "READ"}
    new.state.settings.put({"lost_acl_puts": 2})
    for _ in range(2):
        assert new.post(f"{ACLS}/put", **put) == {}
        assert len(new.get(f"{ACLS}/list", scope="s")["items"]) == 1
    new.post(f"{ACLS}/put", **put)
    assert len(new.get(f"{ACLS}/list", scope="s")["items"]) == 2
    new.state.settings.put({"lost_acl_puts": -1})
    new.post(f"{ACLS}/put", **{**put, "permission": "WRITE"})
    assert new.get(f"{ACLS}/get", scope="s", principal="a@x.example")["permission"] == "READ"


def test_what_is_refused(new: Workspace) -> None:
    new.post("/api/2.0/secrets/scopes/create", scope="s")
    body = {"scope": "s", "principal": "nobody", "permission": "READ"}
    assert new.refused("POST", f"{ACLS}/put", body)[1] == "INVALID_PARAMETER_VALUE"
    assert new.refused("POST", f"{ACLS}/put", {**body, "principal": "users", "permission": "CAN"})[0] == 400
    assert new.refused("POST", f"{ACLS}/put", {**body, "scope": "no"})[1] == "RESOURCE_DOES_NOT_EXIST"
    assert new.refused("POST", f"{ACLS}/delete", {"scope": "s", "principal": "users"})[0] == 404
