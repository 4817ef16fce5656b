"""The scope file: what it says, and every mistake in it with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmkmigrate.audit.model import Feature
from cmkmigrate.audit.scope import load, parse
from cmkmigrate.errors import Mistake

ID = "/subscriptions/S/resourceGroups/g/providers/Microsoft.Databricks/workspaces/W"
WHOLE = f"""
version: 1
excepted:
  - workspace: {ID}
    features: [dbfs_root]
    owner: data platform
    reason: nothing is kept there
    expires: 2027-03-31
  - {{workspace: {ID}, owner: o, reason: r, expires: 2026-01-01}}
attested:
  - {{workspace: {ID}, since: 2026-01-10, by: data platform}}
"""


def test_a_whole_one() -> None:
    scope = parse(WHOLE, "s.yaml")
    root = scope.exception(ID, Feature.DBFS_ROOT)
    disks = scope.exception(ID.upper(), Feature.MANAGED_DISKS)
    assert root and disks
    assert (root.owner, root.expires.isoformat()) == ("data platform", "2027-03-31"), "the one that ends last"
    assert disks.expires.isoformat() == "2026-01-01"
    attested = scope.attestation(ID)
    assert attested and (attested.since.isoformat(), attested.by) == ("2026-01-10", "data platform")
    assert scope.exception("/else", Feature.DBFS_ROOT) is None
    assert scope.unmatched({ID.lower()}) == []
    assert [one.split(": ")[0] for one in scope.unmatched(set())] == ["s.yaml:4", "s.yaml:9", "s.yaml:11"]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("version: 1", "version: 2", 2),
        ("owner: data platform", "owner: ''", 6),
        ("    reason: nothing is kept there\n", "", 4),
        ("2027-03-31", "soon", 8),
        ("2027-03-31", "2027-13-31", 8),
        ("[dbfs_root]", "[dbfs]", 5),
        ("[dbfs_root]", "dbfs_root", 5),
        ("[dbfs_root]", "[]", 5),
        ("    owner: data", "    ovner: data", 6),
        ("attested:", "attestd:", 10),
        (f"  - workspace: {ID}", "  - workspace: analytics", 4),
        ("since: 2026-01-10, ", "", 11),
        (", by: data platform", "", 11),
    ],
)
def test_mistakes(old: str, new: str, line: int) -> None:
    assert old in WHOLE
    with pytest.raises(Mistake) as caught:
        parse(WHOLE.replace(old, new, 1), "s.yaml")
    assert caught.value.subject == f"s.yaml:{line}"


@pytest.mark.parametrize("text", ["", "[]", "version: 1\nexcepted: {}", "version: 1\nexcepted: [x]"])
def test_other_forms(text: str) -> None:
    with pytest.raises(Mistake):
        parse(text, "s.yaml")


def test_files(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="cannot be read"):
        load(tmp_path / "none.yaml")
    (tmp_path / "s.yaml").write_text("version: 1\n")
    assert load(tmp_path / "s.yaml").excepted == ()


def test_nobody_attests_the_future() -> None:
    scope = parse(WHOLE, "s.yaml")
    scope.check("2026-01-10")
    with pytest.raises(Mistake, match="still to come") as caught:
        scope.check("2026-01-09")
    assert caught.value.subject == "s.yaml:11"
