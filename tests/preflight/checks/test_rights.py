"""PF31. That each row is named: tests/e2e/test_rights.py, on the sandbox."""

from __future__ import annotations

import shlex

from cmkmigrate.errors import Unknown
from cmkmigrate.preflight.checks.rights import operator
from tests.preflight.fakes import GROUP, OLD, OPERATOR, SUBSCRIPTION, Stage, denied, judged, statuses

PERMISSIONS = "/providers/Microsoft.Authorization/permissions"
SCOPES = (f"/subscriptions/{SUBSCRIPTION}", GROUP, OLD)


def may(stage: Stage, answer: object) -> None:
    for scope in SCOPES:
        stage.azure.put(scope + PERMISSIONS, answer)


def test_all_of_them(stage: Stage) -> None:
    (one,) = judged(operator(stage.ground()))
    assert one.status == "pass" and "rights are there" in one.evidence
    assert statuses(operator(stage.ground("contents-only", source="https://adb-1.1.azuredatabricks.test"))) == ["pass"]


def test_a_reader_is_told_what_to_ask_for(stage: Stage) -> None:
    may(stage, [{"actions": ["*/read"]}])
    found = judged(operator(stage.ground()))
    assert {str(one.status) for one in found} == {"fail"}
    for one in found:
        words = shlex.split(one.fix)
        assert words[words.index("--assignee") + 1] == OPERATOR
        assert words[words.index("--scope") + 1] in SCOPES
    fixes = [one.fix for one in found]
    assert fixes == sorted(fixes, key=fixes.index), "what one command gives stands together"
    assert len(set(fixes)) < len(fixes)


def test_who_may_not_ask_what_he_may(stage: Stage) -> None:
    may(stage, denied())
    found = judged(operator(stage.ground()))
    assert {str(one.status) for one in found} == {"fail"}
    assert all("Microsoft.Authorization/permissions/read" in one.evidence for one in found)


def test_no_answer_is_unknown(stage: Stage) -> None:
    may(stage, Unknown("no answer"))
    assert set(statuses(operator(stage.ground()))) == {"unknown"}
