"""Diagnostic settings: the same names, categories and sinks; what is not used is not sent."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate import portable
from cmkmigrate.errors import Mistake
from cmkmigrate.kinds.azure.diagnostic_settings import DiagnosticSettings
from cmkmigrate.model import KNOWN_AFTER_APPLY, Asset, Entry, Made
from tests.kinds.azure.fake_subscription import WORKSPACE, FakeSubscription, S, connected, source

KIND = DiagnosticSettings()
NEW = f"{S}/Microsoft.Databricks/workspaces/new"
PATH = "/providers/Microsoft.Insights/diagnosticSettings"
LOGS = [{"category": "jobs", "enabled": True}, {"category": "accounts", "enabled": False}]


def nothing(_: str) -> list[Entry]:
    return []


def setting(of: str, logs: Any = LOGS, **more: Any) -> dict[str, Any]:
    properties = {"workspaceId": "/logs", "storageAccountId": "", "eventHubName": None, "metrics": [], "logs": logs}
    return {"id": f"{of}{PATH}/Audit", "name": "Audit", "properties": {**properties, **more}}


def test_the_same_on_the_new_one() -> None:
    site = FakeSubscription()
    site.lists[f"{WORKSPACE}{PATH}"] = [setting(WORKSPACE)]
    (want,) = KIND.desired(connected(site), {"workspace": NEW}, nothing)
    assert isinstance(want, Asset)
    assert KIND.create(site, want) == Made(f"{NEW}{PATH}/Audit")
    assert site.writes == [("PUT", f"{NEW}{PATH}/Audit", {"properties": {"workspaceId": "/logs", "logs": LOGS}})]
    site.lists[f"{NEW}{PATH}"] = [setting(NEW.upper(), LOGS[::-1], workspaceId="/LOGS")]
    (have,) = KIND.list(site, {"workspace": NEW}, nothing)
    assert isinstance(have, Asset) and have.body and want.body and have.key == want.key
    assert portable.differences(KIND, KIND.fit(want.body, have.body), have.body) == ()
    fewer = setting(NEW, LOGS[:1])
    site.bodies[fewer["id"]] = fewer
    loaded = KIND.load(site, Entry(fewer["id"]))
    assert portable.differences(KIND, KIND.fit(want.body, loaded.body or {}), loaded.body or {})
    assert KIND.update(site, want, loaded) == Made(f"{NEW}{PATH}/Audit")


def test_a_workspace_that_is_not_there_yet_has_none() -> None:
    site = FakeSubscription()
    for target in (KNOWN_AFTER_APPLY, NEW):
        assert KIND.list(site, {"workspace": target}, nothing) == []


def test_what_is_asked_for() -> None:
    with pytest.raises(Mistake):
        list(KIND.desired(connected(FakeSubscription()), {}, nothing))
    by_url = source()
    by_url.arm, by_url.url = None, "https://adb-1.1.azuredatabricks.test"
    with pytest.raises(Mistake, match="ARM id"):
        list(KIND.desired(by_url, {"workspace": NEW}, nothing))
