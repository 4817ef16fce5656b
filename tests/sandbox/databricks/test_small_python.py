"""The little Python of commands: what it works out, what it refuses, and that it runs nothing."""

from __future__ import annotations

import pytest

from cmkmigrate.sandbox.databricks.small_python import NotSimulated, Raised, Session

SECRETS = {("s", "k"): b"value", ("s", "long"): b"value and more", ("s", "none"): b"", ("s", "bytes"): b"\xff\x00"}


def session() -> Session:
    return Session(lambda scope, key: SECRETS[scope, key])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("print('a', 1)\nprint(None)", "a 1\nNone"),
        ("x = 'a'\nx", "'a'"),
        ("'a'\nx = 'b'", ""),
        ("import base64\nprint(base64.b64decode(base64.b64encode(b'ab')))", "b'ab'"),
        ("print(str(' a '.strip().encode('utf-8').decode()))", "a"),
        ("print(dbutils.secrets.get(key='k', scope='s'))", "[REDACTED]"),
        ("print(dbutils.secrets.get('s', key='none'), 'x')", " x"),
        ("a = dbutils.secrets.get('s', 'k')\nprint(dbutils.secrets.get('s', 'long'))", "[REDACTED]"),
        ("print(dbutils.secrets.getBytes('s', 'bytes'))", "b'\\xff\\x00'"),
        ("", ""),
    ],
)
def test_what_is_shown(text: str, shown: str) -> None:
    assert session().run(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "import os",
        "import base64 as b",
        "from base64 import b64encode",
        "''.__class__.__mro__",
        "print('a', end='')",
        "exec('1')",
        "lambda: 1",
        "'a'.format('b')",
        "import base64\nbase64.encode('a', 'b')",
        "dbutils.fs.ls('/')",
        "x, y = 1, 2",
        "print(1 + 1)",
    ],
)
def test_all_else_is_not_simulated(text: str) -> None:
    with pytest.raises((NotSimulated, Raised), match=r"NameError|.*") as caught:
        session().run(text)
    assert isinstance(caught.value, NotSimulated) or str(caught.value).startswith("NameError: name 'dbutils'")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("print(x)", "NameError"),
        ("print('ü'.encode('ascii'))", "UnicodeEncodeError"),
        ("import base64\nbase64.b64encode('text')", "TypeError"),
        ("print('a'.encode('no such codec'))", "LookupError"),
        ("print('a'.decode())", "AttributeError"),
        ("print(", "SyntaxError"),
    ],
)
def test_errors_are_those_of_python(text: str, error: str) -> None:
    with pytest.raises(Raised, match=f"^{error}: "):
        session().run(text)
