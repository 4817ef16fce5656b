"""Counting what a workspace holds: right, bounded, and without letting anybody in."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cmkmigrate.assess.contents import Bounded, count
from cmkmigrate.errors import Denied, NotAllowed
from tests.cli.transcript import Terminal
from tests.harness import ARM, Commands, Launcher, Sandbox

CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
RESOURCE = {
    "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Databricks/workspaces/w",
    "name": "w",
    "properties": {"workspaceUrl": "adb-1.2.azuredatabricks.test", "workspaceId": "1"},
}


class Site:
    """A workspace with a flat tree of `folders` folders, each with two notebooks, and jobs, one of a bundle."""

    def __init__(self, folders: int = 3, admin: bool = True, refuse: str = "") -> None:
        self.folders, self.admin, self.refuse = folders, admin, refuse
        self.cache: dict[str, Any] = {}
        self.asked: list[str] = []
        self.org_id, self.operator, self.source = "1", "me", True

    def read(self, path: str, query: Any = None) -> dict[str, Any]:
        self.asked.append(path)
        if self.refuse and path.startswith(self.refuse):
            raise Denied("no", status=403)
        if path.endswith("/Me"):
            return {"groups": [{"display": "admins"}] if self.admin else []}
        if path == "/api/2.0/workspace/get-status":
            return {"path": "/", "object_type": "DIRECTORY", "object_id": 0}
        if path == "/api/2.0/workspace/list":
            return {"objects": list(self._objects(query["path"]))}
        if path == "/api/2.2/jobs/list":
            bundle = {"name": "b", "deployment": {"kind": "BUNDLE"}}
            return {"jobs": [{"job_id": 1, "settings": {"name": "a"}}, {"job_id": 2, "settings": bundle}]}
        return {}

    def _objects(self, path: str) -> Iterator[dict[str, Any]]:
        if path == "/":
            names = [f"/f{number}" for number in range(self.folders)] + ["/.bundle"]
            yield from ({"path": name, "object_type": "DIRECTORY", "object_id": name} for name in names)
        elif path != "/.bundle":
            for name in ("a", "b"):
                yield {"path": f"{path}/{name}", "object_type": "NOTEBOOK", "object_id": f"{path}{name}"}


class Cloud:
    def __init__(self, site: Any) -> None:
        self.site, self.opened = site, []

    def workspace(self, ref: str, **more: Any) -> Any:
        self.opened.append((ref, more))
        if isinstance(self.site, Exception):
            raise self.site
        return self.site


def test_it_counts_by_listing_alone() -> None:
    cloud = Cloud(Site())
    size, signs = count(cloud, RESOURCE)
    assert (size.state, size.reason) == ("counted", "")
    assert (size.kinds["notebooks"], size.kinds["directories"], size.kinds["jobs"]) == (6, 5, 1)
    assert size.left == {"jobs": 1, "permissions": 1}, "the job of a bundle is not moved, nor its list of rights"
    assert size.objects == sum(size.kinds.values()) and size.hours is not None
    assert [sign.seen for sign in signs] == ["1 jobs with deployment.kind BUNDLE", "the folder /.bundle"]
    assert not [
        path for path in cloud.site.asked if "export" in path or "secrets/get" in path or "/permissions/" in path
    ]


def test_it_opens_the_workspace_by_its_url_and_for_reading() -> None:
    """By its ARM id the caller would become an administrator of it."""
    cloud = Cloud(Site())
    count(cloud, RESOURCE)
    assert cloud.opened == [("https://adb-1.2.azuredatabricks.test", {"source": True})]


def test_it_is_bounded_and_says_so() -> None:
    site = Site(folders=500)
    size, _ = count(Cloud(site), RESOURCE, limit=100)
    assert len(site.asked) == 100
    assert size.state == "at least" and "100 requests" in size.reason
    assert 50 < size.kinds["notebooks"] < 200


def test_what_is_not_seen_is_no_zero() -> None:
    size, _ = count(Cloud(Site(admin=False)), RESOURCE)
    assert size.state == "at least" and "no administrator" in size.reason and size.command
    size, _ = count(Cloud(Site(refuse="/api/2.0/secrets")), RESOURCE)
    assert size.state == "at least" and "secret_scopes could not be listed: 403" in size.reason
    size, _ = count(Cloud(NotAllowed("the workspace does not let you in", why="403: no")), RESOURCE)
    assert (size.state, size.hours, size.objects) == ("unknown", None, 0)
    assert "no member" in size.reason and size.command.startswith("databricks account workspace-assignment update 1 ")
    size, _ = count(Cloud(Site()), {**RESOURCE, "properties": {}})
    assert size.state == "unknown"


def test_it_cannot_write() -> None:
    site = Bounded(Site(), 5)
    for name in ("write", "upload"):
        with pytest.raises(AttributeError):
            getattr(site, name)


# --- on the sandbox


@pytest.fixture(scope="module")
def place(launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Terminal]]:
    """A workspace whose ARM resource the operator may read, and in which he is nobody."""
    folder = tmp_path_factory.mktemp("contents")
    estate = folder / "estate"
    estate.mkdir()
    host = "https://adb-1234567890123456.16.azuredatabricks.net"
    told = {"name": "own", "region": "westeurope", "workspace_id": 1234567890123456, "workspace_url": host}
    (estate / "estate.json").write_text(json.dumps(told))
    (estate / "arm.json").write_text(json.dumps({"operator": "User Access Administrator"}))
    sandbox = Sandbox(folder / "sandbox", estate)
    yield sandbox, Terminal(Commands(launcher, folder, sandbox.env))
    sandbox.close()


def test_looking_makes_nobody_an_administrator(place: tuple[Sandbox, Terminal]) -> None:
    """A Contributor who is no member stays none; the same look by the ARM id lets him in, as the service does."""
    sandbox, terminal = place
    scope = str(sandbox.params["source"])
    of = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}?api-version=2022-04-01"
    roles = f"/subscriptions/{scope.split('/')[2]}/providers/Microsoft.Authorization/roleDefinitions"
    operator = terminal("assess -o json").json["caller"]
    sandbox.call(
        ARM, "PUT", of, {"properties": {"roleDefinitionId": f"{roles}/{CONTRIBUTOR}", "principalId": operator}}
    )
    sandbox.control("PUT", "clock", {"advance": 60})
    before = sandbox.state(sandbox.source_host)
    sandbox.forget()
    one = terminal("assess --contents -o json").json["workspaces"][0]
    assert one["size"]["state"] == "unknown" and "no member" in one["size"]["reason"]
    assert sandbox.state(sandbox.source_host) == before
    assert [request for request in sandbox.requests() if request["write"]] == []
    assert any(request["host"] == sandbox.source_host for request in sandbox.requests())
    terminal(f"plan enable-in-place -p workspace={scope} -p vault_name=kv-cmk-own")
    assert sandbox.state(sandbox.source_host) != before, "what this test looks at can change"


def test_it_agrees_with_the_plan(launcher: Launcher, tmp_path: Path) -> None:
    """As many objects of each kind as a plan of the migration would make, and as many that it would not."""
    sandbox = Sandbox(tmp_path / "sandbox", "small")
    try:
        terminal = Terminal(Commands(launcher, tmp_path, sandbox.env))
        size = terminal("assess --contents --want new-network -o json").json["workspaces"][0]["size"]
        terminal.write("params.yaml", json.dumps(sandbox.params))
        actions = terminal("plan cmk-migration --params params.yaml -o json").json["actions"]
    finally:
        sandbox.close()
    assert size["state"] == "counted"
    of_contents = [one for one in actions if one["step"] == "contents"]
    left = ("unsupported", "excluded")
    assert size["kinds"] == Counter(one["kind"] for one in of_contents if one["do"] not in left)
    assert size["left"] == Counter(one["kind"] for one in of_contents if one["do"] in left)
