"""What is made is deleted by its id, whatever comes between; what was never made is not said to be left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cmkmigrate.cli.live.check import NotSettled
from cmkmigrate.cli.live.ground import Ground
from cmkmigrate.cli.live.wire import Answer
from cmkmigrate.clients.cloud import Cloud
from cmkmigrate.errors import Refused, Unknown

ID = "3f6c1a52-8e0b-4b57-b1a9-64d2c0a7e911"


class Arm:
    """Resource Manager, as far as it is deleted from. refuse: ends of ids whose deletion is refused."""

    def __init__(self, *there: str, refuse: str = "-") -> None:
        self.there, self.refuse, self.sent = set(there), refuse, list[tuple[str, str]]()

    def arm(self, method: str, path: str, version: str, body: Mapping[str, Any] | None = None) -> Answer:
        self.sent.append((method, path))
        if method == "POST":
            return Answer(200, {}, {})
        if method == "DELETE" and path.endswith(self.refuse):
            return Answer(403, {}, {"error": {"code": "AuthorizationFailed", "message": f"not {path}"}})
        if method == "DELETE":
            self.there.discard(path)
        return Answer(200 if path in self.there else 404, {}, {})


def ground(*there: str, refuse: str = "-") -> tuple[Ground, Arm]:
    made = Ground(Cloud.from_env({"CMKMIGRATE_POLL_S": "0.01"}), ID, "westeurope")
    arm = Arm(made.group_id, *(f"{made.group_id}/{one}" for one in there), refuse=refuse)
    made.wire = arm  # type: ignore[assignment]
    made._made["group"] = True
    return made, arm


def vaults(one: Ground, **named: bool) -> None:
    one._vaults = {f"{one.group_id}/{name}": protected for name, protected in named.items()}


def test_vaults_are_purged_where_they_can_be() -> None:
    one, arm = ground("open", "kept")
    vaults(one, open=False, kept=True, never=True)
    said = list(one.clean())
    assert said[-1] == f"deleting the resource group {one.group}"
    assert [path.rpartition("/deletedVaults/")[2] for method, path in arm.sent if method == "POST"] == ["open/purge"]
    assert one.left == ["the deleted vault kept is held for 7 days: it is purge-protected, and nobody can purge it"]
    assert arm.there == set()


def test_a_deletion_that_fails_stops_no_other_and_says_what_to_type() -> None:
    one, arm = ground("stuck", "open", refuse="stuck")
    vaults(one, stuck=False, open=False)
    list(one.clean())
    assert arm.there == {f"{one.group_id}/stuck"}
    assert [text.partition(":")[0] for text in one.left] == ["stuck could not be deleted"]
    assert one.group not in one.left[0]
    one, _ = ground(refuse="")
    list(one.clean())
    assert one.left[-1] == f"delete what is left: az group delete --name {one.group} --subscription {ID}"


def test_nothing_is_deleted_where_nothing_was_made() -> None:
    one, arm = ground()
    one._made.clear()
    closed: list[str] = []
    one.ends.append(lambda: closed.append("folder"))
    assert list(one.clean()) == []
    assert (arm.sent, closed) == ([], ["folder"])


def test_a_group_that_is_there_is_not_taken() -> None:
    one, arm = ground()
    one._made.clear()
    with pytest.raises(Refused, match="is there already"):
        one.begin()
    list(one.clean())
    assert [method for method, _ in arm.sent] == ["GET"]


def test_what_could_not_be_made_is_not_tried_again() -> None:
    one, _ = ground()
    tried: list[int] = []

    def make() -> None:
        tried.append(1)
        raise Unknown(f"lost in {one.group}")

    for _ in range(2):
        with pytest.raises(NotSettled, match="the thing could not be made: lost in GROUP"):
            one.once("the thing", make)
    assert tried == [1]


def test_two_grounds_share_no_name() -> None:
    assert ground()[0].group != ground()[0].group
