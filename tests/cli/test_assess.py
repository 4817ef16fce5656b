"""`assess`: of the sandbox's workspaces, in every format, and what it ends with."""

from __future__ import annotations

import csv
import json
import re
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tests.cli.transcript import Terminal
from tests.harness import Sandbox
from tests.house import tree


def test_it_says_what_each_workspace_needs(terminal: Terminal, writes: Callable[[], int]) -> None:
    terminal.play(
        "$ assess\n> workspace region services disks root remedy blockers size rights owned by\n"
        "> generated-30 * platform-key platform-key platform-key in place - not asked enough *\n"
        "> generated-30: in place\n> why: managed_services, managed_disks, dbfs_root: platform-key: *\n"
        "> to do: *\n> $ cmkmigrate plan enable-in-place -p workspace=/subscriptions/*\n"
        "> Contents were not counted: --contents *\n"
        "> Assessment: 2 workspaces in 1 subscription: 2 in place; 2 need something\n= 3"
    )
    assert writes() == 0


def test_contents_are_counted_where_they_are_asked_for(terminal: Terminal, writes: Callable[[], int]) -> None:
    result = terminal.play(
        "$ assess --contents --want new-network\n! Counting generated-30\n"
        "> generated-30 * migrate - * objects, 1 min enough *\n> $ cmkmigrate plan cmk-migration *\n= 3"
    )
    assert "not asked" not in result.out and "Contents were not counted" not in result.out
    assert writes() == 0


def test_the_formats_agree(terminal: Terminal) -> None:
    body = terminal("assess -o json").json
    assert body["needing"] == len(body["workspaces"]) == 2
    lines = [json.loads(line) for line in terminal("assess -o jsonl").out.splitlines()]
    assert [line["type"] for line in lines] == ["workspace"] * 2 + ["population", "summary"]
    assert [line["workspace"] for line in lines[:2]] == [one["workspace"] for one in body["workspaces"]]
    result = terminal("assess -o csv")
    rows = list(csv.DictReader(result.out.splitlines()))
    assert [(row["workspace"], row["remedy"], row["needs"]) for row in rows] == [
        (one["workspace"], one["remedy"], "yes") for one in body["workspaces"]
    ]
    assert "--contents" in result.err, "what is no workspace is said beside it"
    page = terminal("assess -o html").out
    match = re.search(r'<script type="application/json" id="record">(.*?)</script>', page, re.DOTALL)
    assert match and [one["name"] for one in json.loads(match[1])["workspaces"]] == [
        one["name"] for one in body["workspaces"]
    ]


def test_a_file_is_its_owners_alone(terminal: Terminal) -> None:
    result = terminal("assess -o html --out page.html")
    path = terminal.folder / "page.html"
    assert result.code == 3 and result.out == "" and "Assessment: page.html" in result.err
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and path.read_text().startswith("<!DOCTYPE html>")


def test_it_ends_with_0_where_nothing_is_needed(terminal: Terminal) -> None:
    """Accepted by a person until a day: nobody has to do anything."""
    ids = [one["workspace"] for one in terminal("assess -o json").json["workspaces"]]
    until = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    entries = [{"workspace": id, "owner": "us", "reason": "goes away", "expires": until} for id in ids]
    terminal.write("scope.yaml", json.dumps({"version": 1, "excepted": entries}))
    terminal.play(
        "$ assess --scope scope.yaml\n> generated-30 * excepted excepted excepted exception *\n"
        "> Assessment: 2 workspaces in 1 subscription: 2 exception; 0 need something\n= 0"
    )


def test_what_cannot_be_read_is_no_pass(terminal: Terminal) -> None:
    other = "11111111-2222-3333-4444-555555555555"
    terminal.play(
        f"$ assess --subscription {other}\n> ! subscription {other}: could not be read: *\n"
        "> Assessment: 0 workspaces in 1 subscription: no workspace; 1 needs something\n= 3"
    )


def test_mistakes(terminal: Terminal, sandbox: Sandbox) -> None:
    wanted = f"version: 1\nwanted:\n  - workspace: {sandbox.params['source']}\n    reasons: [newer]\n"
    terminal.write("scope.yaml", wanted)
    terminal.play(
        "$ assess --scope scope.yaml\n! Error: ['newer'] are no reasons\n! object: scope.yaml:4\n= 64\n"
        "$ assess --scope none.yaml\n! Error: the scope file cannot be read\n= 64\n"
        "$ assess --want everything\n= 64\n"
        "$ assess --runs none\n! Error: there is no such folder\n= 64\n"
        "$ assess --databricks-object-id x\n! Error: 'x' is not an object id\n= 64\n"
        "$ assess -o ocsf\n= 64"
    )


def test_wrong_credentials(terminal: Terminal) -> None:
    terminal.play("$ assess\n! Error: signing in to Azure failed\n= 4", AZURE_CLIENT_SECRET="wrong")


def test_the_commands_of_the_page_work(terminal: Terminal) -> None:
    """Those of docs/assess.md, typed as they stand."""
    text = (tree.ROOT / "docs" / "assess.md").read_text("utf-8")
    blocks = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("cmkmigrate ")]
    assert len(lines) == 4
    for line in lines:
        assert terminal(line.partition("#")[0].removeprefix("cmkmigrate ")).code == 3, line
    assert (terminal.folder / "assess.html").is_file()


def test_the_reasons_of_the_flag_are_those_of_the_code() -> None:
    from cmkmigrate.assess.model import Want
    from cmkmigrate.cli.assess import Reason

    assert [*Reason] == [*Want]
