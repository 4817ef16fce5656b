"""OCSF: the fields that the class Compliance Finding (2003) of version 1.3.0 requires, and what each verdict becomes.

Required attributes, and the values of `status_id`: ocsf/ocsf-schema, events/base_event.json,
events/findings/compliance_finding.json, objects/compliance.json, objects/finding_info.json, objects/metadata.json.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from cmkmigrate.render.audit_ocsf import document
from tests.render.audit_record import record, row

REQUIRED = ("activity_id", "category_uid", "class_uid", "compliance", "finding_info", "metadata", "severity_id", "time",
            "type_uid", "cloud")  # fmt: skip


def events(**changes: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(document(record(**changes)))
    return found


def test_every_event_is_whole() -> None:
    found = events()
    assert len(found) == 2 + 1 + 2 + 1, "two features, an account, two subscriptions that are not whole, one group"
    assert [one["remediation"]["desc"] for one in found if "remediation" in one] == [
        "az resource show --ids /W",
        "az storage account update",
    ]
    for one in found:
        assert not [name for name in REQUIRED if name not in one]
        assert (one["class_uid"], one["category_uid"], one["type_uid"]) == (2003, 2, 200301)
        assert one["metadata"]["version"] == "1.3.0" and one["metadata"]["product"]["name"]
        assert one["compliance"]["standards"] and one["finding_info"]["uid"] and one["finding_info"]["title"]
        assert one["resources"][0]["uid"]
        assert one["time"] == 1770091566000
    assert len({one["finding_info"]["uid"] for one in found}) == len(found)
    assert [one["finding_info"]["uid"] for one in events()] == [one["finding_info"]["uid"] for one in found]


@pytest.mark.parametrize(
    ("verdict", "judged", "check", "finding"),
    [
        ("cmk", "cmk", "Pass", "New"),
        ("unknown", "unknown", "Warning", "New"),
        ("platform-key", "platform-key", "Fail", "New"),
        ("cmk-degraded", "cmk-degraded", "Fail", "New"),
        ("cmk-future-writes-only", "cmk-future-writes-only", "Fail", "New"),
        ("not-eligible", "not-eligible", "Fail", "New"),
        ("excepted", "platform-key", "Fail", "Suppressed"),
        ("excepted", "unknown", "Warning", "Suppressed"),
    ],
)
def test_verdicts(verdict: str, judged: str, check: str, finding: str) -> None:
    (one, *_) = events(rows=[row(verdict=verdict, judged=judged)])
    ids = {"Pass": 1, "Warning": 2, "Fail": 3}
    assert (one["compliance"]["status"], one["compliance"]["status_id"]) == (check, ids[check])
    assert (one["status"], one["status_id"]) == (finding, {"New": 1, "Suppressed": 3}[finding])
    assert one["compliance"]["status_code"] == verdict
