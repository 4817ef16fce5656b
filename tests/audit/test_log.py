"""Since when, from what really happened on the sandbox: its Activity Log against the audit's verdict."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.audit.estate import ALL, NONE, OLD, OTHER, OWN, Estate, key, vault, workspace
from tests.cli.transcript import Terminal
from tests.harness import ARM, Commands, Launcher, Sandbox

VERSION = "api-version=2026-01-01"
DAY_S = 86_400


class Young(Estate):
    """Workspaces of the last weeks under a key that is years old, and what the log has of them."""

    def _build(self) -> None:
        self.created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.now - 20 * DAY_S))
        aged = {"createdDateTime": self.created}
        for name in ("born", "changed", "silent", "twice"):
            self.add(workspace(name, ALL, properties=aged), "cmk", "cmk", "cmk")
        self.add(workspace("plain", NONE, properties=aged), *["platform-key"] * 3)

    def vaults(self) -> list[dict[str, Any]]:
        return [vault("kv-good", key("good", {"created": OLD}))]

    def arm(self) -> dict[str, Any]:
        at = self.now - 20 * DAY_S
        deployed = {"at": at, "resource": "workspaces/twice", "correlation": "d"}
        log = [
            {"at": at, "resource": "workspaces/born"},
            {"at": at, "resource": "workspaces/changed"},
            {"at": at + 5 * DAY_S, "resource": "workspaces/changed"},
            {"at": at + 5 * DAY_S, "resource": "workspaces/silent"},
            {**deployed, "operation_id": "o1"},
            {**deployed, "operation_id": "o2"},
        ]
        return {**super().arm(), "activity": log}


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("log")
    made = Sandbox(folder / "sandbox", Young(time.time()).write(folder / "estate"), grant_delay=0.0)
    yield made
    made.close()


@pytest.fixture
def young(box: Sandbox, launcher: Launcher, tmp_path: Path) -> Terminal:
    return Terminal(Commands(launcher, tmp_path, box.env))


def services(terminal: Terminal) -> dict[str, dict[str, Any]]:
    body = terminal("audit -o json").json
    return {row["name"]: row for row in body["rows"] if row["feature"] == "managed_services"}


def test_verdicts_from_the_log(young: Terminal) -> None:
    found = services(young)
    said = {name: found[name]["verdict"] for name in ("born", "changed", "silent", "twice")}
    assert said == {"born": "cmk", "changed": "unknown", "silent": "unknown", "twice": "unknown"}
    assert "Activity Log has the creation" in found["born"]["since_from"]
    assert "2 writes" in found["changed"]["reason"]


def put(box: Sandbox, name: str, body: dict[str, Any]) -> None:
    box.call(ARM, "PUT", f"{Estate.id(name)}?{VERSION}", body)
    for _ in range(9):
        if box.call(ARM, "GET", f"{Estate.id(name)}?{VERSION}")["properties"]["provisioningState"] == "Succeeded":
            return
        box.control("PUT", "clock", {"advance": 10})
    raise AssertionError(f"{name} is not done")


def keyed(body: dict[str, Any]) -> dict[str, Any]:
    uri = "https://kv-good.vault.azure.test/"
    named = {"keySource": "Microsoft.Keyvault",
             "keyVaultProperties": {"keyVaultUri": uri, "keyName": "good", "keyVersion": "a" * 32}}  # fmt: skip
    return {**body, "properties": {**body["properties"], "encryption": {"entities": {"managedServices": named}}}}


@pytest.mark.parametrize(("bodies", "late"), [("response", "cmk-future-writes-only"), ("none", "unknown")])
def test_what_really_happened(bodies: str, late: str, box: Sandbox, young: Terminal) -> None:
    """One made with the key, one made without it that gets it later; the key is older than both. Where the log does not
    say what was written, the second cannot be told from a change of tags, and is no pass."""
    box.control("PUT", "settings", {"activity_bodies": bodies})
    made = {"location": "westeurope", "sku": {"name": "premium"}}
    for name, with_key in ((f"with-{bodies}", True), (f"without-{bodies}", False)):
        managed = f"/subscriptions/{OWN}/resourceGroups/managed-{name}"
        body = {**made, "properties": {"managedResourceGroupId": managed, "computeMode": "Hybrid"}}
        box.call(
            ARM,
            "PUT",
            f"/subscriptions/{OWN}/resourceGroups/rg-{name}?api-version=2021-04-01",
            {"location": "westeurope"},
        )
        put(box, name, keyed(body) if with_key else body)
    name = f"without-{bodies}"
    put(box, name, keyed(box.call(ARM, "GET", f"{Estate.id(name)}?{VERSION}")))
    found = services(young)
    assert found[f"with-{bodies}"]["verdict"] == "cmk", found[f"with-{bodies}"]["reason"]
    assert found[name]["verdict"] == late, found[name]["reason"]
    if late != "unknown":
        assert [one["code"] for one in found[name]["causes"]] == ["later"]
        assert "without the key" in found[name]["reason"]


def test_nothing_was_written_by_the_audit(box: Sandbox, young: Terminal) -> None:
    box.forget()
    young("audit -o json")
    assert box.requests()
    assert not [one for one in box.requests() if one["write"] and one["host"] == ARM]
    assert json.dumps(box.requests()).count("Microsoft.Insights/eventtypes") == 1, "asked once for a subscription"
    assert OTHER not in {one["path"].split("/")[2] for one in box.requests() if "Insights" in one["path"]}
