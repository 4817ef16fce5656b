"""What only a run in shared state has: rights, a server that goes away, and a URL that must never be seen."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from cmkmigrate.errors import Blocked, Fatal, LockHeld, Mistake, NotAllowed, OperatorError, Stopped
from cmkmigrate.model import State
from cmkmigrate.run import locks, postgres, schema
from cmkmigrate.run.ledger import Ledger, has_run, insert_entries
from cmkmigrate.run.postgres import Shared, named
from tests.postgres import ESCAPED, PASSWORD, Server, missing, new_name, served

ITEM = {"step": "s", "kind": "k", "side": "target", "pass": 1, "state": State.PLANNED, "key": "a"}
URL = "postgresql://ann@example.test/runs"


def refusal(error: OperatorError) -> str:
    """All that an operator is told; none of it the password."""
    text = "\n".join((error.what, error.subject, error.why, error.next))
    assert PASSWORD not in text and ESCAPED not in text and "canary" not in text
    return text


@pytest.fixture
def at(server: Server) -> Shared:
    return named(server.url(), new_name())


@pytest.fixture
def frail() -> Iterator[Server]:
    """A server for a test that stops it."""
    if why := missing():
        pytest.skip(why)
    with served() as made:
        yield made


# names and URLs


@pytest.mark.parametrize("name", ["runs/a", "/x/y", "..", "a b", "", "ü", "-x", "a" * 41, 'a"b', "a\0"])
def test_what_is_no_name_is_refused(name: str) -> None:
    if name:
        with pytest.raises(Mistake, match="has a name, and no folder"):
            named(URL, name)
    assert named(URL, "a.B-2_c").namespace == "cmkmigrate_a.B-2_c"


@pytest.mark.parametrize("url", ["mysql://u:canary@h/d", "sqlite:///canary", "/canary", "host=canary"])
def test_another_scheme_is_refused_without_saying_the_url(url: str) -> None:
    with pytest.raises(Mistake) as caught:
        named(url, "a")
    assert "postgresql://" in refusal(caught.value)


@pytest.mark.parametrize(
    "rest",
    [
        "u:canary/x@h:5432/d",
        "u:1/canary@h/d",
        "u:a@canary@h/d",
        "u@h/d?canary=canary",
        "u:canary%zz@h",
    ],
)
def test_a_url_that_cannot_be_read_is_not_repeated(rest: str) -> None:
    with pytest.raises(Mistake, match="no URL of a database") as caught:
        postgres.exists(named(f"postgresql://{rest}", "a"))
    refusal(caught.value)


def test_the_url_is_in_no_text_of_it(at: Shared) -> None:
    assert "canary" not in f"{at} {at!r} {Ledger.create(at, {}).engine!r}"


def test_without_the_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    postgres._driver.cache_clear()
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(Mistake, match="not installed") as caught:
        postgres.exists(named(URL, "a"))
    assert caught.value.next == "pip install 'cmkmigrate[postgres]'"
    postgres._driver.cache_clear()


# a server that is not there, or lets nobody in


def test_a_server_that_is_not_there() -> None:
    with pytest.raises(Stopped) as caught:
        has_run(named("postgresql://u:canary@127.0.0.1:1/d", "a"))
    assert "cmkmigrate resume" in refusal(caught.value)


@pytest.mark.parametrize(("user", "database"), [("owner", "postgres"), ("nobody", "postgres"), ("owner", "gone")])
def test_who_is_not_let_in(user: str, database: str, server: Server) -> None:
    word = "canary-wrong" if database == "postgres" else ESCAPED
    with pytest.raises(NotAllowed) as caught:
        has_run(named(server.url(database, user, word), "a"))
    assert "docs/shared-state.md" in refusal(caught.value)


def test_a_role_that_may_make_no_run(server: Server) -> None:
    server.sql("create role reader login password 'x'")
    with pytest.raises(NotAllowed, match="lets this role not in") as caught:
        Ledger.create(named(server.url(user="reader", password="x"), new_name()), {})
    assert "permission denied for database" in refusal(caught.value)


def test_a_role_that_may_not_look_into_a_run(server: Server, at: Shared) -> None:
    server.sql("create role stranger login password 'x'")
    Ledger.create(at, {"run": "r1"})
    theirs = named(server.url(user="stranger", password="x"), at.name)
    assert postgres.runs(theirs.url) == []
    with pytest.raises(NotAllowed, match="may not look into the run"):
        Ledger.open(theirs)
    server.sql(f'grant usage on schema "{at.namespace}" to stranger')
    with pytest.raises(NotAllowed) as caught:
        Ledger.open(theirs)
    assert "permission denied for table meta" in refusal(caught.value)
    server.sql(f'grant select on all tables in schema "{at.namespace}" to stranger')
    watching = Ledger.open(theirs)
    assert watching.meta()["run"] == "r1"
    with pytest.raises(NotAllowed), watching.locked("me"):
        raise AssertionError


def test_a_server_that_keeps_nothing_safe(frail: Server) -> None:
    frail.sql("alter system set fsync = off")
    frail.sql("select pg_reload_conf()")
    for _ in range(100):
        try:
            has_run(named(frail.url(), "a"))
        except Blocked as error:
            assert "fsync" in refusal(error)
            return
    raise AssertionError("fsync is off, and the server was taken")


def test_intents_are_on_the_servers_disk_whatever_the_role_prefers(server: Server) -> None:
    server.sql("create role hasty login superuser password 'x'")
    for word, expected in (("off", "on"), ("local", "on"), ("remote_write", "on"), ("remote_apply", "remote_apply")):
        server.sql(f"alter role hasty set synchronous_commit = {word}")
        engine = postgres.open_engine(named(server.url(user="hasty", password="x"), "a"))
        with engine.connect() as connection:
            assert connection.exec_driver_sql("show synchronous_commit").scalar() == expected
        engine.dispose()


# runs


def test_the_runs_are_found_and_taken_out(server: Server, at: Shared) -> None:
    assert not has_run(at)
    ledger = Ledger.create(at, {"run": "r1"})
    assert has_run(at) and at in postgres.runs(server.url())
    assert ledger.forget_unused()
    assert not has_run(at) and at not in postgres.runs(server.url())


def test_one_run_sees_nothing_of_another(server: Server, at: Shared) -> None:
    other = named(server.url(), new_name())
    for where in (at, other):
        with Ledger.create(where, {}).locked("me"):
            pass
    with Ledger.open(at).locked("me"):
        Ledger.open(at).ask({"pause": "ann"})
    assert "ask.pause" not in Ledger.open(other).meta()


def test_of_two_who_begin_at_once_one_begins(at: Shared) -> None:
    ends: list[object] = []
    together = threading.Barrier(4)

    def begin(number: int) -> None:
        together.wait()
        try:
            Ledger.create(at, {"run": f"r{number}"})
            ends.append(number)
        except (LockHeld, Fatal) as error:
            ends.append(error)

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    (winner,) = [end for end in ends if isinstance(end, int)]
    assert len(ends) == 4
    assert Ledger.open(at).meta()["run"] == f"r{winner}"


def test_a_kill_while_a_run_is_made_leaves_none(at: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(schema.metadata, "create_all", killed)
        Ledger.create(at, {"run": "r1"})
    assert not has_run(at)
    assert Ledger.create(at, {"run": "r1"}).unfinished()


def test_a_run_that_is_dropped_under_a_reader_is_gone(at: Shared) -> None:
    ledger = Ledger.create(at, {})
    postgres.drop(at)
    with pytest.raises(Fatal, match="gone"):
        ledger.meta()


def test_a_key_that_no_index_takes_is_refused_with_a_way_out(at: Shared) -> None:
    import random

    key = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=9000))
    ledger = Ledger.create(at, {})
    with pytest.raises(Fatal, match="longer than") as caught, ledger.locked("me"):
        insert_entries(ledger, [{"side": "source", "kind": "k", "id": "1", "key": key}])
    assert "unset CMKMIGRATE_STATE" in caught.value.next


# the lock of several machines


def test_signs_of_life_are_told_by_the_servers_clock(at: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger.create(at, {})
    truth = ledger.now()
    monkeypatch.setattr("time.time", lambda: 5.0)
    with ledger.locked("me"):
        ledger.commit()
        row = ledger.first(select(schema.lock))
    assert abs(row.beat - truth) < 300 and abs(ledger.now() - truth) < 300
    with ledger.engine.begin() as connection:
        values = {"one": 1, "token": 5, "holder": "ann", "host": "there", "pid": 7, "beat": truth}
        connection.execute(schema.lock.delete())
        connection.execute(schema.lock.insert(), values)
    with pytest.raises(LockHeld):
        locks.take(ledger.engine, "me")


def test_another_container_of_the_same_host_name_is_another_host(at: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger.create(at, {})
    monkeypatch.setattr("os.getpid", lambda: 999_999_999)
    with ledger.locked("me"), monkeypatch.context() as other:
        other.setattr(locks, "here", lambda shared: "there")
        other.setattr("os.kill", lambda pid, number: (_ for _ in ()).throw(ProcessLookupError))
        with pytest.raises(LockHeld):
            locks.take(ledger.engine, "you")


# a server that goes away


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_a_server_that_goes_away_stops_the_run_and_loses_nothing_durable(how: signal.Signals, frail: Server) -> None:
    at = named(frail.url(), "run")
    ledger = Ledger.create(at, {"run": "r1"})
    with pytest.raises(Stopped) as caught, ledger.locked("me"):
        ledger.commit(schema.item.insert(), [ITEM])
        key = {name: ITEM[name] for name in ("step", "kind", "key", "side")}
        ledger.set_item({**key, "state": State.INTENT, "lands_by": 5.0}, durable=True)
        frail.stop(how)
        ledger.set_item({**key, "state": State.MADE}, durable=True)
    assert "cmkmigrate resume" in refusal(caught.value)
    with pytest.raises(Stopped):
        ledger.meta()
    frail.start()
    assert ledger.meta()["run"] == "r1", "the same process reads again"
    with Ledger.open(at).locked("me"):
        (row,) = ledger.rows(select(schema.item))
    assert (row.state, row.lands_by) == ("intent", 5.0)


def test_a_commit_whose_answer_is_lost_is_not_taken_for_durable(server: Server, at: Shared) -> None:
    """The connection is cut by the server after the rows are sent, and before the commit is answered."""
    ledger = Ledger.create(at, {})
    with pytest.raises(Stopped), ledger.locked("me"):
        ledger.commit(schema.item.insert(), [ITEM])
        cut = "create function cut() returns trigger language plpgsql as "
        cut += "'begin perform pg_terminate_backend(pg_backend_pid()); return new; end'"
        server.sql(f'set search_path = "{at.namespace}"; {cut}')
        server.sql(
            f'set search_path = "{at.namespace}"; create constraint trigger cut after update on item '
            "deferrable initially deferred for each row execute function cut()"
        )
        key = {name: ITEM[name] for name in ("step", "kind", "key", "side")}
        ledger.set_item({**key, "state": State.INTENT}, durable=True)
    (row,) = Ledger.open(at).rows(select(schema.item))
    assert row.state == "planned"
