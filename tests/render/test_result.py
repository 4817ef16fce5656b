"""What came of a run."""

from __future__ import annotations

from types import SimpleNamespace

from cmkmigrate.model import Count, Outcome
from cmkmigrate.render import result

COUNTS = [Count("jobs", 5, {Outcome.MIGRATED: 3, Outcome.FAILED: 2}), Count("pools", 2, {Outcome.MIGRATED: 2})]


def test_the_counts_add_up() -> None:
    lines = [line.split() for line in result.counts_table(COUNTS)]
    assert lines == [
        ["kind", "source", "migrated", "excluded", "unsupported", "failed"],
        ["jobs", "5", "3", "0", "0", "2"],
        ["pools", "2", "2", "0", "0", "0"],
        ["total", "7", "5", "0", "0", "2"],
    ]
    assert result.count_dict(COUNTS[0])["open"] == 0


def test_what_has_no_outcome_is_shown() -> None:
    lines = [line.split() for line in result.counts_table([Count("jobs", 5, {Outcome.MIGRATED: 3})])]
    assert lines[0][-1] == "open"
    assert lines[1][-1] == lines[2][-1] == "2"


def row(kind: str, key: str, reason: str) -> SimpleNamespace:
    return SimpleNamespace(step="s", kind=kind, key=key, name=key, state="failed", reason=reason)


def test_what_was_not_moved_is_grouped_by_reason() -> None:
    rows = [row("jobs", "1", "a"), row("jobs", "2", "b"), row("jobs", "3", "a"), row("pools", "4", "")]
    assert list(result.problems_table(rows)) == [
        "  ! jobs, failed (2): a",
        "      1",
        "      3",
        "  ! jobs, failed (1): b",
        "      2",
        "  ! pools, failed (1): no reason given",
        "      4",
    ]
    many = list(result.problems_table(row("jobs", str(number), "a") for number in range(50)))
    assert many[0] == "  ! jobs, failed (50): a"
    assert many[-1] == "      ... and 30 more"
    assert result.problem_dict(rows[0])["reason"] == "a"


def test_acls_do_not_repeat_why_their_object_is_not_moved() -> None:
    why = "notebooks '/it's' is not in the target: directories '/' is not in the target: path refers to nothing"
    rows = [row("permissions", f"notebooks:/{number}", f"{why} {number}") for number in range(2)]
    assert list(result.problems_table([*rows, row("permissions", "jobs:7", "400: no")])) == [
        "  ! permissions, failed (2): what they belong to is not moved",
        "      notebooks:/0",
        "      notebooks:/1",
        "  ! permissions, failed (1): 400: no",
        "      jobs:7",
    ]
    assert result.reason_of("notebooks", why) == why
    assert result.reason_of("permissions", "jobs '7' is not in the target") == "jobs '7' is not in the target"
