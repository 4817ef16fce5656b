"""What is taken out of other people's words, and what is left in them."""

from __future__ import annotations

import json
import time

import pytest

from cmkmigrate.errors import CallError, Mistake, Refused
from cmkmigrate.redaction import HIDDEN, LONGEST, without_secrets, without_values

TOKEN = "dapi0123456789abcdef0123456789abcdef"
JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"token {TOKEN} is not valid", f"token {HIDDEN} is not valid"),
        (f"{TOKEN}-2", HIDDEN),
        (f"got {TOKEN[:14]}", f"got {HIDDEN}"),  # a message that was cut off
        (f"got <{JWT}>", f"got <{HIDDEN}>"),
        ("Authorization: Bearer abc.def/ghi", f"Authorization: Bearer {HIDDEN}"),
        ("https://x/c?sv=1&sig=a%2Bb%3D&se=2", f"https://x/c?sv=1&sig={HIDDEN}&se=2"),
        ("postgresql://me:pass%20word@host/db", f"postgresql://me:{HIDDEN}@host/db"),
        ("AccountKey=abc12345;EndpointSuffix=x", f"AccountKey={HIDDEN};EndpointSuffix=x"),
        ('{"refresh_token": "0.AX kA", "a": 1}', f'{{"refresh_token": "{HIDDEN}", "a": 1}}'),
        (r'"{\"DB_PASSWORD\": \"with space\"}"', rf'"{{\"DB_PASSWORD\": \"{HIDDEN}\"}}"'),
        ("{'client_secret': 'a\"b', 'c': 1}", f"{{'client_secret': '{HIDDEN}', 'c': 1}}"),
        ("x password='two words' y", f"x password='{HIDDEN}' y"),
        (f"key {'Ab1+' * 21}xy== end", f"key {HIDDEN} end"),
        ("was abc8Q~abcdefghijklmnopqrstuvwxyz0123 it", f"was {HIDDEN} it"),
    ],
)
def test_what_looks_like_a_secret(text: str, left: str) -> None:
    assert without_secrets(text) == left
    assert without_secrets(left) == left, "twice is once"
    assert str(CallError(text)) == left and Mistake("x", why=text).why == left


@pytest.mark.parametrize(
    "text",
    [
        "The secret scope ferry does not exist",
        "Invalid client secret provided. Ensure the secret being sent is the value and not the id",
        "AADSTS700082: the refresh token has expired",
        "parameter 'key_name' must be text, not 3",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv/keys/cmk",
        "https://kv.vault.azure.net/keys/cmk/0123456789abcdef0123456789abcdef",
        "PERMISSION_DENIED: User does not have READ on scope: 'partners'",
        "cluster 0611-081502-adhoc1aa: Spark version 15.4.x-scala2.12 is unknown",
        "request-id=6e0b7d1c-0000-4000-8000-000000000000",
        "signature: not checked",
    ],
)
def test_what_does_not(text: str) -> None:
    assert without_secrets(text) == text


def test_what_was_sent_is_known_by_its_name() -> None:
    body = {
        "name": "hunter22",
        "spark_env_vars": {"DB_PASSWORD": 'hunter "22"', "LANG": "C.UTF-8"},
        "l": [{"api_key": "é" * 8}],
    }
    said = f"no {json.dumps(body)} and {body!r} in C.UTF-8"
    left = without_values(said, body)
    assert 'hunter "' not in left and 'hunter \\"' not in left and "é" not in left and "\\u00e9" not in left
    assert '"name": "hunter22"' in left and "C.UTF-8" in left
    assert without_values('it was hunter "2', body) == f"it was {HIDDEN}", "cut off at its end"
    error = Refused(f"no {body['spark_env_vars']}", status=400)
    error.unquote(body)
    assert "hunter" not in str(error) and "hunter" not in str(error.args)
    assert without_values("nothing", None) == "nothing"


def test_long_words_take_no_long_time() -> None:
    began = time.process_time()
    for text in ("a" * 10**6, "token" * 10**5, "secret=" * 10**5, "password: '" * 10**5, "eyJ" * 10**5, "://" * 10**5):
        assert len(without_secrets(text)) <= 2 * LONGEST
    assert time.process_time() - began < 20
