"""`audit`: of the sandbox's workspaces, in every format, and what it ends with."""

from __future__ import annotations

import csv
import json
import stat
from collections.abc import Callable

from tests.cli.transcript import Terminal
from tests.harness import Sandbox


def test_it_finds_what_is_not_under_our_key(terminal: Terminal, writes: Callable[[], int]) -> None:
    terminal.play(
        "$ audit\n> workspace region plan feature verdict key, or why\n"
        "> generated-30 * managed_services platform-key *\n"
        "> Audit: 2 workspaces in 1 subscription; features: 0 cmk, 6 platform-key, 0 unknown; 6 findings\n= 3\n"
        "$ audit --exit-zero\n> Audit: *\n= 0"
    )
    assert writes() == 0


def test_the_formats_agree(terminal: Terminal, sandbox: Sandbox) -> None:
    body = terminal("audit -o json").json
    assert body["findings"] == len(body["rows"]) == 6
    assert [one["workspaces"] for one in body["population"]] == [2]
    lines = [json.loads(line) for line in terminal("audit -o jsonl").out.splitlines()]
    assert [line["type"] for line in lines] == ["feature"] * 6 + ["population", "summary"]
    rows = list(csv.DictReader(terminal("audit -o csv").out.splitlines()))
    assert [row["workspace"] for row in rows] == [row["workspace"] for row in body["rows"]]


def test_a_subscription_that_cannot_be_read_is_a_finding(terminal: Terminal) -> None:
    other = "11111111-2222-3333-4444-555555555555"
    terminal.play(
        f"$ audit --subscription {other}\n> ! subscription {other}: could not be read: *\n"
        "> Audit: 0 workspaces in 1 subscription (1 not readable); *; 1 finding\n= 3"
    )
    result = terminal(f"audit --subscription {other} -o csv")
    assert result.code == 3
    assert "could not be read" in result.err


def test_a_file_of_its_own(terminal: Terminal, writes: Callable[[], int]) -> None:
    for form in ("table", "json", "jsonl", "csv", "ocsf", "html"):
        result = terminal(f"audit -o {form} --out audit.{form}")
        assert (result.code, result.out) == (3, "")
        path = terminal.folder / f"audit.{form}"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert "generated-30" in path.read_text("utf-8")
    assert writes() == 0
    (first, *_) = json.loads((terminal.folder / "audit.ocsf").read_text("utf-8"))
    assert first["class_uid"] == 2003
    assert (terminal.folder / "audit.html").read_text("utf-8").startswith("<!DOCTYPE html>")


def test_exceptions_end(terminal: Terminal, sandbox: Sandbox) -> None:
    source = sandbox.params["source"]
    entry = {"workspace": source, "owner": "us", "reason": "goes away", "expires": "2099-01-01"}
    terminal.write("scope.yaml", json.dumps({"version": 1, "excepted": [entry]}))
    terminal.play("$ audit --scope scope.yaml\n> generated-30 * excepted accepted by us until 2099-01-01*\n= 3")
    terminal.write("scope.yaml", json.dumps({"version": 1, "excepted": [entry | {"expires": "2001-01-01"}]}))
    terminal.play("$ audit --scope scope.yaml\n> generated-30 * platform-key *\n= 3")


def test_mistakes(terminal: Terminal) -> None:
    terminal.write("scope.yaml", "version: 1\nexcept: []\n")
    terminal.play(
        "$ audit --scope scope.yaml\n! Error: unknown key 'except'\n! object: scope.yaml:2\n= 64\n"
        "$ audit --scope none.yaml\n! Error: the scope file cannot be read\n= 64\n"
        "$ audit --runs none\n! Error: there is no such folder\n= 64\n"
        "$ audit --databricks-object-id x\n! Error: 'x' is not an object id\n= 64\n"
        "$ audit -o xml\n= 64"
    )


def test_wrong_credentials(terminal: Terminal) -> None:
    terminal.play("$ audit\n! Error: signing in to Azure failed\n= 4", AZURE_CLIENT_SECRET="wrong")
