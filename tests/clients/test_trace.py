"""The lines of --debug: which request, how it was answered, its ids; nothing else."""

from __future__ import annotations

import logging

import pytest

from cmkmigrate.clients import trace

URL = "https://u:p@kv.vault.azure.test:443/keys/k?api-version=7&sig=SECRET&%24filter=SECRET&empty="
HEADERS = {"x-ms-request-id": "r-1", "x-request-id": "r-2", "Authorization": "SECRET", "Location": "SECRET"}


def test_a_line_has_no_value(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "cmkmigrate.http"):
        trace.answered("GET", URL, 200, HEADERS)
        trace.lost("PUT", URL, OSError("SECRET"))
    shown = "https://kv.vault.azure.test/keys/k?api-version,sig,$filter,empty"
    assert caplog.messages == [
        f"HTTP GET {shown} 200 x-ms-request-id=r-1 x-request-id=r-2",
        f"HTTP PUT {shown} no answer (OSError)",
    ]


def test_nobody_listens(caplog: pytest.LogCaptureFixture) -> None:
    trace.answered("GET", URL, 200, HEADERS)
    assert caplog.messages == []
