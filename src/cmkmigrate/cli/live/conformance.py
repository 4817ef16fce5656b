"""What the tool owes on any cloud: a whole migration on the ground, by the shipped playbook, judged by its own verify.

The duties are those of the suite in tests/kinds that need no fault on order and no look behind the cloud: done without
a failure; done again, nothing is written; verify is clean; a change behind its back is seen, and taken up.
"""

from __future__ import annotations

import base64
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cmkmigrate.cli.common import new_run
from cmkmigrate.cli.live.check import Check, Seen
from cmkmigrate.cli.live.ground import Ground
from cmkmigrate.cli.live.workspaces import standing
from cmkmigrate.clients.databricks import Workspace

FOLDER: Final = "/Shared/selftest"
NOTEBOOK: Final = "# Databricks notebook source\nprint('one')\n"
OTHER: Final = "# Databricks notebook source\nprint('another')\n"
REPORTED: Final = ("excluded", "unsupported", "failed")  # findings that the run itself has reported


@dataclass
class Trial:
    """One migration of the ground's workspace into a second one that it makes."""

    migration: Any
    ledger: Any

    def apply(self, *, overwrite: bool = False) -> Seen:
        """Do what is left of it; how many things were written, and how many did not go well. overwrite: also what was
        changed behind its back."""
        from cmkmigrate.engine.apply import another_pass, apply
        from cmkmigrate.run.schema import item

        if not self.ledger.unfinished():
            another_pass(self.ledger)
        for _ in apply(self.migration, self.ledger, confirm={}, overwrite=overwrite):
            pass
        rows = list(self.ledger.rows(item.select().where(item.c["pass"] == self.ledger.number)))
        wrong = [f"{row.kind}: {row.reason}" for row in rows if row.state in ("failed", "blocked", "drifted", "intent")]
        written = [row for row in rows if row.do in ("create", "update", "replace", "delete")]
        return {"wrong": sorted(set(wrong)), "written": len(written)}

    def verify(self) -> list[str]:
        """The findings that the run did not report itself."""
        from cmkmigrate.engine.verify import Verification

        found = Verification(self.migration, self.ledger).run()
        return sorted(f"{one.kind}: {one.what}" for one in found if one.what not in REPORTED)


def _trial(ground: Ground) -> Trial:
    def make() -> Trial:
        from cmkmigrate import playbook
        from cmkmigrate.engine.migration import Migration
        from cmkmigrate.kinds import discover

        arm_id = standing(ground)
        _seed(ground.cloud.workspace(arm_id))
        target = ground.workspace_id("two")
        ground.scrub.learn([("conformance-key", "KEY")])
        given = {"source": arm_id, "target_name": target.rpartition("/")[2], "vault_name": "unused"}
        given |= {"vault_id": ground.vault(protected=True), "key_name": "conformance-key"}
        read = playbook.load("cmk-migration", discover())
        migration = Migration(read, playbook.fill_params(read, given, "selftest"), discover(), ground.cloud)
        folder = tempfile.TemporaryDirectory(prefix="cmkmigrate-selftest-")
        ledger = new_run(Path(folder.name) / "run", migration)
        ground.ends += [ledger.engine.dispose, folder.cleanup]
        return Trial(migration, ledger)

    made: Trial = ground.once("the migration", make)
    return made


def _seed(site: Workspace) -> None:
    """A few things to move: none of them costs anything, and none is of the account."""
    site.write("POST", "/api/2.0/workspace/mkdirs", {"path": FOLDER})
    _import(site, NOTEBOOK)
    site.write("POST", "/api/2.0/secrets/scopes/create", {"scope": "selftest"})
    site.write("POST", "/api/2.0/secrets/put", {"scope": "selftest", "key": "one", "string_value": "not a secret"})
    policy = {"name": "selftest", "definition": '{"autotermination_minutes": {"type": "fixed", "value": 10}}'}
    site.write("POST", "/api/2.0/policies/clusters/create", policy)


def _import(site: Workspace, text: str) -> None:
    content = base64.b64encode(text.encode()).decode()
    body = {"path": f"{FOLDER}/one", "format": "SOURCE", "language": "PYTHON", "overwrite": True, "content": content}
    site.write("POST", "/api/2.0/workspace/import", body)


def _apply(ground: Ground) -> Seen:
    return {"wrong": _done(ground)["wrong"]}


def _done(ground: Ground) -> Seen:
    trial = _trial(ground)
    done: Seen = ground.once("the first pass", trial.apply)
    return done


def _again(ground: Ground) -> Seen:
    _done(ground)
    return _trial(ground).apply()


def _verify(ground: Ground) -> Seen:
    _done(ground)
    return {"findings": _trial(ground).verify()}


def _behind(ground: Ground) -> Seen:
    _done(ground)
    trial = _trial(ground)
    _import(ground.cloud.workspace(ground.workspace_id("two")), OTHER)
    seen = trial.verify()
    trial.apply(overwrite=True)
    return {"seen": seen, "after": trial.verify()}


CHECKS = (
    Check(
        "conformance-apply",
        0,
        "Does cmk-migration move that workspace into a new one without a failure?",
        "a folder, a notebook, a secret, a cluster policy; a key, grants, a second Premium workspace under the key",
        _apply,
    ),
    Check(
        "conformance-again",
        0,
        "Does a second pass write nothing?",
        "nothing",
        _again,
    ),
    Check("conformance-verify", 0, "Is verify clean?", "nothing", _verify),
    Check(
        "conformance-behind",
        0,
        "Is a change behind its back seen, and overwritten by the next pass where that is asked for?",
        "a change of that notebook in the second workspace, undone again",
        _behind,
    ),
)
