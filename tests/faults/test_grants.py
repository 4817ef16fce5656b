"""R14: grants that take effect after a while, never, or come and go; only young ones are waited for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.faults.azure import STOPPED, WORKSPACE, Move, sandbox_of, wait_for
from tests.harness import Launcher, Sandbox

pytestmark = pytest.mark.ci
FEATURES = 3
GRANT_S = "10"  # within which a grant is young: the first refusal has to come before its end on a busy machine, too


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    made = sandbox_of(tmp_path_factory.mktemp("grants"), "never", "old")
    yield made
    made.close()


@pytest.fixture
def move(box: Sandbox, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Move]:
    return lambda name, **params: Move(box, launcher, tmp_path_factory.mktemp(name), name, **params)


def kid(box: Sandbox, name: str) -> str:
    version = box.arm()["vaults"]["kv-there"]["keys"][name][-1]["version"]
    return f"https://kv-there.vault.azure.test/keys/{name}/{version}"


def test_that_come_and_go(move: Callable[..., Move]) -> None:
    one = move("flaps")
    one.box.control("PUT", "settings", {"grants": "flap", "grant_delay_s": 0.3, "grant_flap_s": 1.0})
    done = one.apply()
    assert done.code == 0 and one.features() == FEATURES, done


def test_that_never_take_effect_for_the_operator(move: Callable[..., Move]) -> None:
    one = move("never")
    one.box.control("PUT", "settings", {"grants": "never"})
    ended = one.apply(CMKMIGRATE_GRANT_S=GRANT_S)
    assert ended.code == STOPPED and f"within {GRANT_S} s" in ended.err, ended
    assert "keys/create/action" in ended.err and "oid=" in ended.err, "the action and the principal"
    assert len(one.refusals("/keys/")) > 1 and one.puts() == []
    one.box.control("PUT", "settings", {"grants": "delay"})
    assert one.resume().code == 0 and one.features() == FEATURES


def test_that_never_take_effect_for_the_service(box: Sandbox, move: Callable[..., Move]) -> None:
    key = kid(box, "never")
    one = move("deaf", key_id=key)
    one.box.control("PUT", "settings", {"grants": "never"})
    ended = one.apply(CMKMIGRATE_GRANT_S=GRANT_S)
    assert ended.code == STOPPED and "not come into effect" in ended.err, ended
    assert f"AzureDatabricks 2ff814a6-3304-4ab8-85cb-cd0e6f879c1d (get, wrapKey, unwrapKey) on {key}" in ended.err, (
        ended
    )
    assert len(one.puts()) > 1
    one.box.control("PUT", "settings", {"grants": "delay"})
    assert one.resume().code == 0 and one.features() == FEATURES


def test_that_are_old_are_not_waited_for(box: Sandbox, move: Callable[..., Move]) -> None:
    key = kid(box, "old")
    assert move("first", key_id=key).apply().code == 0
    one = move("second", key_id=key)  # its service has the right already
    text = "PERMISSION_DENIED: Invalid permissions on the specified KeyVault"
    one.box.faults({"match": WORKSPACE, "count": -1, "action": "operation", "how": "fail", "message": text})
    ended = one.apply(CMKMIGRATE_GRANT_S="0.01")
    assert ended.code == STOPPED and "no grant is young enough" in ended.err and key in ended.err, ended
    assert len(one.puts()) == 1
    one.box.faults()
    assert one.resume().code == 0 and one.features() == FEATURES


# The last one, as it moves the clock of the service.
def test_after_ten_minutes(move: Callable[..., Move]) -> None:
    one = move("later")
    one.box.control("PUT", "settings", {"grant_delay_s": 600.0})
    started = one.begin()
    for _ in range(3):  # the operator's, the service's, the two identities': each is given when the last one counts
        before = len(one.refusals("/keys/")), len(one.puts())
        wait_for(lambda before=before: len(one.refusals("/keys/")) > before[0] or len(one.puts()) > before[1] + 1)
        one.box.control("PUT", "clock", {"advance": 601})
    done = one.end(started)
    assert done.code == 0 and one.features() == FEATURES, done
