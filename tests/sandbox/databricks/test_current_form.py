"""What older versions let people say is kept as today's service keeps it; what nobody knows yet is kept as it is."""

from __future__ import annotations

import json
from pathlib import Path

from cmkmigrate.sandbox.databricks import current_form, load_estate
from cmkmigrate.sandbox.wire import Clock, Directory, Principal
from tests.sandbox.databricks.conftest import Workspace


def test_a_job_of_one_task_has_its_fields_in_the_task() -> None:
    old = {"retry_on_timeout": True, "notebook_task": {"notebook_path": "/n"}, "new_field": 1}
    assert current_form.settings(old) == old
    tasks = [{"task_key": "t", "notebook_task": {"notebook_path": "/n", "revision_timestamp": 0}, "max_retries": 1}]
    assert current_form.settings(
        {"max_retries": 2, "min_retry_interval_millis": 0, "tasks": tasks, "new_field": 1}
    ) == {
        "tasks": [{"task_key": "t", "notebook_task": {"notebook_path": "/n"}, "max_retries": 1}],
        "new_field": 1,
    }


def test_a_job_says_in_its_settings_whom_it_runs_as() -> None:
    one, other = {"user_name": "a@x.example"}, {"user_name": "b@x.example"}
    assert current_form.job({"job_id": 1, "settings": {}, "run_as": one}) == {"job_id": 1, "settings": {"run_as": one}}
    assert current_form.job({"settings": {"run_as": other}, "run_as": one}) == {"settings": {"run_as": other}}
    assert current_form.job({"job_id": 1}) == {"job_id": 1}


def test_maps_of_texts_hold_texts() -> None:
    given = {"spark_conf": {"a": True, "b": 2, "c": 1.5, "d": "x", "e": None}, "num_workers": 2, "custom_tags": None}
    assert current_form.cluster(given) == {
        "spark_conf": {"a": "true", "b": "2", "c": "1.5", "d": "x", "e": None},
        "num_workers": 2,
        "custom_tags": None,
    }


def test_by_an_estate_and_by_a_request(
    new: Workspace, tmp_path: Path, directory: Directory, clock: Clock, operator: Principal
) -> None:
    (tmp_path / "estate.json").write_text(json.dumps({"workspace": {"org_id": 7}}))
    for folder, body in (
        ("clusters", {"cluster_id": "c", "spark_version": "x", "spark_conf": {"a": False}}),
        ("jobs", {"job_id": 5, "settings": {"max_retries": 1, "tasks": []}, "run_as": {"user_name": "a@x.example"}}),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "5.json").write_text(json.dumps(body))
    state = load_estate(str(tmp_path), directory=directory, clock=clock, operator=operator)
    loaded = Workspace(state, operator)
    assert loaded.get("/api/2.1/clusters/get", cluster_id="c")["spark_conf"] == {"a": "false"}
    assert "run_as" not in loaded.get("/api/2.2/jobs/get", job_id=5)
    assert "max_retries" not in loaded.get("/api/2.2/jobs/get", job_id=5)["settings"]
    machine = {"spark_version": "x", "num_workers": 0, "node_type_id": "Standard_DS3_v2", "spark_conf": {"a": True}}
    id = new.post("/api/2.1/clusters/create", **machine, idempotency_token="t")["cluster_id"]
    shown = new.get("/api/2.1/clusters/get", cluster_id=id)
    assert shown["spark_conf"] == shown["spec"]["spark_conf"] == {"a": "true"}
    assert "idempotency_token" not in shown["spec"]
