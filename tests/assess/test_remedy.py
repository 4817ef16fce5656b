"""Which remedy: in place unless there is a named reason that holds."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate.assess.model import NOTHING_TO_DO, WANTS, Remedy, Want
from cmkmigrate.assess.remedy import decide, old_data, to_switch_on
from cmkmigrate.audit.model import Cause, Feature, Row, Verdict

ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Databricks/workspaces/w"


def row(verdict: str, feature: Feature = Feature.DBFS_ROOT, code: str = "", judged: str = "") -> Row:
    causes = (Cause(code, code),) if code else ()
    return Row("s", ID, "w", "westeurope", "premium", feature, Verdict(verdict), "why", causes=causes, judged=judged)


def rows(services: str, disks: str = "cmk", root: str = "cmk", code: str = "") -> list[Row]:
    return [row(verdict, feature, code) for verdict, feature in zip((services, disks, root), Feature, strict=True)]


@pytest.mark.parametrize(
    ("verdicts", "remedy"),
    [
        (("cmk", "cmk", "cmk"), "none"),
        (("cmk", "excepted", "cmk"), "exception"),
        (("excepted", "excepted", "excepted"), "exception"),
        (("platform-key", "platform-key", "platform-key"), "in place"),
        (("cmk", "cmk", "platform-key"), "in place"),
        (("cmk", "excepted", "platform-key"), "in place"),
        (("not-eligible", "not-eligible", "not-eligible"), "in place"),
        (("cmk-future-writes-only", "cmk", "cmk"), "in place"),
        (("cmk-degraded", "cmk", "cmk"), "mend"),
        (("cmk-degraded", "platform-key", "cmk"), "in place"),
        (("cmk-degraded", "unknown", "cmk"), "mend"),
        (("unknown", "cmk", "cmk"), "unknown"),
        (("unknown", "excepted", "cmk"), "unknown"),
    ],
)
def test_without_a_reason(verdicts: tuple[str, ...], remedy: str) -> None:
    found, why = decide(rows(*verdicts), {}, {})
    assert found == remedy and why
    assert (found in NOTHING_TO_DO) is (remedy in ("none", "exception"))


def test_a_serverless_workspace_is_not_eligible() -> None:
    assert decide(rows("platform-key", "not-eligible", "not-eligible", code="serverless"), {}, {})[0] == "not eligible"


def test_every_verdict_leads_somewhere() -> None:
    assert {decide(rows(verdict), {}, {})[0] for verdict in Verdict} == {*Remedy} - {"migrate", "not eligible"}


def resource(**parameters: Any) -> dict[str, Any]:
    return {"properties": {"parameters": {name: {"value": value} for name, value in parameters.items()}}}


def test_double_encryption_is_a_reason_until_it_is_there() -> None:
    wanted = {Want.DOUBLE_ENCRYPTION: "wanted by x"}
    for given in ({}, resource(), resource(requireInfrastructureEncryption=False)):
        assert decide(rows("cmk"), given, wanted) == (Remedy.MIGRATE, ("wanted by x",))
    assert decide(rows("cmk"), resource(requireInfrastructureEncryption=True), wanted)[0] is Remedy.NONE


@pytest.mark.parametrize(
    ("verdict", "code", "judged", "old"),
    [
        ("cmk", "", "cmk", False),
        ("cmk", "", "", False),
        ("platform-key", "", "", True),
        ("cmk-future-writes-only", "later", "", True),
        ("unknown", "since", "", True),
        ("cmk-degraded", "key-disabled", "cmk-degraded", False),
        ("cmk-degraded", "since", "cmk-degraded", True),
        ("excepted", "exception", "platform-key", True),
        ("excepted", "exception", "cmk", False),
    ],
)
def test_old_data_is_a_reason_where_there_may_be_some(verdict: str, code: str, judged: str, old: bool) -> None:
    services = row(verdict, Feature.MANAGED_SERVICES, code, judged or verdict)
    assert old_data(services) is old
    wanted = {Want.NO_OLD_DATA: "x"}
    assert (decide([services, *rows("cmk")[1:]], {}, wanted)[0] is Remedy.MIGRATE) is old


def test_old_data_of_other_features_is_no_reason() -> None:
    assert decide(rows("cmk", "platform-key", "platform-key"), {}, {Want.NO_OLD_DATA: "x"})[0] is Remedy.IN_PLACE


def test_a_new_network_is_always_a_reason() -> None:
    assert decide(rows("cmk"), {}, {Want.NEW_NETWORK: "x"})[0] is Remedy.MIGRATE
    assert WANTS.keys() == set(Want)


def test_the_same_reason_is_said_once() -> None:
    _, why = decide(rows("platform-key", "platform-key", "platform-key"), {}, {})
    assert why == ("managed_services, managed_disks, dbfs_root: platform-key: why",)


def test_only_what_has_no_key_is_switched_on() -> None:
    assert to_switch_on(rows("platform-key", "not-eligible", "cmk-degraded")) == [*Feature][:2]
    assert to_switch_on(rows("excepted", "unknown", "cmk")) == []
