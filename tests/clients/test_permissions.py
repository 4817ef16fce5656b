"""What a caller may do, by what Azure says of it."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate.clients.permissions import allows, path

READ = "Microsoft.Storage/storageAccounts/read"


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ([{"actions": ["*/read"]}], True),
        ([{"actions": ["microsoft.storage/*"]}], True),
        ([{"actions": ["*"], "notActions": ["Microsoft.Storage/*"]}], False),
        ([{"actions": ["*"], "notActions": ["Microsoft.Storage/*"]}, {"actions": [READ]}], True),
        ([{"actions": ["Microsoft.Storage/storageAccounts/write"]}], False),
        ([{"dataActions": ["*"]}], False),
        ([], False),
    ],
)
def test_allows(given: list[dict[str, Any]], answer: bool) -> None:
    assert allows(given, READ) is answer


def test_where_they_are_listed() -> None:
    assert path("/subscriptions/s") == "/subscriptions/s/providers/Microsoft.Authorization/permissions"
