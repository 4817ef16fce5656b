from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate.errors import Refused
from cmkmigrate.kinds.databricks.job_refs import job_refs
from cmkmigrate.kinds.databricks.jobs import JOBS, MOST_TAGS, OWN, TAG, Jobs
from cmkmigrate.model import Asset, Body, Entry
from cmkmigrate.portable import differences, portable
from tests.kinds.fake_site import FakeSite, by_key, entries

KIND = Jobs()
APPLICATION = "cbac2bd5-dc9b-bace-bc83-05cc8f2d4356"


def loaded(settings: Body, **more: Any) -> Body:
    site = FakeSite("1001").on(f"{JOBS}/get", {"job_id": 7, "settings": settings, **more})
    body = KIND.load(site, Entry("7", "7")).body
    assert body is not None
    return body


def test_the_listing_has_the_marker_and_knows_managed_jobs() -> None:
    site = FakeSite()
    jobs = [
        {"job_id": 1, "settings": {"name": "twin", "tags": {TAG: "7"}}},
        {"job_id": 2, "settings": {"name": "twin", "deployment": {"kind": "BUNDLE"}}},
    ]
    site.on(f"{JOBS}/list", {"jobs": jobs, "next_page_token": "p"}, page_token=None)
    site.on(f"{JOBS}/list", {"jobs": [jobs[1], {"job_id": 3}]}, page_token="p")
    found = by_key(KIND, site)
    assert list(found) == ["1", "2", "3"] and found["1"].marker == "7"
    assert "bundle" in found["2"].unsupported and not found["1"].unsupported


def test_all_pages_of_a_job_are_one_body() -> None:
    site = FakeSite()
    tasks = [{"task_key": str(number)} for number in range(150)]
    clusters = [{"job_cluster_key": "c"}]
    first = {"settings": {"name": "j", "tasks": tasks[:100], "job_clusters": clusters}, "next_page_token": "2"}
    site.on(f"{JOBS}/get", {**first, "has_more": True}, page_token=None)
    site.on(f"{JOBS}/get", {"settings": {"name": "j", "tasks": tasks[100:], "job_clusters": []}}, page_token="2")
    body = KIND.load(site, Entry("7")).body
    assert body is not None and body["tasks"] == tasks and body["job_clusters"] == clusters


def test_pages_that_turn_in_a_circle_are_no_job() -> None:
    site = FakeSite().on(f"{JOBS}/get", {"settings": {}, "next_page_token": "2"})
    with pytest.raises(Refused, match="twice"):
        KIND.load(site, Entry("7"))


@pytest.mark.parametrize(
    ("more", "run_as"),
    [
        ({"run_as_user_name": "a@contoso.example"}, {"user_name": "a@contoso.example"}),
        ({"run_as_user_name": APPLICATION}, {"service_principal_name": APPLICATION}),
        ({"run_as_user_name": "a", "run_as": {"group_name": "g"}}, {"group_name": "g"}),
        ({}, None),
    ],
)
def test_whom_it_runs_as_is_said_outright(more: Body, run_as: Body | None) -> None:
    assert loaded({"name": "j"}, **more).get("run_as") == run_as


def test_it_arrives_paused_and_pauses_are_another_kind_s() -> None:
    body = {"schedule": {"pause_status": "UNPAUSED", "quartz": "x"}, "triggers": [{"pause_status": "UNPAUSED"}]}
    paused = {"schedule": {"pause_status": "PAUSED", "quartz": "x"}, "triggers": [{"pause_status": "PAUSED"}]}
    assert differences(KIND, body, paused) == ()
    assert differences(KIND, body, {**paused, "schedule": {"quartz": "y"}}) == ("schedule.quartz",)
    assert set(KIND.arriving.values()) == {"PAUSED"} and len(KIND.arriving) == 4


def test_what_the_service_fills_in_is_no_difference() -> None:
    want: Body = {
        "name": "j",
        "timeout_seconds": 0,
        "tasks": [
            {
                "task_key": "a",
                "notebook_task": {"notebook_path": "/n"},
                "depends_on": [{"task_key": "c"}, {"task_key": "b"}],
            },
            {"task_key": "l", "for_each_task": {"inputs": "[]", "task": {"task_key": "i", "run_if": "ALL_SUCCESS"}}},
        ],
    }
    filled: Body = {
        "name": "j",
        "email_notifications": {},
        "webhook_notifications": {},
        "tasks": [
            {
                "task_key": "a", "run_if": "ALL_SUCCESS", "timeout_seconds": 0, "email_notifications": {},
                "notebook_task": {"notebook_path": "/n", "source": "WORKSPACE"},
                "depends_on": [{"task_key": "b"}, {"task_key": "c"}],
            },
            {"task_key": "l", "run_if": "ALL_SUCCESS", "for_each_task": {"inputs": "[]", "task": {"task_key": "i"}}},
        ],
    }  # fmt: skip
    before = repr(want)
    assert differences(KIND, KIND.fit(want, filled), filled) == ()
    assert repr(want) == before
    assert differences(KIND, KIND.fit({**want, "timeout_seconds": 5}, filled), filled) == ("timeout_seconds",)
    source = differences(KIND, KIND.fit({**want, "git_source": {}}, filled), {**filled, "git_source": {}})
    assert source == ("tasks[0].notebook_task.source",)  # beside a Git source the default is another


def test_a_job_that_starts_another_says_the_workspace_it_is_in() -> None:
    jobs = [{"job_id": 1, "workspace_id": 1001}, {"job_id": 2, "workspace_id": 5}]
    body = loaded({"trigger": {"job_completion": {"jobs": jobs}}})
    assert [one["workspace_id"] for one in body["trigger"]["job_completion"]["jobs"]] == [OWN, 5]
    target = FakeSite("2002").on(f"{JOBS}/create", {"job_id": 9})
    assert KIND.create(target, Asset("7", body=body)).id == "9"
    assert [one["workspace_id"] for one in target.written[0][2]["trigger"]["job_completion"]["jobs"]] == [2002, 5]


def test_a_job_full_of_tags_has_no_room_for_the_marker() -> None:
    site = FakeSite().on(f"{JOBS}/create", {"job_id": 9})
    tags = {str(number): "x" for number in range(MOST_TAGS)}
    KIND.create(site, Asset("7", body={"tags": {**tags, TAG: "7"}}))
    KIND.create(site, Asset("8", body={"tags": {TAG: "8"}}))
    assert [body["tags"] for _, _, body in site.written] == [tags, {TAG: "8"}]


def test_an_update_replaces_the_whole() -> None:
    site = FakeSite()
    KIND.update(site, Asset("7", body={"name": "j"}), Asset("9", body={}))
    assert site.written == [("POST", f"{JOBS}/reset", {"job_id": 9, "new_settings": {"name": "j"}})]


def test_every_reference_says_where_it_points() -> None:
    body: Body = {
        "tasks": [
            {
                "existing_cluster_id": "c",
                "run_job_task": {"job_id": 5},
                "libraries": [{"whl": "/Shared/a.whl"}, {"jar": "dbfs:/a.jar"}],
            },
            {
                "for_each_task": {
                    "task": {"pipeline_task": {"pipeline_id": "p"}, "new_cluster": {"instance_pool_id": "i"}}
                }
            },
            {
                "notebook_task": {
                    "notebook_path": "relative/in/git",
                    "base_parameters": {"a": "/Users/x/y", "b": "plain"},
                }
            },
            {"new_cluster": {"spark_env_vars": {"A": "{{secrets/scope/key}}"}, "single_user_name": "u"}},
        ],
        "job_clusters": [
            {"new_cluster": {"policy_id": "P", "init_scripts": [{"workspace": {"destination": "/i.sh"}}]}}
        ],
        "trigger": {"job_completion": {"jobs": [{"job_id": 6}]}, "sql_condition": {"warehouse_id": "w"}},
        "run_as": {"user_name": "a"},
        "email_notifications": {"on_failure": ["b"], "no_alert_for_skipped_runs": True},
        "webhook_notifications": {"on_start": [{"id": "n"}]},
    }
    found = portable(KIND, body, lambda kind, id: f"k{id}")
    links = {(link.ref.targets[0], str(link.value)) for link in found.links}
    assert links == {
        ("clusters", "c"), ("jobs", "5"), ("jobs", "6"), ("files", "/Shared/a.whl"), ("pipelines", "p"),
        ("instance_pools", "i"), ("notebooks", "/Users/x/y"), ("secret_scopes", "scope"), ("users", "u"),
        ("cluster_policies", "P"), ("files", "/i.sh"), ("sql_warehouses", "w"), ("users", "a"), ("users", "b"),
        ("notification_destinations", "n"),
    }  # fmt: skip
    assert found.body["tasks"][0]["run_job_task"]["job_id"] == "@jobs/k5"
    assert KIND.id_type is int


def test_only_jobs_can_stand_in_for_a_cycle() -> None:
    assert {ref.targets for ref in job_refs() if ref.placeholder == 0} == {("jobs",)}
    assert entries(KIND, FakeSite().on(f"{JOBS}/list", {})) == []
