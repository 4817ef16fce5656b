"""R8: tokens that end in the middle of a run, or are not given out any more. R15: no URL that is signed for a while."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest

from tests.faults.azure import INCOMPLETE, NOT_ALLOWED, STOPPED, Move, wait_for
from tests.harness import Launcher, Result, Sandbox

pytestmark = pytest.mark.ci
TOKEN = {"method": "POST", "path": "*/oauth2/v2.0/token"}
LIFE_S = 4  # of a token, in runs that take several times as long
SIGNED = {"sig", "sv", "se", "X-Amz-Signature"}  # of a shared access signature, or of another store's
HOSTS = ("management.azure.test", "login.microsoftonline.test", "graph.microsoft.test")
SUFFIXES = (".azuredatabricks.test", ".vault.azure.test")
BUSY = {"match": {"host": "adb-*", "path": "/api/2.*/jobs/create"}, "count": -1, "action": "refuse", "status": 429}
CHALLENGE = 'Bearer authorization_uri="https://login.microsoftonline.test/t", error="invalid_token"'
SHORT = {"match": TOKEN, "count": -1, "action": "token", "seconds": LIFE_S}


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
    move.box.faults(SHORT)
    done = move.apply()
    as_usual(done)
    assert given_out(move) > 6, "four audiences, and some of them again"
    asked = {str(one["host"]) for one in move.box.requests()}
    assert [host for host in asked if host not in HOSTS and not host.endswith(SUFFIXES)] == []
    signed = [one for one in move.box.requests() if SIGNED & parse_qs(one["query"]).keys()]
    assert signed == [], "nothing is loaded from a URL that ends (R15)"


def test_that_are_refused_before_their_end(move: Move) -> None:
    body = {"error_code": "UNAUTHENTICATED", "message": "Token is expired"}
    refused = {"match": {"host": "adb-*"}, "action": "refuse", "status": 401, "body": body}
    said = {"error": {"code": "ExpiredAuthenticationToken", "message": "The access token is expired."}}
    arm = refused | {"match": {"host": "management.*"}, "headers": {"www-authenticate": CHALLENGE}, "body": said}
    rules = [refused | {"offset": 30}, refused | {"offset": 200}, arm | {"offset": 10}, arm | {"offset": 50}]
    move.box.faults(*rules)
    as_usual(move.apply())
    assert [one for one in range(len(rules)) if move.seen(one) <= int(rules[one]["offset"])] == [], "all were refused"


def test_that_are_not_to_be_had_three_times(move: Move) -> None:
    move.box.faults({"match": TOKEN, "offset": 5, "count": 3, "action": "refuse", "status": 503}, SHORT)
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
    ended = {"match": TOKEN, "count": -1, "action": "refuse", "status": 401, "body": said}
    move.box.faults(BUSY, SHORT)
    started = move.begin()
    wait_for(lambda: move.seen() > 0)
    move.box.faults(ended, BUSY)
    stopped = move.end(started)
    assert stopped.code == NOT_ALLOWED and "AADSTS7000222" in stopped.err, stopped
    move.box.faults()
    tenant = move.resume(AZURE_TENANT_ID="99999999-0000-4000-8000-000000000000")
    assert tenant.code == NOT_ALLOWED and "signing in to Azure failed" in tenant.err, tenant
    as_usual(move.resume())
