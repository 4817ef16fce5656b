"""What names somebody is taken out; the words of the service stay."""

from __future__ import annotations

import pytest

from cmkmigrate.cli.live.scrub import Scrub

GUID = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
HEX = "9f86d081884c7d659a2feaa0c55ad015"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"Principal {GUID.upper()} does not exist", "Principal GUID does not exist"),
        (f"https://v.vault.azure.net/keys/k/{HEX}", "https://v.vault.azure.net/keys/k/ID"),
        ("the user ann.lee@mail.example.com may not", "the user USER may not"),
        ("ann_example.com#EXT#@tenant.onmicrosoft.com", "USER"),
        ("https://adb-7405600000000100.0.azuredatabricks.net", "https://WORKSPACE-HOST.azuredatabricks.net"),
        ("Unable to update storage account 'dbstorageab12cd'", "Unable to update storage account 'STORAGE-ACCOUNT'"),
        ("Client address (203.0.113.10)", "Client address (ADDRESS)"),
        ("from 2001:db8:0:0:1:2:3:4 at 2026-01-02T03:04:05.678Z", "from ADDRESS at TIME"),
        ("cluster 0101-010101-abcd1234 ended", "cluster CLUSTER ended"),
        ("workspace 7405600000000100", "workspace NUMBER"),
        ("numgroups=12;iss=x", "numgroups=NUMBER;iss=x"),
        ("eyJ" + "a" * 60, "TOKEN"),
        ("The property 'Parameters' is not supported", "The property 'Parameters' is not supported"),
    ],
)
def test_patterns(text: str, left: str) -> None:
    assert Scrub().text(text) == left


def test_what_is_known_goes_first_and_the_longest_of_it() -> None:
    scrub = Scrub({"kvst": "SHORT", "kvst1": "VAULT", "no": "NEVER"})
    assert scrub.text("KVST1 and kvst; no") == "VAULT and SHORT; no"


def test_values_and_names_of_whatever_is_in_them() -> None:
    scrub = Scrub({"secret-name": "NAME"})
    assert scrub.value({"secret-name": ["a secret-name", 3, None, {"b": True}]}) == {
        "NAME": ["a NAME", 3, None, {"b": True}]
    }
