"""The named reasons: where they stand, and that a mistake in them is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmkmigrate.assess.model import Want
from cmkmigrate.assess.wants import Wants, load, parse
from cmkmigrate.audit.scope import load as load_scope
from cmkmigrate.errors import Mistake

ID = "/subscriptions/S/resourceGroups/G/providers/Microsoft.Databricks/workspaces/W"
ENTRY = f"""version: 1
wanted:
  - workspace: {ID}
    reasons: [no-old-data, new-network]
    owner: security
    because: the hub goes away
"""


def test_one_file_for_both(tmp_path: Path) -> None:
    path = tmp_path / "scope.yaml"
    path.write_text(ENTRY)
    assert load_scope(path).excepted == ()
    found = load([Want.DOUBLE_ENCRYPTION, Want.DOUBLE_ENCRYPTION], path)
    assert found.everywhere == (Want.DOUBLE_ENCRYPTION,)
    reasons = found.of(ID.upper())
    assert list(reasons) == [Want.DOUBLE_ENCRYPTION, Want.NO_OLD_DATA, Want.NEW_NETWORK]
    assert "--want double-encryption" in reasons[Want.DOUBLE_ENCRYPTION]
    assert reasons[Want.NEW_NETWORK].endswith("(security: the hub goes away)")
    assert list(found.of("/other")) == [Want.DOUBLE_ENCRYPTION]
    assert found.unmatched({ID.lower()}) == []
    assert found.unmatched(set()) == [f"{path}:3: {ID.lower()}"]


def test_without_a_file() -> None:
    assert load([], None) == Wants() and parse("version: 1\n", "x") == ()


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("[no-old-data, new-network]", "[]", 4, "are no reasons"),
        ("[no-old-data, new-network]", "no-old-data", 4, "are no reasons"),
        ("new-network", "newer-network", 4, "are no reasons"),
        ("    owner: security\n", "", 3, "owner is missing"),
        ("because: the hub goes away", "because: ''", 6, "because is missing"),
        ("    because", "    why: x\n    because", 6, "unknown key 'why'"),
        (ID, "W", 3, "is not the ARM id"),
    ],
)
def test_mistakes(old: str, new: str, line: int, what: str) -> None:
    assert old in ENTRY
    with pytest.raises(Mistake, match=what) as caught:
        parse(ENTRY.replace(old, new), "scope.yaml")
    assert caught.value.subject == f"scope.yaml:{line}"
