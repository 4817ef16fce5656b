"""What stands against a change in place: code that owns it, another key, contents that no key would cover."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cmkmigrate.errors import Blocked, Mistake
from cmkmigrate.kinds.azure import in_place
from cmkmigrate.model import KNOWN_AFTER_APPLY

KEY = {"key_uri": "https://kv.vault.azure.test/", "key_name": "cmk", "key_version": "v1"}
OTHER = {"key_uri": "https://kv.vault.azure.test/", "key_name": "older", "key_version": "v9"}


def source(tags: dict[str, str] | None = None, properties: dict[str, Any] | None = None) -> Any:
    return SimpleNamespace(name="old", resource={"tags": tags, "properties": properties or {}})


@pytest.mark.parametrize(
    "tags", [{"ManagedBy": "Terraform"}, {"azd-env-name": "dev"}, {"deployment": "main.bicep"}, {"IaC": "yes"}]
)
def test_a_sign_of_code_wants_a_word(tags: dict[str, str]) -> None:
    (name, value) = next(iter(tags.items()))
    with pytest.raises(Blocked) as refused:
        in_place.owned(source(tags), {})
    assert f"{name}={value}" in refused.value.why and "-p iac=" in refused.value.next
    for said in in_place.OWNERS:
        in_place.owned(source(tags), {"iac": said})


def test_without_a_sign_nothing_need_be_said() -> None:
    in_place.owned(source(), {})
    in_place.owned(source({"team": "data", "cost": "armada", "project": "maniac"}), {"iac": ""})
    with pytest.raises(Mistake, match="ansible"):
        in_place.owned(source(), {"iac": "ansible"})


def held(key: dict[str, str]) -> dict[str, Any]:
    entity = {"keyVaultUri": key["key_uri"], "keyName": key["key_name"], "keyVersion": key["key_version"]}
    root = {"keySource": "Microsoft.Keyvault", "keyvaulturi": key["key_uri"], "KeyName": key["key_name"]}
    return {
        "encryption": {
            "entities": {"managedServices": {"keySource": "Microsoft.Keyvault", "keyVaultProperties": entity}}
        },
        "parameters": {"encryption": {"value": root | {"keyversion": key["key_version"]}}},
    }


def test_what_is_on_is_read_from_each_of_the_two_places() -> None:
    there = source(properties=held(OTHER))
    assert in_place.entity_key(there, "managedServices") == OTHER == in_place.root_key(there)
    assert in_place.entity_key(there, "managedDisk") == {"key_uri": "", "key_name": "", "key_version": ""}
    default = source(properties={"parameters": {"encryption": {"value": {"keySource": "Default", "KeyName": "x"}}}})
    assert in_place.root_key(default)["key_name"] == ""


@pytest.mark.parametrize(
    ("now", "want", "settings", "refused"),
    [
        (OTHER, KEY, {}, True),
        (OTHER, KEY, {"replace_key": False}, True),
        (OTHER, KEY, {"replace_key": True}, False),
        (KEY | {"key_uri": "https://KV.vault.azure.test"}, KEY, {}, False),  # the service gives it in either spelling
        (KEY | {"key_version": "v0"}, KEY, {}, False),
        (KEY, KEY | {"key_uri": KNOWN_AFTER_APPLY}, {}, True),
        ({"key_uri": "", "key_name": "", "key_version": ""}, KEY, {}, False),
    ],
)
def test_another_key_is_replaced_only_when_it_is_said(
    now: dict[str, str], want: dict[str, str], settings: dict[str, Any], refused: bool
) -> None:
    def look() -> None:
        in_place.same_key(source(), now, want, settings, "managed services")

    if not refused:
        return look()
    with pytest.raises(Blocked) as error:
        look()
    asked = "still to be made" if want["key_uri"] == KNOWN_AFTER_APPLY else want["key_name"]
    assert now["key_name"] in error.value.why and asked in error.value.why
    assert "replace_key=true" in error.value.next


def test_what_follows_wants_its_key() -> None:
    with pytest.raises(Mistake, match="platform's key"):
        in_place.covered(source(), {"rewrite": True, "features": ["managed_disks"]})
    with pytest.raises(Mistake, match="to be proven"):
        in_place.covered(source(), {"probe": True, "features": ["managed_services"]})
    in_place.covered(source(properties=held(KEY)), {"rewrite": True, "features": ["managed_disks"]})
    in_place.covered(source(), {"rewrite": True, "probe": True, "features": ["managed_services", "managed_disks"]})
    in_place.covered(source(), {"rewrite": False, "features": []})
