"""What a new workspace lacks is seen, and only that."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate.errors import Denied, Mistake, NotFound
from cmkmigrate.kinds.databricks.likeness import LOOKS, Likeness
from cmkmigrate.model import Asset
from cmkmigrate.portable import differences

KIND = Likeness()
FULL: dict[str, Any] = {
    "/api/2.1/clusters/spark-versions": {"versions": [{"key": "15.4.x-scala2.12"}, {"key": "9.1.x-scala2.12"}]},
    "/api/2.1/clusters/list-node-types": {"node_types": [{"node_type_id": "Standard_DS3_v2"}]},
    "/api/2.1/unity-catalog/current-metastore-assignment": {"metastore_id": "m", "default_catalog_name": "main"},
    "/api/2.0/dbfs/list": {"files": []},
}


class Site:
    """Answers by path; NotFound for the rest."""

    url = "https://adb-1.azuredatabricks.test"

    def __init__(self, **changes: Any) -> None:
        self.answers = {**FULL, **{f"/api/{path}": answer for path, answer in changes.items()}}

    def read(self, path: str, query: Any = None) -> Any:
        found = self.answers.get(path, NotFound("no such thing"))
        if isinstance(found, Exception):
            raise found
        return found


def body(site: Site, *accept: str) -> dict[str, Any]:
    (found,) = KIND.list(site, {"accept": list(accept)}, lambda name: [])
    assert isinstance(found, Asset) and found.body is not None
    return found.body


def missing(source: Site, target: Site, *accept: str) -> tuple[str, ...]:
    want, have = body(source, *accept), body(target, *accept)
    return differences(KIND, KIND.fit(want, have), have)


UC, SETTING = "2.1/unity-catalog/current-metastore-assignment", "2.0/settings/types/disable_legacy_{0}/names/default"
LESS: dict[str, dict[str, Any]] = {
    "runtimes": {"2.1/clusters/spark-versions": {"versions": [{"key": "15.4.x-scala2.12"}]}},
    "node_types": {"2.1/clusters/list-node-types": {"node_types": []}},
    "metastore": {UC: {"metastore_id": "x", "default_catalog_name": "main"}},
    "default_catalog": {UC: {"metastore_id": "m", "default_catalog_name": "hive_metastore"}},
    "dbfs_root": {"2.0/dbfs/list": Denied("Public DBFS root is disabled")},
    "hive_metastore": {SETTING.format("access"): {"disable_legacy_access": {"value": True}}},
}


def test_every_look_has_its_case() -> None:
    assert set(LESS) == set(LOOKS)


@pytest.mark.parametrize("name", LESS)
def test_what_is_missing_is_named_and_can_be_accepted(name: str) -> None:
    target = Site(**LESS[name])
    (found,) = missing(Site(), target)
    assert found.startswith(name)
    assert missing(Site(), target, name) == ()


@pytest.mark.parametrize("name", sorted(set(LESS) - {"metastore", "default_catalog"}))
def test_what_the_old_one_lacks_itself_is_not_missed(name: str) -> None:
    assert missing(Site(**LESS[name]), Site()) == ()


def test_two_alike() -> None:
    assert missing(Site(), Site()) == ()
    nothing = Site(**{UC: NotFound("none")})
    assert missing(nothing, Site()) == () and set(missing(Site(), nothing)) == {"metastore", "default_catalog"}


def test_the_setting_says_it_too() -> None:
    off = {SETTING.format("dbfs"): {"disable_legacy_dbfs": {"value": True}}}
    assert missing(Site(), Site(**off)) == ("dbfs_root",)


def test_what_cannot_be_accepted() -> None:
    with pytest.raises(Mistake, match="colour"):
        body(Site(), "colour")
