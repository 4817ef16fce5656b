"""Listings that move while they are read: which page is given in place of the one that was asked for."""

from __future__ import annotations

import pytest

from cmkmigrate.sandbox.paged import moved


@pytest.mark.parametrize(
    ("query", "how", "rows", "given"),
    [
        ("limit=100", "double", 3, "limit=3"),
        ("limit=100&page_token=0", "missed", 3, "limit=3&page_token=0"),
        ("limit=100&page_token=3", "double", 3, "limit=3&page_token=2"),
        ("limit=100&page_token=3", "missed", 0, "limit=100&page_token=4"),
        ("startIndex=1&count=100", "missed", 5, "startIndex=1&count=5"),
        ("startIndex=6&count=100", "missed", 5, "startIndex=7&count=5"),
        ("startIndex=6&count=100", "double", 5, "startIndex=5&count=5"),
        ("api-version=1&$skiptoken=200", "double", 0, "api-version=1&$skiptoken=199"),
        ("discount=4&my_page_token=3", "missed", 9, "discount=4&my_page_token=3"),
        ("page_token=abc", "missed", 0, "page_token=abc"),
    ],
)
def test_which_page_is_given(query: str, how: str, rows: int, given: str) -> None:
    assert moved(query, how, rows) == given
