"""R8: tokens that end in the middle of a run, or are not given out any more. R15: no URL that is signed for a while."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest

from tests.faults.azure import INCOMPLETE, NOT_ALLOWED, STOPPED, Move
from tests.harness import Launcher, Result, Sandbox

pytestmark = pytest.mark.ci
TOKEN = {"method": "POST", "path": "*/oauth2/v2.0/token"}
LIFE_S = 4  # of a token, in runs that take several times as long
SIGNED = {"sig", "sv", "se", "X-Amz-Signature"}  # of a shared access signature, or of another store's
HOSTS = ("management.azure.test", "login.azure.test", "graph.azure.test", ".azuredatabricks.test", ".vault.azure.test")


@pytest.fixture
def move(small: Sandbox, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> Move:
    name = f"t-{tmp_path_factory.mktemp('t').name.removeprefix('t')}"
    return Move(small, launcher, tmp_path_factory.mktemp("tokens"), name)


def given_out(move: Move) -> int:
    return sum(one["path"].endswith("/oauth2/v2.0/token") and one["status"] == 200 for one in move.box.requests())


def as_usual(done: Result) -> None:
    """It ended as a run of the small estate does that nothing happened to."""
    assert done.code == INCOMPLETE and "401" not in done.out and "403" not in done.out, done


def test_that_live_for_a_part_of_the_run(move: Move) -> None:
    move.box.faults({"match": TOKEN, "count": -1, "action": "token", "seconds": LIFE_S})
    done = move.apply()
    as_usual(done)
    assert given_out(move) > 6, "four audiences, and some of them again"
    asked = {str(one["host"]) for one in move.box.requests()}
    assert [host for host in asked if not host.endswith(HOSTS)] == []
    signed = [one for one in move.box.requests() if SIGNED & parse_qs(one["query"]).keys()]
    assert signed == [], "nothing is loaded from a URL that ends (R15)"


def test_that_are_refused_before_their_end(move: Move) -> None:
    body = {"error_code": "UNAUTHENTICATED", "message": "Token is expired"}
    refused = {"match": {"host": "adb-*"}, "action": "refuse", "status": 401, "body": body}
    move.box.faults(refused | {"offset": 30}, refused | {"offset": 200}, refused | {"offset": 400})
    done = move.apply()
    as_usual(done)
    assert sum(one["fault"] is not None for one in move.box.requests()) >= 2


def test_that_are_not_to_be_had_three_times(move: Move) -> None:
    short = {"match": TOKEN, "count": -1, "action": "token", "seconds": LIFE_S}
    move.box.faults({"match": TOKEN, "offset": 5, "count": 3, "action": "refuse", "status": 503}, short)
    done = move.apply()
    if done.code == STOPPED:
        assert "Entra does not answer" in done.err and "resume" in done.err, done
        done = move.resume()
    as_usual(done)


def test_of_somebody_who_may_not_sign_in_any_more(move: Move) -> None:
    said = {
        "error": "invalid_client",
        "error_description": "AADSTS7000222: The provided client secret keys are expired.",
    }
    short = {"match": TOKEN, "count": -1, "action": "token", "seconds": LIFE_S}
    ended = {"match": TOKEN, "offset": 6, "count": -1, "action": "refuse", "status": 401, "body": said}
    move.box.faults(ended, short)
    stopped = move.apply()
    assert stopped.code == NOT_ALLOWED and "AADSTS7000222" in stopped.err, stopped
    move.box.faults()
    tenant = move.resume(AZURE_TENANT_ID="99999999-0000-4000-8000-000000000000")
    assert tenant.code == NOT_ALLOWED and "AADSTS90002" in tenant.err, tenant
    as_usual(move.resume())
