"""Random workspaces, playbooks and faults: killed and resumed, the target is that of a run that nobody disturbed.

The two hundred of CI are `pytest -m ci tests/property`; any number by `python -m tests.property`. Here besides: what
such examples have found, as the smallest case that shows it, and that the judge sees a product that is wrong.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from cmkmigrate.engine import drift
from cmkmigrate.engine.apply import apply
from tests.harness import ROOT
from tests.property import product
from tests.property.draws import Case
from tests.property.trial import HURT, Trial, Wrong, check
from tests.property.wire import Wire

COUNT, SEED = 200, 20261122
POOL = "0101-010101-drawn0-pool-abcd1230"
SHARED = {"path": "/Shared", "object_type": "DIRECTORY", "object_id": 5000000000001}
BELOW = {"path": "/Shared/a b", "object_type": "DIRECTORY", "object_id": 5000000000002}


def case(step: dict[str, Any] | None = None, *deaths: dict[str, Any]) -> Case:
    """A folder in a folder, and a pool."""
    steps = [{"id": "contents", "kinds": "all", **(step or {})}]
    params = {side: {"type": "workspace", "about": side} for side in ("source", "target")}
    book = {"playbook": "drawn", "params": params, "source": "${params.source}", "target": "${params.target}"}
    about = {
        "name": "drawn",
        "region": "westeurope",
        "workspace_url": "https://adb-7405600000006001.1.azuredatabricks.net",
        "workspace_id": 7405600000006001,
    }
    pool = {"instance_pool_id": POOL, "instance_pool_name": "p", "node_type_id": "Standard_DS3_v2", "max_capacity": 7}
    return {
        "estate": {"estate.json": about, "manifest.jsonl": [SHARED, BELOW], f"pools/{POOL}.json": pool},
        "playbook": yaml.safe_dump({**book, "steps": steps}),
        "parallelism": 10,
        "deaths": list(deaths),
        "rules": [],
        "settings": {},
        "damage": 0,
    }


def test_what_is_included_is_taken_from_a_folder_that_is_not(tmp_path: Path) -> None:
    """It was taken or left out, whichever of the two was looked at first, where the target has the folder already."""
    trial = Trial(case({"include": ["/Shared/*"]}), tmp_path, Wire)
    report = trial._run(HURT)
    assert report["counts"]["directories"]["migrated"] == 1, report
    assert "/Shared/a b" in trial.wire.state(HURT)["tree"]


def test_of_jobs_that_run_each_other_all_arrive_or_none(tmp_path: Path) -> None:
    """One was made with job 0 in the place of another that then could not be; the next pass wrote it once more."""
    one, owner = case(), "eva@odd.example"
    one["estate"]["identities.json"] = {
        "users": [{"id": "1", "userName": owner}],
        "service_principals": [],
        "groups": [],
    }
    runs = {1: [2], 2: [1, 123456789], 3: [4], 4: [3], 5: [1]}
    for number, others in runs.items():
        tasks = [{"task_key": f"t{at}", "run_job_task": {"job_id": _job(at)}} for at in others]
        settings = {"name": f"j{number}", "format": "MULTI_TASK", "tasks": tasks}
        body = {"job_id": _job(number), "creator_user_name": owner, "run_as_user_name": owner, "settings": settings}
        one["estate"][f"jobs/{_job(number)}.json"] = body
    trial = Trial(one, tmp_path, Wire)
    report = trial._run(HURT)
    made = [job["settings"]["name"] for job in trial.wire.state(HURT)["jobs"]]
    assert sorted(made) == ["j3", "j4"], report
    assert report["counts"]["jobs"] == {"source": 5, "migrated": 2, "failed": 3}
    blocked = [key for kind, key, state, _ in report["problems"] if (kind, state) == ("jobs", "blocked")]
    assert blocked == [str(_job(at)) for at in (1, 2, 5)]
    again = trial._run(HURT, again=True)
    assert trial._writes(HURT) == [] and again["problems"] == report["problems"]


def _job(number: int) -> int:
    return number if number > 9 else 880000000000000 + number


@pytest.mark.ci
def test_a_field_that_is_forgotten_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cls: Any = type(product.KINDS["instance_pools"])
    monkeypatch.setattr(cls, "server_owned", frozenset(cls.server_owned) | {"max_capacity"})
    with pytest.raises(Wrong, match="max_capacity"):
        check(case(), tmp_path)


@pytest.mark.ci
def test_a_thing_that_is_made_twice_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cls: Any = type(product.KINDS["jobs"])
    create = cls.create
    monkeypatch.setattr(cls, "create", lambda self, *given: [create(self, *given) for _ in range(2)][-1])
    one = case()
    one["estate"]["jobs/880000000000001.json"] = {"job_id": 880000000000001, "settings": {"name": "j"}}
    with pytest.raises(Wrong, match="duplicate"):
        check(one, tmp_path)


@pytest.mark.ci
def test_a_pass_that_takes_the_targets_change_back_unasked_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drift, "known", lambda kind, row: False)
    with pytest.raises(Wrong, match=r"gone: the next apply wrote: .*\n.*gone: not reported and left alone"):
        check(case(), tmp_path)


@pytest.mark.ci
def test_a_pass_that_does_not_take_it_back_when_asked_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(product, "apply", lambda *given, overwrite, **more: apply(*given, **more))
    with pytest.raises(Wrong, match="gone: not put right: instance_pools 'p' missing"):
        check(case() | {"overwrite": True}, tmp_path)


@pytest.mark.ci
def test_two_hundred(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "tests.property", "--count", str(COUNT), "--seed", str(SEED), "--side-by-side", "2"]
    ended = subprocess.run([*words, "--keep", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.stdout, ended.stderr[-3000:]
    found = json.loads(ended.stdout)
    assert found["wrong"] == [], "\n\n".join(found["wrong"])
    seen = found["seen"]
    assert seen["examples"] >= COUNT and seen["by whole commands"] > 0
    assert seen["deaths"] >= COUNT / 2 and seen["faults"] >= COUNT, seen
    assert seen["compared with the source"] >= COUNT / 3 and seen["problems"] > 0, seen
