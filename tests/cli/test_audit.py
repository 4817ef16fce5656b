"""`audit`: of the sandbox's workspaces, in every format, and what it ends with."""

from __future__ import annotations

import csv
import json
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


def test_wrong_credentials(terminal: Terminal) -> None:
    terminal.play("$ audit\n! Error: signing in to Azure failed\n= 4", AZURE_CLIENT_SECRET="wrong")
