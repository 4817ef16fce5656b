"""Loading: the built-in estate, generated ones, what cannot be loaded; the canonical state."""

from __future__ import annotations

import base64
import json
from collections import Counter
from pathlib import Path

import pytest

from cmkmigrate.sandbox.databricks import EstateError, load_estate
from cmkmigrate.sandbox.databricks.estate import BUILT_IN
from cmkmigrate.sandbox.wire import Clock, Directory
from tests.sandbox.databricks.conftest import Workspace


def test_small_has_what_it_promises(old: Workspace) -> None:
    state = old.state.state()
    kinds = Counter(one["object_type"] for one in state["tree"].values())
    assert kinds == {"DIRECTORY": 21, "NOTEBOOK": 26, "FILE": 8, "REPO": 2, "DASHBOARD": 1}
    values = [
        base64.b64decode(value) for scope in state["secret_scopes"].values() for value in scope["secrets"].values()
    ]
    assert len(values) >= 20 and len(set(values)) == len(values)
    assert all(b"canary" in value for value in values)
    assert [cluster["cluster_name"] for cluster in state["clusters"]].count("ad hoc") == 2
    assert sum(cluster["pinned"] for cluster in state["clusters"]) == 2
    staff = next(group for group in state["groups"] if group["displayName"] == "all staff")
    assert {"type": "group", "name": "engineers"} in staff["members"]


def test_state_is_json_and_the_same_twice(old: Workspace) -> None:
    text = json.dumps(old.state.state())
    again = load_estate("small", directory=Directory(), clock=Clock(), operator=old.who).state()
    assert json.dumps(again) == text


def test_generated_is_the_same_each_time() -> None:
    first, second = (load_estate("generate:200", directory=Directory(), clock=Clock()) for _ in range(2))
    tree = first.state()["tree"]
    assert tree == second.state()["tree"]
    assert Counter(one["object_type"] for one in tree.values())["NOTEBOOK"] == 200
    assert sum(bool(one["permissions"]) for one in tree.values() if one["object_type"] == "NOTEBOOK") == 20
    assert len(first.jobs) == 4


@pytest.mark.parametrize("spec", ["generate:", "generate:x", "generate:0", "no such estate"])
def test_what_is_no_estate(spec: str) -> None:
    with pytest.raises(EstateError, match=r"generate|no estate"):
        load_estate(spec, directory=Directory(), clock=Clock())


def test_a_folder_may_have_next_to_nothing(tmp_path: Path) -> None:
    (tmp_path / "estate.json").write_text('{"name": "bare", "something": 1}')
    (tmp_path / "else").mkdir()
    state = load_estate(str(tmp_path), directory=Directory(), clock=Clock()).state()
    assert sorted(state["tree"]) == ["/", "/Repos", "/Shared", "/Users"]
    assert [group["displayName"] for group in state["groups"]] == ["admins", "users"]


def test_mistakes_are_named_with_their_place(tmp_path: Path) -> None:
    (tmp_path / "estate.json").write_text("{}")
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text('{"path": "/n", "object_type": "NOTEBOOK", "file": "gone.py"}\n')
    with pytest.raises(EstateError, match=r"manifest\.jsonl: /n has no file gone\.py"):
        load_estate(str(tmp_path), directory=Directory(), clock=Clock())
    manifest.write_text("{\n")
    with pytest.raises(EstateError, match=r"manifest\.jsonl:1"):
        load_estate(str(tmp_path), directory=Directory(), clock=Clock())


def test_two_estates_share_the_account() -> None:
    directory, clock = Directory(), Clock()
    first = load_estate("small", directory=directory, clock=clock)
    second = load_estate(str(BUILT_IN / "small"), directory=directory, clock=clock)
    assert set(first.users) == set(second.users)


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([{"path": "/n", "object_type": "FILE", "file": "../estate.json"}], "has no file"),
        ([{"path": "/d", "object_type": "DIRECTORY"}, {"path": "/d/", "object_type": "DIRECTORY"}], "is there twice"),
        (
            [
                {"path": "/n", "object_type": "FILE", "file": "estate.json"},
                {"path": "/n/x", "object_type": "DIRECTORY"},
            ],
            "is below /n, which is no directory",
        ),
        (
            [{"path": path, "object_type": "DIRECTORY", "object_id": 5} for path in ("/a", "/b")],
            "/b has the object_id 5, and so has /a",
        ),
        ([{"path": 7, "object_type": "DIRECTORY"}], "not in the layout of an estate"),
    ],
)
def test_trees_that_cannot_be(tmp_path: Path, rows: list[dict[str, object]], text: str) -> None:
    (tmp_path / "estate.json").write_text("{}")
    (tmp_path / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(EstateError, match=text):
        load_estate(str(tmp_path), directory=Directory(), clock=Clock())


def test_jobs_have_an_owner_and_clusters_a_creator(tmp_path: Path) -> None:
    """Where the folder does not say so; what it says stays."""
    (tmp_path / "estate.json").write_text('{"name": "bare"}')
    for folder, name, body in (
        ("clusters", "c1", {"cluster_name": "a"}),
        ("clusters", "c2", {"cluster_name": "b", "creator_user_name": "gone@x.example", "state": "RUNNING"}),
        ("jobs", "1", {}),
        ("jobs", "2", {"creator_user_name": "gone@x.example"}),
        ("jobs", "3", {"run_as_user_name": "robot@x.example"}),
    ):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / f"{name}.json").write_text(json.dumps(body))
    acl = [{"user_name": "owner@x.example", "all_permissions": [{"permission_level": "IS_OWNER"}]}]
    (tmp_path / "jobs" / "4.json").write_text('{"creator_user_name": "gone@x.example"}')
    (tmp_path / "permissions" / "jobs").mkdir(parents=True)
    (tmp_path / "permissions" / "jobs" / "4.json").write_text(json.dumps({"access_control_list": acl}))
    boss = {"id": "7", "userName": "boss@x.example"}
    admins = {"id": "8", "displayName": "admins", "members": [{"value": "7"}]}
    (tmp_path / "identities.json").write_text(json.dumps({"users": [boss], "groups": [admins]}))
    state = load_estate(str(tmp_path), directory=Directory(), clock=Clock())
    assert [(one["creator_user_name"], one["state"]) for one in state.clusters.values()] == [
        ("boss@x.example", "TERMINATED"),
        ("gone@x.example", "RUNNING"),
    ]
    owners = {
        id: [entry.name for entry in state.acls["jobs", str(id)] if entry.level == "IS_OWNER"] for id in state.jobs
    }
    assert owners == {
        1: ["boss@x.example"],
        2: ["gone@x.example"],
        3: ["robot@x.example"],
        4: ["owner@x.example"],
    }


@pytest.mark.parametrize("spec", ["small", "generate:50"])
def test_estates_have_owners_creators_and_states(spec: str) -> None:
    state = load_estate(spec, directory=Directory(), clock=Clock())
    assert state.clusters and state.jobs
    assert all(one["creator_user_name"] and one["state"] for one in state.clusters.values())
    assert all(one.get("creator_user_name") for one in state.jobs.values())
    for id in state.jobs:
        assert [entry.level for entry in state.acls["jobs", str(id)]].count("IS_OWNER") == 1
