"""`plan`: bad input is told with its place and exit code; nothing is written; every format."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable

import pytest
import yaml

from tests.cli.transcript import Terminal
from tests.harness import Sandbox
from tests.pools import POOLS

BAD_PLAYBOOKS = {
    "unknown key": (
        f"{POOLS}    exlude: [x]\n",
        "$ plan bad.yaml\n! Error: unknown key 'exlude'\n! object: bad.yaml:12\n! why: *did you mean 'exclude'?\n= 64",
    ),
    "wrong type": (
        POOLS.replace("[instance_pools]", "3"),
        "$ plan bad.yaml\n! Error: steps.0.kinds: *\n! object: bad.yaml:11\n= 64",
    ),
    "unfilled hole": (
        POOLS.replace("${params.target}", "${params.tarket}"),
        "$ plan bad.yaml\n! Error: nothing fills ${params.tarket}\n! object: bad.yaml:8\n! why: *'target'?\n= 64",
    ),
    "unknown kind": (
        POOLS.replace("instance_pools", "instance_pol"),
        "$ plan bad.yaml\n! Error: unknown kind 'instance_pol'\n! object: bad.yaml:11\n! why: *'instance_pools'?\n= 64",
    ),
    "no YAML": ("steps: [", "$ plan bad.yaml\n! Error: this is not YAML\n! object: bad.yaml:*\n= 64"),
    "a key twice": (f"{POOLS}playbook: x\n", "$ plan bad.yaml\n! Error: the key 'playbook' stands twice\n= 64"),
    "a list": ("- a\n", "$ plan bad.yaml\n! Error: a playbook is a mapping *\n! object: bad.yaml:1\n= 64"),
}


@pytest.mark.parametrize("what", BAD_PLAYBOOKS)
def test_a_bad_playbook(what: str, offline: Terminal) -> None:
    text, transcript = BAD_PLAYBOOKS[what]
    offline.write("bad.yaml", text)
    offline.play(transcript)


BAD_PARAMS = {
    "missing": "$ plan pools.yaml\n! Error: parameter 'source' is missing\n! next: add -p source=VALUE*\n= 64",
    "unknown": "$ plan pools.yaml -p sorce=x\n! Error: unknown parameter 'sorce'\n! why: *did you mean 'source'?\n= 64",
    "no value": "$ plan pools.yaml -p source\n! Error: 'source' is not NAME=VALUE\n! object: -p\n= 64",
    "no file": "$ plan pools.yaml --params no.yaml\n! Error: the parameters cannot be read\n! object: no.yaml\n= 64",
    "nested": "$ plan pools.yaml --params nested.yaml\n! Error: 'source' is not *\n! object: nested.yaml:2\n= 64",
    "a list": "$ plan pools.yaml --params list.yaml\n! Error: parameters are a flat *\n! object: list.yaml:1\n= 64",
    "mistyped": "$ plan pools.yaml --params typed.yaml\n! Error: parameter 'source' must be text, not 3\n= 64",
    "no playbook": "$ plan cmk-migratoin\n! Error: there is no playbook *\n! why: *'cmk-migration'?\n= 64",
    "no such path": (
        "$ plan contents-olny.yml\n! Error: there is no such playbook file\n! object: contents-olny.yml\n"
        "! why: shipped are cmk-migration, contents-only, enable-in-place; *did you mean 'contents-only'?\n"
        "! next: cmkmigrate plan *\n= 64"
    ),
    "of another, as a flag": "$ plan pools.yaml -p target_name=x\n! Error: unknown parameter 'target_name'\n= 64",
    "no workspace": "$ plan pools.yaml -p source=ftp://x -p target=y\n! Error: 'ftp://x' is not a workspace\n= 64",
    "a bad cloud": "$ plan pools.yaml -p source=x -p target=y\n! Error: CMKMIGRATE_CLOUD is 'moon'\n= 64",
}


@pytest.mark.parametrize("what", BAD_PARAMS)
def test_bad_parameters(what: str, offline: Terminal) -> None:
    offline.write("pools.yaml", POOLS)
    offline.write("nested.yaml", "# flat?\nsource: {a: 1}\n")
    offline.write("list.yaml", "- source\n")
    offline.write("typed.yaml", "source: 3\ntarget: x\n")
    offline.play(BAD_PARAMS[what], **({"CMKMIGRATE_CLOUD": "moon"} if what == "a bad cloud" else {}))


def test_no_sandbox_where_one_was_expected(offline: Terminal) -> None:
    offline.write("pools.yaml", POOLS)
    source = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Databricks/workspaces/old"
    offline.play(
        f"$ plan pools.yaml -p source={source} -p target=x\n"
        "! Error: Entra cannot be reached\n! why: *\n! next: check the network, HTTPS_PROXY *\n= 5"
    )


def test_wrong_credentials(terminal: Terminal, writes: Callable[[], int]) -> None:
    terminal.play(
        "$ plan pools.yaml --params params.yaml\n! Error: signing in to Azure failed\n! why: *AADSTS*\n! next: *\n= 4",
        AZURE_CLIENT_SECRET="wrong",
    )
    assert writes() == 0


def test_a_source_that_is_not_there_or_is_the_target(terminal: Terminal, sandbox: Sandbox) -> None:
    terminal.play(
        f"$ plan pools.yaml --params params.yaml -p source={sandbox.params['source']}x\n"
        "! Error: there is no such workspace\n! object: */workspaces/*x\n! next: az databricks workspace list *\n= 6\n"
        f"$ plan pools.yaml --params params.yaml -p target={sandbox.params['source']}\n"
        "! Error: source and target are the same workspace\n= 64"
    )


def test_it_writes_nothing_and_says_what_it_would(terminal: Terminal, writes: Callable[[], int]) -> None:
    terminal.play(
        "$ plan pools.yaml --params params.yaml\n"
        "> pools-only: /subscriptions/* -> /subscriptions/*\n> Step pools\n> instance_pools + *\n"
        "> Plan: * to create, 0 to change, 0 to keep, 0 blocked, 0 excluded, 0 unsupported\n= 0\n"
        "$ plan pools.yaml --params params.yaml --detailed-exitcode\n> Plan: *\n= 2"
    )
    assert writes() == 0
    assert not (terminal.folder / "cmkmigrate-runs").exists()


def test_flags_win_over_the_file(terminal: Terminal, sandbox: Sandbox) -> None:
    terminal.write("params.yaml", f"source: nonsense\ntarget: {sandbox.params['target']}\n")
    terminal.play(f"$ plan pools.yaml --params params.yaml -p source={sandbox.params['source']}\n> Plan: *\n= 0")


def test_what_only_another_shipped_playbook_takes_is_left_out_of_a_file(terminal: Terminal, sandbox: Sandbox) -> None:
    terminal.write("all.yaml", yaml.safe_dump(sandbox.params))
    result = terminal.play(
        "$ plan pools.yaml --params all.yaml\n"
        "! all.yaml: pools-only does not take *target_name*: left out\n> Plan: *\n= 0"
    )
    assert result.err.count("left out") == 1
    terminal.write("wrong.yaml", yaml.safe_dump({**sandbox.params, "target_nam": "x"}))
    terminal.play("$ plan pools.yaml --params wrong.yaml\n! Error: unknown parameter 'target_nam'\n= 64")


def test_the_target_of_contents_only_is_none_of_cmk_migration(terminal: Terminal, sandbox: Sandbox) -> None:
    terminal.write("all.yaml", yaml.safe_dump(sandbox.params))
    steps = {one["step"] for one in terminal("plan cmk-migration --params all.yaml -o json").json["actions"]}
    assert {"vault", "key", "workspace"} <= steps
    line = f"plan cmk-migration --params all.yaml -p existing_target={sandbox.params['target']}"
    terminal.play(f"$ {line}\n> Step vault: left out (existing_target is given)\n> Plan: *\n= 0")


def test_it_says_what_its_steps_rest_on(terminal: Terminal, sandbox: Sandbox) -> None:
    terminal.write("all.yaml", yaml.safe_dump(sandbox.params))
    terminal.play(
        "$ plan cmk-migration --params all.yaml\n> Rests on what nobody has confirmed on Azure *selftest --live*\n"
        "> key_access: that a grant *\n> workspaces: whether a key for disks is checked *\n> root_encryption: *\n"
        "> Plan: *\n= 0"
    )
    kinds = {one["kind"] for one in terminal("plan cmk-migration --params all.yaml -o json").json["unverified"]}
    assert kinds == {"keys", "key_access", "workspaces", "root_encryption"}
    result = terminal("plan pools.yaml --params params.yaml")
    assert "Rests on" not in result.out


def test_the_formats_agree(terminal: Terminal) -> None:
    line = "plan pools.yaml --params params.yaml -o "
    document = terminal(f"{line}json").json
    assert document["counts"]["create"] == len(document["actions"]) > 0
    lines = [json.loads(one) for one in terminal(f"{line}jsonl").out.splitlines()]
    assert [one["type"] for one in lines] == ["planned_change"] * len(document["actions"]) + ["change_summary"]
    assert lines[-1]["counts"] == document["counts"]
    rows = list(csv.DictReader(terminal(f"{line}csv").out.splitlines()))
    assert [row["key"] for row in rows] == [one["key"] for one in document["actions"]]
    terminal.play(
        "$ plan pools.yaml --params params.yaml -o xml\n! Error: *'xml'*\n! next: cmkmigrate plan --help\n= 64"
    )


def test_a_plan_that_cannot_be_kept(terminal: Terminal) -> None:
    terminal.play(
        "$ plan pools.yaml --params params.yaml --out no/where.cmkplan\n"
        "! Error: the file cannot be written\n! object: no/where.cmkplan\n! why: No such file or directory\n= 64"
    )


THERE = """
playbook: there
about: Makes a workspace, for tests
params:
  source: {type: workspace}
  target_name: {type: name}
source: "${params.source}"
target: "${steps.workspace.id}"
steps:
  - id: workspace
    kind: workspaces
    with:
      name: "${params.target_name}"
      features: []
      double_encryption: true
"""


def test_what_apply_would_not_begin_ends_with_6(
    terminal: Terminal, sandbox: Sandbox, writes: Callable[[], int]
) -> None:
    taken = str(sandbox.params["target"]).rpartition("/")[2]
    group = str(sandbox.params["target"]).split("/")[4]
    terminal.write("there.yaml", f"{THERE}      resource_group: {group}\n")
    terminal.play(
        f"$ plan there.yaml -p source={sandbox.params['source']} -p target_name={taken}\n"
        "> Plan: *1 blocked*\n! Error: step 'workspace' cannot go well, so apply would not begin\n"
        "! object: workspaces *\n! why: *not made by this run*\n! next: mend it*\n= 6"
    )
    assert writes() == 0
