"""Bad input: what is wrong, with which thing, why, and what to do next; the agreed exit code; and nothing changed."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.harness import ROOT, Commands, Launcher, Result, Sandbox, params_of

PLAYBOOK = (ROOT / "playbooks" / "cmk-migration.yaml").read_text("utf-8")


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The small estate, and beside it a Standard workspace, names of vaults that cannot be had, and a Premium one."""
    odd = tmp_path_factory.mktemp("odd")
    number = 7405600000000002
    host = f"https://adb-{number}.2.azuredatabricks.net"
    (odd / "estate.json").write_text(
        json.dumps({"name": "odd", "region": "westeurope", "workspace_url": host, "workspace_id": number})
    )
    arm = {
        "workspaces": [{"name": "odd", "sku": "standard"}, {"name": "neighbour"}],
        "vaults": [
            {"name": "kv-soft-deleted", "deleted": True},
            {"name": "kv-other-group", "resource_group": "rg-else"},
        ],
        "taken_vault_names": ["kv-of-somebody"],
    }
    (odd / "arm.json").write_text(json.dumps(arm))
    made = Sandbox(tmp_path_factory.mktemp("bad"), "small", odd)
    yield made
    made.close()


@pytest.fixture
def place(box: Sandbox, launcher: Launcher, tmp_path: Path) -> Commands:
    return Commands(launcher, tmp_path, box.env)


def everything(box: Sandbox) -> dict[str, Any]:
    """The state of ARM and of every workspace."""
    arm = box.arm()
    hosts = [one["properties"]["workspaceUrl"] for one in arm["workspaces"].values()]
    return {"arm": arm, **{host: box.state(host) for host in hosts if host.startswith("adb-")}}


@pytest.fixture(autouse=True)
def _nothing_changes(box: Sandbox) -> Iterator[None]:
    box.forget()
    before = everything(box)
    yield
    assert [f"{one['method']} {one['host']}{one['path']}" for one in box.writes()] == []
    assert everything(box) == before


def judge(result: Result, code: int, *words: str) -> None:
    """The exit code, and a message of the agreed form that has all of `words` in it."""
    assert result.code == code, result
    assert "Traceback" not in result.out + result.err, result
    assert "unexpected" not in result.err, result
    lines = result.err.splitlines()
    assert [line for line in lines if line.startswith("Error: ")], result
    assert [line for line in lines if line.strip().startswith("next:")], result
    for word in words:
        assert word.lower() in result.err.lower(), f"{word!r} is not said: {result}"


@dataclass
class Bad:
    """A row: what is changed in the playbook or in the parameters, the exit code, and what the message must say."""

    code: int
    words: tuple[str, ...]
    edit: tuple[str, str] = ("", "")
    params: dict[str, Any] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)


GROUP = "/subscriptions/3f6c1a52-8e0b-4b57-b1a9-64d2c0a7e911/resourceGroups/rg-x/providers"
NOWHERE, NO_WORKSPACE = f"{GROUP}/Microsoft.Databricks/workspaces/gone", f"{GROUP}/Microsoft.KeyVault/vaults/gone"
AT = "mine.yaml:"  # with a line
ROWS = {
    "unknown key": Bad(
        64, ("purge_protectoin", "purge_protection", AT), ("purge_protection: true", "purge_protectoin: true")
    ),
    "unknown key of a step": Bad(
        64, ("exclud", "exclude", AT), ("    kinds: all", "    kinds: all\n    exclud: [jobs]")
    ),
    "wrong type": Bad(64, ("purge_protection", AT), ("purge_protection: true", "purge_protection: [1, 2]")),
    "wrong type of a step": Bad(64, ("kinds", AT), ("    kinds: all", "    kinds: 5")),
    "unfilled hole": Bad(64, ("steps.vualt", "vault", AT), ("${steps.vault.id}", "${steps.vualt.id}")),
    "hole that is no output": Bad(64, ("steps.vault.idd", "id", AT), ("${steps.vault.id}", "${steps.vault.idd}")),
    "unknown kind": Bad(64, ("key_vualts", "key_vaults", AT), ("kind: key_vaults", "kind: key_vualts")),
    "not YAML": Bad(64, (AT,), ("steps:", "steps: [")),
    "unknown parameter": Bad(64, ("target_nam", "target_name"), params={"target_nam": "x"}),
    "wrong type of a parameter": Bad(64, ("features",), params={"features": {"a": 1}}),
    "source does not exist": Bad(
        6, ("no such workspace", "workspaces/gone", "az databricks workspace list"), params={"source": NOWHERE}
    ),
    "source is no workspace": Bad(64, ("not a workspace", "vaults/gone"), params={"source": NO_WORKSPACE}),
    "source is not Premium": Bad(6, ("premium", "odd", "standard"), params={"source": "odd"}),
    "target is the source": Bad(6, ("workspaces/small",), params={"target_name": "small"}),
    "target is the source, by id": Bad(6, ("workspaces/small",), params={"existing_target": "small"}),
    "target does not exist": Bad(6, ("no such workspace", "workspaces/gone"), params={"existing_target": NOWHERE}),
    "taken vault name": Bad(6, ("kv-of-somebody", "taken"), params={"vault_name": "kv-of-somebody"}),
    "soft-deleted vault name": Bad(6, ("kv-soft-deleted", "soft"), params={"vault_name": "kv-soft-deleted"}),
    "vault name that cannot be": Bad(64, ("vault_name", "no_such_name!"), params={"vault_name": "no_such_name!"}),
    "wrong secret": Bad(4, ("AZURE_CLIENT_SECRET", "AADSTS7000215"), env={"AZURE_CLIENT_SECRET": "wrong"}),
    "wrong tenant": Bad(4, ("AZURE_TENANT_ID",), env={"AZURE_TENANT_ID": "00000000-0000-0000-0000-0000000000ff"}),
}


@pytest.mark.parametrize("command", ["plan", "apply"])
@pytest.mark.parametrize("name", ROWS)
def test_bad_input(name: str, command: str, box: Sandbox, place: Commands) -> None:
    row = ROWS[name]
    ids = {one["name"]: one["id"] for one in box.arm()["workspaces"].values()}
    vault = f"kv-{command}-{list(ROWS).index(name)}"  # of its own: what one row leaves, the next must not find
    changes = {
        key: ids.get(value, value) if key in ("source", "existing_target") else value
        for key, value in row.params.items()
    }
    params = params_of(box, place.folder / "p.yaml", **{"vault_name": vault, **changes})
    playbook = "cmk-migration"
    if row.edit[0]:
        assert row.edit[0] in PLAYBOOK
        playbook = str(place.folder / "mine.yaml")
        Path(playbook).write_text(PLAYBOOK.replace(*row.edit, 1), "utf-8")
    words = [command, playbook, "--params", str(params)]
    if command == "apply":
        words += ["--run", str(place.folder / "run"), "--auto-approve"]
    judge(place(*words, **row.env), row.code, *row.words)


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_no_sandbox_where_one_was_expected(command: str, box: Sandbox, place: Commands) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        proxy = f"http://127.0.0.1:{free.getsockname()[1]}"  # bound, so that nobody takes it; nobody listens
        params = params_of(box, place.folder / "p.yaml")
        words = [command, "cmk-migration", "--params", str(params)]
        words += ["--run", str(place.folder / "run"), "--auto-approve"] if command == "apply" else []
        result = place(*words, HTTPS_PROXY=proxy, https_proxy=proxy)
    judge(result, 5, "HTTPS_PROXY", "Entra", proxy.rpartition(":")[2])


@pytest.fixture
def plan(box: Sandbox, place: Commands) -> Path:
    """A kept plan."""
    params = params_of(box, place.folder / "p.yaml", target_name="planned", vault_name="kv-planned")
    path = place.folder / "kept.cmkplan"
    assert place("plan", "cmk-migration", "--params", str(params), "--out", str(path)).code == 0
    return path


def test_an_edited_plan(plan: Path, place: Commands) -> None:
    content = json.loads(plan.read_text())
    content["params"]["target_name"] = "another"
    plan.write_text(json.dumps(content))
    judge(place("apply", str(plan), "--run", "run"), 7, "edited", str(plan), "cmkmigrate plan")


def test_an_edited_action_of_a_plan(plan: Path, place: Commands) -> None:
    content = json.loads(plan.read_text())
    content["actions"].pop()
    plan.write_text(json.dumps(content))
    judge(place("apply", str(plan), "--run", "run"), 7, "edited", str(plan), "cmkmigrate plan")


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", "null", "not a plan", '{"digest": 1}', '{"digest": "x", "format": 3}']
)
def test_what_is_no_plan(content: str, place: Commands) -> None:
    path = place.folder / "strange.cmkplan"
    path.write_text(content)
    judge(place("apply", str(path), "--run", "run"), 7, str(path), "cmkmigrate plan")


def test_a_run_directory_of_another_migration(undisturbed: Any, box: Sandbox, place: Commands) -> None:
    params = params_of(box, place.folder / "p.yaml", target_name="some-other", vault_name="kv-some-other")
    words = ("apply", "cmk-migration", "--params", str(params), "--run", str(undisturbed.run), "--auto-approve")
    judge(place(*words), 7, "another migration", str(undisturbed.run), "--run")


def test_no_run_where_one_was_expected(place: Commands) -> None:
    for command in ("resume", "status", "verify"):
        judge(place(command, "nowhere"), 64, "nowhere")


def test_parameters_that_are_missing(place: Commands) -> None:
    path = place.folder / "few.yaml"
    path.write_text(yaml.safe_dump({"target_name": "x"}))
    judge(place("plan", "cmk-migration", "--params", str(path)), 64, "source", "-p source=")


def test_a_parameter_file_that_is_not_there(place: Commands) -> None:
    judge(place("plan", "cmk-migration", "--params", "none.yaml"), 64, "none.yaml")


def test_a_playbook_that_is_not_there(box: Sandbox, place: Commands) -> None:
    judge(place("plan", "cmk-migratoin", "--params", str(box.params_file)), 64, "cmk-migratoin", "cmk-migration")


class TestStale:
    """A plan whose ground has moved. The move itself is a change, made here and taken back."""

    @pytest.mark.parametrize("move", ["new notebook", "edited notebook", "gone job", "new pool"])
    def test_a_stale_plan(self, move: str, plan: Path, box: Sandbox, place: Commands) -> None:
        host = box.source_host
        path = "/Shared/planted by a test"
        change = {"path": path, "format": "SOURCE", "language": "SQL", "content": "U0VMRUNUIDE="}
        undo: Callable[[], Any]
        words = (path,)
        if move in ("new notebook", "edited notebook"):
            undo = lambda: box.call(host, "POST", "/api/2.0/workspace/delete", {"path": path})  # noqa: E731
            box.call(host, "POST", "/api/2.0/workspace/import", change)
            if move == "edited notebook":
                params = place.folder / "p.yaml"
                assert place("plan", "cmk-migration", "--params", str(params), "--out", str(plan)).code == 0
                more = change | {"content": "U0VMRUNUIDI=", "overwrite": True}
                box.call(host, "POST", "/api/2.0/workspace/import", more)
        elif move == "gone job":
            id = box.call(host, "POST", "/api/2.2/jobs/create", {"name": "planted by a test"})["job_id"]
            params = place.folder / "p.yaml"
            assert place("plan", "cmk-migration", "--params", str(params), "--out", str(plan)).code == 0
            box.call(host, "POST", "/api/2.2/jobs/delete", {"job_id": id})
            undo, words = (lambda: None), (str(id),)
        else:
            pool = {"instance_pool_name": "planted by a test", "node_type_id": "Standard_DS3_v2"}
            id = box.call(host, "POST", "/api/2.0/instance-pools/create", pool)["instance_pool_id"]
            undo = lambda: box.call(host, "POST", "/api/2.0/instance-pools/delete", {"instance_pool_id": id})  # noqa: E731
            words = ("planted by a test",)
        box.forget()
        try:
            judge(place("apply", str(plan), "--run", "run"), 7, "stale", *words, "cmkmigrate plan")
            assert box.writes() == []
        finally:
            undo()
            box.forget()
