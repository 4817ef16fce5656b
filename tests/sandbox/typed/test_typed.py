"""Every method of databricks-sdk that leads to a route of the sandbox is called, unmodified and typed, and answered.

The client finds the workspace by its ARM id under the public cloud's names, and reaches it by `HTTPS_PROXY` and a CA
file. What it called and what came of it are compared with the sandbox's own list of routes and with the SDK's source: a
route without a typed call shows, and so does a method that is left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from databricks.sdk import WorkspaceClient

from tests.sandbox.conftest import Running
from tests.sandbox.typed import compute, contents, people, rights, routes
from tests.sandbox.typed.watched import watched

Play = Callable[[WorkspaceClient], None]
PLAYS: dict[str, Play] = {
    f"{module.__name__.rsplit('.', 1)[1]}.{play.__name__}": play
    for module in (compute, contents, people, rights)
    for play in module.PLAYS
}
pytestmark = pytest.mark.slow

PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")


@dataclass
class Played:
    """What became of the plays: how each failed, which methods were called, which requests were answered well."""

    failed: dict[str, Exception] = field(default_factory=dict)
    called: set[str] = field(default_factory=set)
    answered: set[routes.Place] = field(default_factory=set)


@pytest.fixture(scope="module")
def client(sandbox: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkspaceClient]:
    env = sandbox.env
    with pytest.MonkeyPatch.context() as patch:
        for name in (*PROXIES, *(one.lower() for one in PROXIES), "SSL_CERT_FILE"):
            patch.delenv(name, raising=False)
        for name in ("HTTPS_PROXY", "REQUESTS_CA_BUNDLE"):
            patch.setenv(name, env[name])
        patch.setenv("DATABRICKS_CONFIG_FILE", str(tmp_path_factory.mktemp("profiles") / "none"))
        yield WorkspaceClient(
            azure_workspace_resource_id=sandbox.params["source"],
            azure_tenant_id=env["AZURE_TENANT_ID"],
            azure_client_id=env["AZURE_CLIENT_ID"],
            azure_client_secret=env["AZURE_CLIENT_SECRET"],
        )


@pytest.fixture(scope="module")
def played(client: WorkspaceClient, sandbox: Running) -> Played:
    """All plays, one after the other."""
    seen = Played()
    for name, play in PLAYS.items():
        try:
            play(watched(client, seen.called))
        except Exception as error:
            seen.failed[name] = error
    lines = map(json.loads, sandbox.control("GET", "requests").content.splitlines())
    seen.answered = {(one["method"], one["path"]) for one in lines if one["status"] < 300}
    return seen


@pytest.fixture(scope="module")
def methods() -> dict[str, set[routes.Place]]:
    return routes.methods()


@pytest.mark.parametrize("name", PLAYS)
def test_play(name: str, played: Played) -> None:
    if name in played.failed:
        raise played.failed[name]


def test_the_client_is_unmodified(client: WorkspaceClient) -> None:
    assert type(client) is WorkspaceClient
    assert str(client.config.host).endswith(".azuredatabricks.net") and client.config.auth_type == "azure-client-secret"


def served(methods: dict[str, set[routes.Place]]) -> dict[str, set[routes.Place]]:
    """The methods without those whose type of object or setting the sandbox does not have."""
    return {
        name: places
        for name, places in methods.items()
        if not all(routes.reason(routes.ABSENT, path) for _verb, path in places)
    }


def test_every_method_with_a_route_is_called(methods: dict[str, set[routes.Place]], played: Played) -> None:
    wanted = served(methods)
    assert len(wanted) > 150
    assert sorted(wanted.keys() - played.called) == [], "without a typed call"


def test_every_method_that_is_called_is_answered(methods: dict[str, set[routes.Place]], played: Played) -> None:
    wanted = served(methods)
    lost = {
        name
        for name in wanted.keys() & played.called
        if not any(routes.leads(place, played.answered) for place in wanted[name])
    }
    assert lost == routes.REFUSED.keys()


def test_every_route_is_reached_or_has_no_typed_call(played: Played) -> None:
    reached = {routes.route_of(*one) for one in played.answered}
    missed = routes.routes() - reached
    untyped = {place for place in routes.routes() if routes.reason(routes.UNTYPED, place[1])}
    assert sorted(missed - untyped) == [], "no typed call reaches it"
    assert sorted(untyped - missed) == [], "a typed call reaches it"
    used = {routes.reason(routes.UNTYPED, place[1]) for place in missed}
    assert used == routes.UNTYPED.keys()


def test_what_is_absent_is_refused(methods: dict[str, set[routes.Place]], sandbox: Running) -> None:
    used = set()
    for places in methods.values():
        for verb, path in places:
            if reason := routes.reason(routes.ABSENT, path):
                used.add(reason)
                answer = sandbox.workspace(verb, routes.plain(path), {} if verb != "GET" else None)
                assert answer.status == 404, f"{verb} {path}: the sandbox has it"
    assert used == routes.ABSENT.keys()


def test_a_method_that_is_left_out_shows(methods: dict[str, set[routes.Place]], played: Played) -> None:
    assert served(methods).keys() - (played.called - {"compute.Clusters.pin"}) == {"compute.Clusters.pin"}
    pinned = {one for one in played.answered if one[1] == "/api/2.1/clusters/pin"}
    assert pinned and not routes.leads(("POST", "/api/2.1/clusters/pin"), played.answered - pinned)
