"""What somebody does in the old workspace between two passes: one thing of each kind, one raw request or two."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.kinds import behind
from tests.kinds.world import Run


class AtSource:
    """A run whose target is its source: what `behind` does in a target happens in the old workspace."""

    def __init__(self, run: Run) -> None:
        self.box, self.source, self.target = run.box, run.source, run.source

    def call(self, method: str, path: str, body: Any = None) -> Any:
        return self.box.call(self.source, method, path, body)


@dataclass(frozen=True)
class Change:
    """make: does it, and gives the keys of what the next pass has to write. gone: what is then only in the target."""

    make: Callable[[Any], list[tuple[str, str]]]
    gone: tuple[tuple[str, str], ...] = ()


def edited(kind: str) -> Change:
    """What `behind` changes of a kind, in the source."""
    change, key, _ = behind.CHANGES[kind]

    def make(at: Any) -> list[tuple[str, str]]:
        change(at)
        if kind == "jobs":
            return [(kind, str(behind.job_of(at, key)["job_id"]))]
        return [(kind, behind.cluster_of(at, key) if kind == "clusters" else key)]

    return Change(make)


def _notebook(at: Any, path: str) -> None:
    behind.put_file(at, path, "# Databricks notebook source\nprint('new')", format="SOURCE", language="PYTHON")


def _renamed_notebook(at: Any) -> list[tuple[str, str]]:
    old, new = "/Shared/timetable/forecast", "/Shared/timetable/forecast 2"
    source = at.box.export(at.source, old).decode()
    behind.put_file(at, new, source, format="SOURCE", language="PYTHON")
    at.call("POST", "/api/2.0/workspace/delete", {"path": old})
    return [("notebooks", new)]


def _new_notebook(at: Any) -> list[tuple[str, str]]:
    _notebook(at, "/Shared/timetable/brand new")
    return [("notebooks", "/Shared/timetable/brand new")]


def _new_pool(at: Any) -> list[tuple[str, str]]:
    pool = {"instance_pool_name": "brand new", "node_type_id": "Standard_F4s", "max_capacity": 3}
    at.call("POST", "/api/2.0/instance-pools/create", pool)
    return [("instance_pools", "brand new")]


def _new_secret(at: Any) -> list[tuple[str, str]]:
    at.call("POST", "/api/2.0/secrets/put", {"scope": "feeds", "key": "brand.new", "string_value": "a new value 7"})
    return [("secrets", "feeds/brand.new")]


def _new_job(at: Any) -> list[tuple[str, str]]:
    return [("jobs", str(at.call("POST", "/api/2.2/jobs/create", {"name": "brand new"})["job_id"]))]


def _renamed_job(at: Any) -> list[tuple[str, str]]:
    id = behind.job_of(at, "forecast")["job_id"]
    at.call("POST", "/api/2.2/jobs/update", {"job_id": id, "new_settings": {"name": "forecast, renamed"}})
    return [("jobs", str(id))]


def _renamed_pool(at: Any) -> list[tuple[str, str]]:
    pool = behind.one(at, "instance_pools", instance_pool_name="brand new")
    keep = ("instance_pool_id", "node_type_id", "max_capacity")
    said = {name: pool[name] for name in keep} | {"instance_pool_name": "brand new, renamed"}
    at.call("POST", "/api/2.0/instance-pools/edit", said)
    return [("instance_pools", "brand new, renamed")]


def _deleted_secret(at: Any) -> list[tuple[str, str]]:
    at.call("POST", "/api/2.0/secrets/delete", {"scope": "feeds", "key": "brand.new"})
    return []


def _deleted_folder(at: Any) -> list[tuple[str, str]]:
    at.call("POST", "/api/2.0/workspace/delete", {"path": behind.FOLDER})
    return []


EDITS = {kind: edited(kind) for kind, (_, _, what) in behind.CHANGES.items() if what == "differs"}
OTHERS = {
    "a new notebook": Change(_new_notebook),
    "a new pool": Change(_new_pool),
    "a new secret": Change(_new_secret),
    "a new job": Change(_new_job),
    "a renamed job": Change(_renamed_job),  # a job is known by its id: the same one, changed
    "a renamed notebook": Change(_renamed_notebook, gone=(("notebooks", "/Shared/timetable/forecast"),)),
    "a renamed pool": Change(_renamed_pool, gone=(("instance_pools", "brand new"),)),
    "a deleted secret": Change(_deleted_secret, gone=(("secrets", "feeds/brand.new"),)),
    "a deleted folder": Change(_deleted_folder, gone=(("directories", behind.FOLDER),)),
}
