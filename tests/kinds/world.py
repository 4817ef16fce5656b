"""A source, empty targets beside it in one sandbox, and migrations in this process through the real clients."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmkmigrate import playbook
from cmkmigrate.cli.common import new_run
from cmkmigrate.clients.cloud import Cloud
from cmkmigrate.engine.apply import another_pass, apply
from cmkmigrate.engine.migration import Migration
from cmkmigrate.engine.verify import Verification
from cmkmigrate.kinds import discover
from cmkmigrate.model import Finding
from cmkmigrate.run.ledger import Ledger
from cmkmigrate.run.schema import item
from tests.comparer.compare import Difference, compare
from tests.harness import Sandbox

MOVED = sorted(
    name
    for name, kind in discover().items()
    if kind.at == "workspace" and not (kind.unsupported or kind.alone or kind.writes_source)
)
NUMBER = 7405600000000100
DANGLING_POOL = "0101-010101-pool-gone0000"


def targets_estate(folder: Path, names: Iterable[str]) -> Path:
    """An estate that is nothing but a resource group with empty workspaces of these names."""
    folder.mkdir()
    host = f"https://adb-{NUMBER}.0.azuredatabricks.net"
    estate = {"name": "targets", "region": "westeurope", "workspace_url": host, "workspace_id": NUMBER}
    (folder / "estate.json").write_text(json.dumps(estate))
    workspaces = [{"name": "targets"}, *({"name": name} for name in names)]
    (folder / "arm.json").write_text(json.dumps({"workspaces": workspaces}))
    return folder


@dataclass
class Run:
    """One migration of the source into a target, and what is known of it."""

    box: Sandbox
    ledger: Ledger
    source: str  # hosts
    target: str
    target_id: str

    def migration(self) -> Migration:
        read = playbook.load("contents-only", discover())
        given = {"source": self.box.params["source"], "target": self.target_id}
        return Migration(read, playbook.fill_params(read, given, "a test"), discover(), Cloud.from_env(os.environ))

    def apply(self, *, overwrite: bool = False) -> None:
        """Do what is left of it; a finished run gets another pass. overwrite: also over what somebody else did."""
        if not self.ledger.unfinished():
            another_pass(self.ledger)
        for _ in apply(self.migration(), self.ledger, confirm={}, overwrite=overwrite):
            pass

    def verify(self) -> list[Finding]:
        """Every finding but what was reported by the run already."""
        known = ("excluded", "unsupported", "failed")
        return [one for one in Verification(self.migration(), self.ledger).run() if one.what not in known]

    def rows(self, kind: str = "", *states: str) -> list[Any]:
        """The items of the last pass (of a kind, in a state)."""
        i = item.c
        found = self.ledger.rows(item.select().where(i["pass"] == self.ledger.number))
        return [row for row in found if kind in ("", row.kind) and (not states or row.state in states)]

    def differences(self, *, left_out: Iterable[tuple[str, str]] = ()) -> list[Difference]:
        """What the comparer finds."""
        gone = [(row.kind, row.key) for row in self.rows() if row.state != "done"]
        return compare(
            self.box.state(self.source),
            self.box.state(self.target),
            left_out=[*gone, *left_out],
            operator=self.box.operator,
            exports=self.box.exports(self.source, self.target),
        )

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One raw request to the target, behind the tool's back."""
        return self.box.call(self.target, method, path, body)


class World:
    """The sandbox, and runs by the name of their target."""

    def __init__(self, box: Sandbox, folder: Path) -> None:
        self.box, self.folder = box, folder
        self._ids = {one["name"]: one for one in box.arm()["workspaces"].values()}

    def run(self, name: str) -> Run:
        """A run into the empty workspace of that name; not begun."""
        found = self._ids[name]
        host = str(found["properties"]["workspaceUrl"])
        made = Run(self.box, None, self.box.source_host, host, str(found["id"]))  # type: ignore[arg-type]
        made.ledger = new_run(self.folder / name, made.migration())
        return made


@contextmanager
def environment(box: Sandbox, folder: Path) -> Iterator[None]:
    """This process's environment as the sandbox's, and a state of its own."""
    before = dict(os.environ)
    os.environ.update(box.env | {"XDG_STATE_HOME": str(folder / "state"), "CMKMIGRATE_TIMEOUT_S": "1"})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


PLANTED = 5  # writes of this:


def plant_in_source(box: Sandbox) -> None:
    """References to nothing that the small estate does not have, made as people make them."""
    host = box.source_host
    definition = {"instance_pool_id": {"type": "fixed", "value": DANGLING_POOL}}
    policy = {"name": "on a pool that is gone", "definition": json.dumps(definition)}
    box.call(host, "POST", "/api/2.0/policies/clusters/create", policy)
    group = box.call(host, "POST", "/api/2.0/preview/scim/v2/Groups", {"displayName": "short-lived"})
    id = box.state(host)["tree"]["/Shared/timetable/forecast"]["object_id"]
    entry = {"group_name": "short-lived", "permission_level": "CAN_EDIT"}
    box.call(host, "PATCH", f"/api/2.0/permissions/notebooks/{id}", {"access_control_list": [entry]})
    box.call(host, "DELETE", f"/api/2.0/preview/scim/v2/Groups/{group['id']}")
    folder = next(one for one in box.state(host)["git_folders"] if one["path"] == "/Shared/git/handbook")
    box.call(host, "PATCH", f"/api/2.0/repos/{folder['id']}", {"branch": "no-default"})
