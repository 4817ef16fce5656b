"""What our own runs know of a workspace's first day."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cmkmigrate.audit.ledgers import Noted, noted
from cmkmigrate.run.ledger import EARLIER, FILE, Ledger
from cmkmigrate.run.schema import item

ID = "/subscriptions/S/resourceGroups/g/providers/Microsoft.Databricks/workspaces/New"
STEP = """
playbook: p
steps:
  - id: workspace
    kind: workspaces
    with: {features: FEATURES}
"""


def run(folder: Path, features: str, *, params: str = "{}", playbook: str = STEP, **more: Any) -> Path:
    ledger = Ledger.create(folder, {"playbook": playbook.replace("FEATURES", features), "params": params})
    row = {"step": "workspace", "kind": "workspaces", "key": "k", "side": "target", "pass": 1, "ours": 1}
    with ledger.engine.begin() as connection:
        connection.execute(item.insert(), [{**row, "do": "create", "state": "done", "id": ID} | more])
    return folder


@pytest.mark.parametrize(
    ("features", "more", "known"),
    [
        ("[managed_services, dbfs_root]", {}, True),
        ("[dbfs_root]", {}, False),
        ('"${params.features}"', {"params": json.dumps({"features": ["managed_services"]})}, True),
        ('"${params.features}"', {"params": json.dumps({"features": ["managed_disks"]})}, False),
        ('"${params.features}"', {}, False),
        ("[managed_services]", {"ours": 0}, False),
        # Sent again, as the grant was not in effect when the first PUT came: that one named the key too, and failed.
        ("[managed_services]", {"do": "update"}, True),
        ("[managed_services]", {"do": "update", "ours": 0}, False),
        ("[dbfs_root]", {"do": "update"}, False),
        ("[managed_services]", {"state": "failed"}, False),
    ],
)
def test_only_what_a_run_made_with_the_key(features: str, more: dict[str, Any], known: bool, tmp_path: Path) -> None:
    folder = run(tmp_path / "run", features, **more)
    assert noted([folder]) == ({ID.lower(): Noted(True, str(folder))} if known else {}, [])
    assert noted([tmp_path]) == noted([folder]), "a folder of runs is looked through"


BEFORE: tuple[tuple[str, ...], ...] = (("managed_services",), ("dbfs_root",))


@pytest.mark.parametrize(
    ("do", "made_in", "earlier", "known"),
    [
        ("keep", 2, BEFORE[:1], True),  # a later pass that found it as it should be
        ("update", 2, BEFORE[:1], True),
        ("keep", 2, BEFORE[1:], False),  # the first pass asked for no key, and this one may have put it on
        ("keep", 2, BEFORE, False),
        ("create", 2, None, True),  # without a note of earlier passes: this very pass made it
        ("create", 1, None, False),
        ("keep", 2, None, False),
        ("update", 2, None, False),
    ],
)
def test_a_later_pass(do: str, made_in: int, earlier: Any, known: bool, tmp_path: Path) -> None:
    folder = run(tmp_path / "run", "[managed_services]", do=do, **{"pass": made_in})
    ledger = Ledger.open(folder)
    with ledger.locked("test"):
        ledger.set_meta("pass", "2")
        if earlier is not None:
            was = [{"playbook": STEP.replace("FEATURES", json.dumps(one)), "params": "{}"} for one in earlier]
            ledger.set_meta(EARLIER, json.dumps(was))
    assert noted([folder]) == ({ID.lower(): Noted(True, str(folder))} if known else {}, [])


@pytest.mark.parametrize(("feature", "known"), [("managed_services", True), ("managed_disks", False)])
def test_what_a_run_put_under_a_key(feature: str, known: bool, tmp_path: Path) -> None:
    playbook = STEP.replace("workspaces", "entity_encryption").replace("features: FEATURES", f"feature: {feature}")
    later = run(tmp_path / "in-place", "", playbook=playbook, kind="entity_encryption", do="update", ours=0, at=9.5)
    wanted = {ID.lower(): Noted(False, str(later), 9.5)} if known else {}
    assert noted([later]) == (wanted, [])
    born = run(tmp_path / "born", "[managed_services]")
    for order in ([born, later], [later, born]):
        assert noted(order)[0] == {ID.lower(): Noted(True, str(born))}, "it was made so, whatever came after"


def test_a_ledger_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir(mode=0o700)
    (tmp_path / "run" / FILE).write_bytes(b"x" * 5000)
    found, unread = noted([tmp_path])
    assert found == {}
    assert len(unread) == 1 and "damaged" in unread[0]
