"""The table of types of data: whole, sourced, and counted by the features that cover each."""

from __future__ import annotations

import re
from importlib import resources

from cmkmigrate.audit.data_types import BASES, FILE, covered, table
from cmkmigrate.audit.encryption import judge

# The types that the vendor's overview names, and what it says no key covers: each must be in the table.
NAMED = (
    "notebook source", "Git credentials", "secrets", "SQL queries and query history", "DBFS root and FileStore",
    "job results", "SQL results", "MLflow models", "pipelines on DBFS paths", "interactive notebook results, small",
    "interactive notebook results, large", "system data in the root", "temporary disks", "AI/BI dashboards",
    "vector-search", "catalogs on default storage", "disks of serverless compute", "images of model serving",
    "operating-system disks", "external locations", "managed storage roots",
)  # fmt: skip


def test_nothing_is_missing() -> None:
    for name in NAMED:
        assert [one for one in table() if one.name.startswith(name)], name
    assert len(table()) == len(NAMED)


def test_each_row_has_a_source_and_how_sure_it_is() -> None:
    for one in table():
        assert re.fullmatch(r"https://learn\.microsoft\.com/\S+", one.source), one
        assert one.basis in BASES, one
        assert one.basis != "unverified" or (not one.features and one.note), "what is not known to be covered is not"


def test_what_no_key_covers_has_no_feature() -> None:
    text = (resources.files("cmkmigrate.audit") / FILE).read_text("utf-8")
    assert text.count("- {name:") == len(table())
    for one in table():
        if one.name.startswith(("disks of serverless", "images", "operating-system")):
            assert one.features == ()


def test_the_counts_are_those_of_the_features() -> None:
    id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Databricks/workspaces/w"
    body = {"id": id, "sku": {"name": "premium"}, "properties": {"provisioningState": "Succeeded", "parameters": {}}}
    found = {one["name"]: one for one in covered([*judge(body), *judge(body)])}
    assert found["secrets"]["verdicts"] == {"platform-key": 2}
    assert found["images of model serving"]["verdicts"] == {}
