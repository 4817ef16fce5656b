"""Diagnostic settings: a sink, five at most, of something that is there."""

from __future__ import annotations

import pytest

from tests.e2e import networked
from tests.harness import Sandbox
from tests.sandbox.around import GROUP, NEIGHBOUR, call


def test_diagnostic_settings(box: Sandbox) -> None:
    of = f"{NEIGHBOUR}/providers/Microsoft.Insights/diagnosticSettings"
    body = {"properties": {"workspaceId": networked.LOGS, "logs": [{"categoryGroup": "allLogs", "enabled": True}]}}
    version = "2021-05-01-preview"
    for number in range(5):
        call(box, "PUT", f"{of}/s{number}", body, version)
    for path, sent, code in (
        (f"{of}/sixth", body, "limit of 5"),
        (f"{of}/s0", {"properties": {"logs": []}}, "data sink"),
        (f"{GROUP}/nobody/providers/Microsoft.Insights/diagnosticSettings/s", body, "ResourceNotFound"),
    ):
        with pytest.raises(RuntimeError, match=code):
            call(box, "PUT", path, sent, version)
    assert len(call(box, "GET", of, None, version)["value"]) == 5
    assert call(box, "GET", f"{of}/S0", None, version)["properties"] == body["properties"]
    call(box, "DELETE", f"{of}/s0", None, version)
    with pytest.raises(RuntimeError, match="404"):
        call(box, "GET", f"{of}/s0", None, version)
