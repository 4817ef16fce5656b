"""One suite, two backends: the fixtures that give a test a place for a run in a folder, and in a PostgreSQL.

A `conftest.py` imports them. Where there is no PostgreSQL its half is skipped, with the reason.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cmkmigrate.run.ledger import FILE, Ledger, Where
from cmkmigrate.run.postgres import named
from tests import postgres


@pytest.fixture(scope="session")
def server() -> Iterator[postgres.Server]:
    """One for a worker of pytest."""
    if why := postgres.missing():
        pytest.skip(why)
    with postgres.served() as made:
        yield made


def a_place(request: pytest.FixtureRequest, tmp_path: Path) -> Where:
    """By the parameter: a folder that is not there yet, or a name that no run has."""
    if request.param == "sqlite":
        return tmp_path / "run"
    return named(request.getfixturevalue("server").url(), postgres.new_name())


@pytest.fixture(params=["sqlite", "postgres"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Where:
    return a_place(request, tmp_path)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.ci)])
def where_ci(request: pytest.FixtureRequest, tmp_path: Path) -> Where:
    """The same for suites that take long: on PostgreSQL only in `pytest -m ci`."""
    return a_place(request, tmp_path)


def stranger(ledger: Ledger) -> Any:
    """A connection past all code of the product, each statement of which is a transaction."""
    if isinstance(ledger.where, Path):
        return sqlite3.connect(ledger.where / FILE, isolation_level=None, check_same_thread=False)
    import psycopg

    connection = psycopg.connect(ledger.where.url, autocommit=True)
    connection.execute(f'set search_path = "{ledger.where.namespace}"'.encode())
    return connection


def seen(ledger: Ledger, statement: str) -> list[tuple[Any, ...]]:
    """The rows of a statement as a stranger sees them."""
    connection = stranger(ledger)
    try:
        return [tuple(row) for row in connection.execute(statement).fetchall()]
    finally:
        connection.close()
