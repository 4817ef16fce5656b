"""Secrets where somebody looks after something went wrong: tracebacks, --debug, what the dead leave, tokens.

`tests/e2e/test_canaries.py` has the search, and whole runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Migration
from tests.e2e.test_canaries import canaries, found_in
from tests.harness import ROOT, Commands, Sandbox, params_of

pytestmark = [pytest.mark.ci]


@pytest.mark.parametrize("where", ["write", "read"])
@pytest.mark.parametrize("debug", [(), ("--debug",)])
def test_a_mistake_of_the_tool_shows_no_value(
    where: str, debug: tuple[str, ...], small: Sandbox, commands: Callable[[Sandbox, str], Commands]
) -> None:
    """In the middle of a secret, with the value in the words of the error and in those of its cause."""
    place = commands(small, "mistake")
    name = f"mistake-{where}-{len(debug)}"
    params = params_of(small, place.folder / "p.yaml", target_name=name, vault_name=f"kv-{name}")
    run = str(place.folder / "run")
    words = ("apply", "cmk-migration", "--params", str(params), "--run", run, "--auto-approve", *debug)
    done = place(*words, patch=f"break_secrets:{where}")
    assert done.code not in (0, 3) and "while a secret was carried" in done.err, done
    assert ("Traceback" in done.err) is bool(debug), done
    assert found_in(place.folder, canaries(small)) == []
    resumed = place("resume", run, CMKMIGRATE_TIMEOUT_S="1")
    assert resumed.code == 3, resumed
    assert found_in(place.folder, canaries(small)) == []


def test_who_dies_reading_a_value_leaves_none(undisturbed: Migration, small: Sandbox) -> None:
    """`verify --depth content` reads all values of both sides; it is killed in the middle, its scratch ledger stays."""
    place = undisturbed.commands
    for count in (4, 30):
        started = place.start("verify", str(undisturbed.run), "--depth", "content", "--debug")
        match = {"path": "/api/2.0/secrets/get"}
        small.faults({"match": match, "offset": count, "action": "kill_after", "pid": started[0]})
        assert place.finish(started).code == -9
        assert found_in(place.folder, canaries(small)) == []
    assert [one for one in place.temporary.rglob("*") if one.is_file()], "what it left was looked through"


def test_tokens_and_the_client_secret_are_nowhere(
    small: Sandbox, commands: Callable[[Sandbox, str], Commands], tmp_path: Path
) -> None:
    """Bearer tokens of all audiences, and the secret of the service principal; with --debug, and refused."""
    place = commands(small, "tokens")
    params = str(params_of(small, place.folder / "p.yaml", target_name="tokens", vault_name="kv-tokens"))
    patch = f"keep_tokens:{tmp_path / 'tokens'}"
    words = ("apply", "cmk-migration", "--params", params, "--run", str(place.folder / "run"), "--auto-approve")
    assert place(*words, "--debug", patch=patch).code == 3
    assert place("doctor", "cmk-migration", "--params", params, "--debug", patch=patch).code in (0, 3, 6)
    assert place("audit", "--out", "audit.json", "-o", "json", "--debug", patch=patch).code in (0, 3)
    small.faults({"match": {"host": "management.*"}, "count": -1, "action": "status", "status": 401})
    assert place("audit", "--debug", patch=patch).code not in (0, 3)
    tokens = set((tmp_path / "tokens").read_text().splitlines())
    assert len(tokens) >= 4
    values = {f"token {at}": token.encode() for at, token in enumerate(tokens)}
    values["client secret"] = place.env["AZURE_CLIENT_SECRET"].encode()
    assert found_in(place.folder, values) == []
    lines = [line for path in place.folder.rglob("*.err") for line in path.read_text().splitlines() if "HTTP " in line]
    assert len(lines) > 500 and any("request-id=" in line for line in lines)
    assert not [line for line in lines if "sig=" in line or "Bearer" in line]


def test_no_child_process_could_be_given_a_secret() -> None:
    """The product starts none, but for the sandbox of its demonstration and that of its self-test."""
    source = ROOT / "src" / "cmkmigrate"
    starts = re.compile(r"\b(subprocess|multiprocessing|os\.(system|popen|exec\w*|spawn\w*|fork)|pty)\b")
    own = [path for path in source.rglob("*.py") if source / "sandbox" not in path.parents]
    assert {str(path.relative_to(source)) for path in own if starts.search(path.read_text("utf-8"))} <= {
        "cli/demo.py",
        "cli/sandbox.py",
        "cli/selftest.py",
    }
