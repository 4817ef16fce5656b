"""An assessment as table, JSON, JSON lines and CSV."""

from __future__ import annotations

import csv as reader
import json

import pytest

from cmkmigrate.render import assess as render
from tests.render.assess_record import NOT_ASKED, healthy, record, workspace


def test_a_line_for_each_workspace_and_what_it_needs() -> None:
    text = "\n".join(render.table(record()))
    head, first, second = text.splitlines()[:3]
    assert head.split()[:3] == ["workspace", "region", "services"]
    for words in ("w", "migrate", "lock-delete", "at least 1,202 objects, 1.2 h", "missing", "Terraform"):
        assert words in first
    for words in ("well", "none", "not asked", "not needed", "no sign seen"):
        assert words in second
    for line in (
        "w: migrate", "  why: the hub goes away", "  in the way: a lock", "  $ az lock delete --ids /l",
        "  missing right: a/b/write on /subscriptions/", "  $ az role assignment create --assignee me",
        "  owned by Terraform: tag managed-by: terraform", "  size: at least: you see what you may see",
        "  $ databricks account workspace-assignment update 1", "  to do: move it", "  $ cmkmigrate plan cmk-migration",
        "! subscription s2: could not be read: 403: no", "! scope file: this workspace was not met: scope.yaml:3",
        "! a ledger was not read", "! 1 managed group of workspaces that are gone",
        "Assessment: 2 workspaces in 2 subscriptions: 1 none, 1 migrate; 2 need something",
    ):  # fmt: skip
        assert line in text, line
    assert "well: none" not in text, "what needs nothing has no more lines"


def test_that_contents_were_not_counted_is_said() -> None:
    said = "Contents were not counted"
    assert said in "\n".join(render.table(record(contents=False)))
    assert said not in "\n".join(render.table(record()))
    assert said not in "\n".join(render.table(record(contents=False, workspaces=[])))


def test_unknown_rights_say_why() -> None:
    rights = {"state": "unknown", "missing": [], "commands": [], "reason": "403: no"}
    assert "  rights: unknown: 403: no" in "\n".join(render.table(record(workspaces=[workspace(rights=rights)])))


@pytest.mark.parametrize(
    ("changes", "cell"),
    [
        ({"state": "not asked"}, "not asked"),
        ({"state": "unknown"}, "unknown"),
        ({"state": "counted", "objects": 1, "hours": 0.001}, "1 object, 1 min"),
        ({"state": "counted", "objects": 20, "hours": 0.5}, "20 objects, 30 min"),
        ({"state": "at least", "objects": 2, "hours": 10.0}, "at least 2 objects, 10.0 h"),
    ],
)
def test_sizes(changes: dict[str, object], cell: str) -> None:
    assert render.size({"size": NOT_ASKED | changes}) == cell


def test_names_do_not_steer_the_terminal() -> None:
    bad = "x\x1b[31m"
    text = "\n".join(
        render.table(record(workspaces=[workspace(name=bad, reasons=[bad], owners=[{"tool": bad, "seen": bad}])]))
    )
    assert "\x1b" not in text and "\\x1b" in text


def test_json_and_lines() -> None:
    assert json.loads(render.document(record())) == record()
    lines = [json.loads(line) for line in render.lines(record())]
    assert [line["type"] for line in lines] == ["workspace", "workspace", "population", "population", "summary"]
    assert lines[-1] == {"type": "summary", "schema": "1.0", "needing": 2}


def test_csv_is_whole_and_safe() -> None:
    formula = "=cmd|' /C calc'!A0"
    body = record(workspaces=[workspace(name=formula, reasons=[formula], steps=[]), healthy()])
    rows = list(reader.DictReader("\n".join(render.csv(body)).splitlines()))
    assert [row["name"] for row in rows] == [f"'{formula}", "well"] and rows[0]["reasons"] == f"'{formula}"
    assert tuple(rows[0]) == render.COLUMNS and None not in rows[0] and None not in rows[0].values()
    assert (rows[0]["objects"], rows[0]["hours"], rows[0]["needs"]) == ("1202", "1.25", "yes")
    assert (rows[1]["objects"], rows[1]["hours"], rows[1]["owned_by"]) == ("", "", "no sign seen")
    assert rows[0]["managed_disks"] == "unknown" and rows[0]["grants"].startswith("az role assignment")
