"""PF27."""

from __future__ import annotations

from cmkmigrate.errors import Denied, NotFound
from cmkmigrate.preflight.checks.contents import unsupported
from tests.preflight.fakes import Stage, judged, statuses

PIPELINES = "/api/2.0/pipelines"


def test_all_is_moved(stage: Stage) -> None:
    (one,) = judged(unsupported(stage.ground()))
    assert one.status == "pass" and "sizes" in one.evidence
    assert statuses(unsupported(stage.ground("enable-in-place"))) == ["pass"]


def test_what_is_not_moved_is_counted(stage: Stage) -> None:
    stage.source.put(PIPELINES, {"statuses": [{"pipeline_id": "1", "name": "a"}, {"pipeline_id": "2", "name": "b"}]})
    (one,) = judged(unsupported(stage.ground()))
    assert one.status == "warn" and "2 pipelines" in one.evidence


def test_what_cannot_be_listed_is_told(stage: Stage) -> None:
    for error in (Denied("no", status=403), NotFound("no")):
        stage.source.put(PIPELINES, error)
        (one,) = judged(unsupported(stage.ground()))
        assert one.status == "warn" and "pipelines could not be" in one.evidence
