"""R9: this machine's clock is wrong, or is set in the middle of a run. `pytest -m ci tests/faults/test_clock.py`"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.crash.trials import judged
from tests.e2e.conftest import Migration
from tests.faults.runs import TIMEOUT_S, run
from tests.harness import Commands, Sandbox, params_of

pytestmark = [pytest.mark.ci]
LOST = {"match": {"host": "adb-*", "write": True}, "count": -1, "share": 0.05, "seed": 9, "action": "lose"}


# ten minutes from the first result on, an hour in the middle
SET = {"ahead": "clock:0:600:1", "behind": "clock:0:-600:1", "back": "clock:0:-3600:60", "forth": "clock:0:3600:60"}


@pytest.mark.parametrize("how", SET)
def test_a_run_ends_as_ever(how: str, undisturbed: Migration, commands: Callable[[Sandbox, str], Commands]) -> None:
    """With lost answers on top, as what waits until a request has landed goes by a clock."""
    box, name = undisturbed.sandbox, f"clock-{how}"
    reference = box.state(undisturbed.target)
    found = run(box, commands(box, name), name, [LOST], undisturbed.apply, reference, patch=SET[how], seconds=540)
    assert len(found.hit) >= 3, "enough answers are lost"
    assert found.codes == [undisturbed.apply.code] and found.wrong(undisturbed.apply) == []


@pytest.mark.parametrize("then", ["clock:3600", "clock:-3600"])
def test_the_clock_is_set_between_a_kill_and_its_resume(
    then: str, undisturbed: Migration, commands: Callable[[Sandbox, str], Commands]
) -> None:
    """The request on its way may still land after the kill: it is waited for, neither an hour nor not at all."""
    box, name = undisturbed.sandbox, "set-forth" if then == "clock:3600" else "set-back"
    place = commands(box, name)
    place.env["CMKMIGRATE_TIMEOUT_S"] = TIMEOUT_S
    target, vault = f"new-{name}", f"kv-{name}"
    params = params_of(box, place.folder / "p.yaml", target_name=target, vault_name=vault)
    folder = str(place.folder / "run")
    words = ("apply", "cmk-migration", "--params", str(params), "--run", folder, "--auto-approve", "-o", "json")
    started = place.start(*words)
    box.faults(
        {"match": {"path": "*/jobs/create"}, "action": "kill_after", "pid": started[0]},
    )
    assert place.finish(started, words).code == -9
    box.faults()
    box.forget()
    resumed = place("resume", folder, "-o", "json", patch=then, seconds=540)
    assert resumed.code == undisturbed.apply.code, resumed
    problems = resumed.json["problems"]
    differences, keys, grants = judged(box, target, vault, problems, box.state(undisturbed.target))
    assert (differences, keys, set(grants.values())) == ([], [1], {1})
    requests = box.requests()
    assert requests, "it went on"


@pytest.mark.parametrize("ahead", ["600", "-600"])
def test_a_run_does_not_begin_with_a_wrong_clock(
    ahead: str, small: Sandbox, commands: Callable[[Sandbox, str], Commands]
) -> None:
    place = commands(small, "wrong-clock")
    small.forget()
    words = ("apply", "cmk-migration", "--params", str(small.params_file), "--run", str(place.folder / "run"))
    refused = place(*words, "--auto-approve", patch=f"clock:{ahead}")
    assert refused.code == 6 and "PF26" in refused.err and "next:" in refused.err, refused
    assert ("behind" if ahead.startswith("-") else "ahead of") in refused.err
    assert [one for one in small.writes() if "/oauth2/" not in one["path"]] == []
