"""The change as code: of which features, with which keys, and only where somebody said that code owns it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from cmkmigrate import playbook
from cmkmigrate.cli.in_place import change_as_code
from cmkmigrate.engine.migration import Migration
from cmkmigrate.kinds import discover
from cmkmigrate.model import KNOWN_AFTER_APPLY
from cmkmigrate.render.code import LATER

ARM_ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Databricks/workspaces/dbw"
SOURCE = SimpleNamespace(name="dbw", arm_id=ARM_ID, location="x", url="", org_id="1", resource={})
KEY = {"uri": "https://kv.vault.azure.test/", "name": "cmk", "version": "v1"}


def said(name: str, outputs: Any = None, **params: Any) -> str:
    kinds = discover()
    book = playbook.load(name, kinds)
    values = playbook.fill_params(book, params)
    sites: Any = SimpleNamespace(workspace=lambda *given, **more: SOURCE)
    return change_as_code(
        Migration(book, values, kinds, sites), dict.fromkeys(("services-key", "disks-key", "root-key"), outputs or KEY)
    )


def test_all_that_is_wanted_and_no_more() -> None:
    whole = said("enable-in-place", workspace=ARM_ID, iac="terraform")
    assert whole.count("https://kv.vault.azure.test/keys/cmk/v1") == 3 and ARM_ID in whole
    disks = said("enable-in-place", workspace=ARM_ID, iac="bicep", features="managed_disks")
    assert "managedDisk" in disks and "managedServices" not in disks and "prepareEncryption" not in disks


def test_what_is_not_known_yet() -> None:
    later = said("enable-in-place", dict.fromkeys(KEY, KNOWN_AFTER_APPLY), workspace=ARM_ID, iac="terraform")
    assert later.count(f'"{LATER}"') == 3 and KNOWN_AFTER_APPLY not in later


def test_nobody_said_so() -> None:
    assert said("enable-in-place", workspace=ARM_ID) == said("enable-in-place", workspace=ARM_ID, iac="none") == ""
    assert said("contents-only", source=ARM_ID, target="https://adb-2.2.azuredatabricks.net") == ""
