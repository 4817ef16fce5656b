"""What was on its way when a process died may still be done, while a resume is at work already: it is waited for."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable

import pytest

from tests.crash.trials import judged
from tests.e2e.conftest import Migration
from tests.faults.azure import wait_for
from tests.harness import Commands, Sandbox, params_of

pytestmark = [pytest.mark.ci]
TIMEOUT_S, DELAY_S = "14", 10.0  # what was sent may land for the first, and lands after the second
CREATE = {"path": "/api/2.*/jobs/create"}  # a second one of the same name would be taken


def _late(box: Sandbox) -> int:
    """How many creates have reached the service."""
    return int(json.loads(box.control("GET", "faults"))[0]["seen"])


def test_a_create_that_lands_after_the_kill(
    undisturbed: Migration, commands: Callable[[Sandbox, str], Commands]
) -> None:
    box, name = undisturbed.sandbox, "late"
    place, reference = commands(box, name), box.state(undisturbed.target)
    place.env["CMKMIGRATE_TIMEOUT_S"] = TIMEOUT_S
    target, vault = f"new-{name}", f"kv-{name}"
    params = params_of(box, place.folder / "p.yaml", target_name=target, vault_name=vault)
    folder = str(place.folder / "run")
    words = ("apply", "cmk-migration", "--params", str(params), "--run", folder, "--auto-approve", "-o", "json")
    started = place.start(*words)
    box.forget()
    box.faults({"match": CREATE, "count": -1, "action": "delay", "seconds": DELAY_S})
    place.launcher.order(do="go", pid=started[0])
    wait_for(lambda: _late(box) > 0)
    os.kill(started[0], signal.SIGKILL)
    assert place.wait(started, words).code == -9
    assert box.state(box.host_of(target))["jobs"] == [], "it has landed before the process died: nothing was shown"
    late = _late(box)
    box.faults()
    resumed = place("resume", folder, "-o", "json")
    assert resumed.code == undisturbed.apply.code, resumed
    wait_for(lambda: sum(one["fault"] == "delay" for one in box.requests()) >= late)
    differences, keys, grants = judged(box, target, vault, resumed.json["problems"], reference)
    assert (differences, keys, set(grants.values())) == ([], [1], {1})
