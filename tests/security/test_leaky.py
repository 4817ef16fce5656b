"""Secrets that people have put where none belongs move with what they are in, and are in nothing that is left behind.

`tests/e2e/test_canaries.py` has the search, and those of secret scopes.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.test_canaries import found_in
from tests.harness import Commands, Launcher, Sandbox, params_of
from tests.security import leaky

pytestmark = [pytest.mark.ci]
WRITTEN = ("clusters/create", "jobs/create", "policies/clusters/create", "pipelines", "workspace/import")
QUOTED = json.dumps([leaky.SPARK, leaky.VARIABLES, leaky.SCRIPT, leaky.CODE])
NAMED = {name: value for name, value in leaky.CANARIES.items() if name != "credential in a file"}


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    made = Sandbox(tmp_path_factory.mktemp("leaky"), leaky.build(tmp_path_factory.mktemp("leaky-estate")))
    yield made
    made.close()


def words(box: Sandbox, place: Commands, name: str) -> tuple[str, ...]:
    params = params_of(box, place.folder / "p.yaml", target_name=name, vault_name=f"kv-{name}")
    return ("apply", "cmk-migration", "--params", str(params), "--run", str(place.folder / "run"), "--auto-approve")


def test_the_estate_has_them(box: Sandbox) -> None:
    state = json.dumps(box.state(box.source_host))
    assert [name for name, value in leaky.CANARIES.items() if value not in state] == [
        "token in an init script", "password in a notebook", "credential in a file",
    ], "those are in contents"  # fmt: skip


def test_a_whole_run_leaves_none(box: Sandbox, launcher: Launcher, tmp_path: Path) -> None:
    """Two passes, the second with a change on each side; everything that shows, with --debug."""
    place = Commands(launcher, tmp_path, box.env)
    apply, run, params = words(box, place, "leaky-1"), str(tmp_path / "run"), str(tmp_path / "p.yaml")
    plan = ("plan", "cmk-migration", "--params", params, "--run", run, "--debug")
    assert place("plan", "cmk-migration", "--params", params, "--out", "first.cmkplan", "-o", "json").code == 0
    done = place(*apply, "-o", "jsonl", "--debug")
    assert done.code in (0, 3), done
    target = box.host_of("leaky-1")
    moved = json.dumps(box.state(target))
    assert leaky.CANARIES["password"] in moved and leaky.CANARIES["personal access token"] in moved, "it moves"
    for host, name in ((box.source_host, "odd 1"), (target, "odd 2")):
        clusters = box.call(host, "GET", "/api/2.1/clusters/list")["clusters"]
        body = next(one for one in clusters if one["cluster_name"] == name)
        kept = {
            key: body[key] for key in ("cluster_id", "cluster_name", "spark_version", "node_type_id", "num_workers")
        }
        changed = {**leaky.VARIABLES, "DB_PASSWORD": leaky.CANARIES["password"] + " changed"}
        more = {"spark_conf": leaky.SPARK, "spark_env_vars": changed, "custom_tags": body.get("custom_tags") or {}}
        box.call(host, "POST", "/api/2.1/clusters/edit", {**kept, **more})
    for line in (
        *((*plan, "-o", form) for form in ("table", "json", "jsonl", "csv")),
        (*plan, "--out", "second.cmkplan"),
        (*apply, "-o", "json", "--debug"),
        ("verify", run, "--depth", "content", "-o", "json", "--debug"),
        ("status", run, "-o", "json"),
        ("logs", run, "--step", "contents"),
        ("runs", "list", str(tmp_path)),
        ("report", run, "--out", "report.html"),
        ("audit", "-o", "json", "--runs", run, "--debug"),
        ("assess", "--contents", "--debug"),
        ("doctor", "cmk-migration", "--params", params, "--run", run, "--debug"),
    ):
        done = place(*line)
        assert done.code in (0, 3, 6), done
    assert found_in(tmp_path, leaky.values()) == []


@pytest.mark.parametrize("status", [400, 500])
def test_refusals_that_quote_what_they_refuse(status: int, box: Sandbox, launcher: Launcher, tmp_path: Path) -> None:
    """A service, or a proxy before it, may do so, whole or cut off, as JSON or as Python would."""
    place = Commands(launcher, tmp_path, {**box.env, "CMKMIGRATE_TIMEOUT_S": "1"})
    name = f"leaky-{status}"
    told = " ".join(f"{key}='{value}'" for key, value in (leaky.SPARK | leaky.VARIABLES).items())
    texts = (f"Cannot take {QUOTED}", f"Cannot take {json.dumps(QUOTED)}", f"No: {leaky.VARIABLES!r}", told)
    rules = []
    for path in WRITTEN:
        match = {"path": f"/api/*/{path}", "method": "POST", "host": "adb-*"}
        for at, text in enumerate(texts):
            body = {"error_code": "INVALID_PARAMETER_VALUE" if status < 500 else "INTERNAL_ERROR", "message": text}
            rules.append({"match": match, "offset": at, "action": "status", "status": status, "body": body})
    box.faults(*rules)
    done = place(*words(box, place, name), "-o", "jsonl", "--debug")
    assert done.code in (0, 3, 5), done
    for _ in range(len(texts) + 2):  # where the run's own marker is refused, it stops
        resumed = place("resume", str(tmp_path / "run"), "--retry-failed", "-o", "json", "--debug")
        assert resumed.code in (0, 3, 5), resumed
        if resumed.code != 5:
            break
    assert resumed.code in (0, 3), resumed
    assert place("report", str(tmp_path / "run"), "--out", "report.html").code == 0
    if status < 500:
        assert "(hidden)" in done.out + done.err, "the words are kept, and not what they quote"
    assert found_in(tmp_path, {name: value.encode() for name, value in NAMED.items()}) == []


@pytest.mark.parametrize("debug", [(), ("--debug",)])
def test_a_mistake_of_the_tool_shows_none(
    debug: tuple[str, ...], box: Sandbox, launcher: Launcher, tmp_path: Path
) -> None:
    """With the whole body in the words of the error, and in those of its cause."""
    place = Commands(launcher, tmp_path, box.env)
    done = place(*words(box, place, f"leaky-bug-{len(debug)}"), *debug, patch="break_clusters")
    assert done.code == 1 and ("Traceback" in done.err) is bool(debug), done
    assert "RuntimeError" in done.err and "(hidden)" in done.err, done
    assert found_in(tmp_path, leaky.values()) == []


def test_who_dies_writing_them_leaves_none(box: Sandbox, launcher: Launcher, tmp_path: Path) -> None:
    place = Commands(launcher, tmp_path, {**box.env, "CMKMIGRATE_TIMEOUT_S": "1"})
    apply = words(box, place, "leaky-dies")
    started = place.start(*apply, "--debug")
    match = {"path": "/api/*/clusters/create", "method": "POST"}
    box.faults({"match": match, "offset": 1, "action": "kill_after", "pid": started[0]})
    assert place.finish(started).code == -9
    assert found_in(tmp_path, leaky.values()) == []
    box.faults()
    assert place("resume", str(tmp_path / "run")).code in (0, 3)
    assert found_in(tmp_path, leaky.values()) == []


# --- az login ---------------------------------------------------------------------------------------------------------

AZ = """#!{python}
import json, pathlib, sys
tokens = json.loads(pathlib.Path({tokens!r}).read_text())
words = " ".join(sys.argv[1:])
pathlib.Path({seen!r}).open("a").write(words + "\\n")
for scope, token in tokens.items():
    if scope in words:
        print(json.dumps({{"accessToken": token, "refreshToken": {canary!r}, "expiresOn": "2099-01-01 00:00:00.000000",
                          "expires_on": 4070908800, "subscription": "s", "tenant": "t", "tokenType": "Bearer"}}))
        raise SystemExit(0)
print("ERROR: AADSTS700082: refresh_token={canary} expired. Body: " + json.dumps({{"refreshToken": {canary!r}}}),
      file=sys.stderr)
raise SystemExit(1)
"""


@pytest.mark.parametrize("signed_in", [True, False])
def test_what_az_answers_is_kept_nowhere(signed_in: bool, box: Sandbox, launcher: Launcher, tmp_path: Path) -> None:
    """A program in the place of the Azure CLI, which says more than it is asked for, and what it has in its errors."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    arm, databricks = "https://management.azure.test", "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d"
    tokens = {scope: box._token(scope) for scope in (arm, databricks)} if signed_in else {}
    (elsewhere / "tokens").write_text(json.dumps(tokens))
    canary = leaky.CANARIES["refresh token"]
    given = {"tokens": str(elsewhere / "tokens"), "seen": str(elsewhere / "seen"), "canary": canary}
    az = elsewhere / "az"
    az.write_text(AZ.format(python=sys.executable, **given))
    az.chmod(stat.S_IRWXU)
    env = {name: value for name, value in box.env.items() if not name.startswith("AZURE_CLIENT")}
    place = Commands(launcher, tmp_path / "place", env)
    place.env["PATH"] = f"{elsewhere}{os.pathsep}{place.env['PATH']}"
    done = place("audit", "--debug", AZURE_TOKEN_CREDENTIALS="AzureCliCredential")
    assert (elsewhere / "seen").exists(), done
    assert done.code in ((0, 3) if signed_in else (4,)), done
    values = {"refresh token": canary.encode(), **{scope: token.encode() for scope, token in tokens.items()}}
    assert found_in(place.folder, values) == []
    assert canary not in (elsewhere / "seen").read_text()
