"""No secret value is in anything that a run leaves behind, in any spelling; nothing derived from one either.

Besides whole runs, one that is killed while it writes secrets: what it had no time to remove is searched too.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import re
import urllib.parse
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.conftest import Migration
from tests.harness import Commands, Sandbox, params_of


def canaries(sandbox: Sandbox) -> dict[str, bytes]:
    """Every secret that the source holds, by scope and key."""
    scopes = sandbox.state(sandbox.source_host)["secret_scopes"]
    return {
        f"{name}/{key}": base64.b64decode(value)
        for name, scope in scopes.items()
        for key, value in scope["secrets"].items()
    }


def spellings(value: bytes) -> Iterator[bytes]:
    """The value as it is, in the encodings that logs and documents use, and what may be derived from it."""
    yield value
    for shift in range(3):  # base64 of anything that it stands inside of
        encoded = base64.b64encode(b"\0" * shift + value)
        inner = encoded[4 if shift else 0 :].rstrip(b"=")
        yield inner[: len(inner) // 4 * 4]
        yield inner[: len(inner) // 4 * 4].replace(b"+", b"-").replace(b"/", b"_")
    yield value.hex().encode()
    yield urllib.parse.quote_from_bytes(value, safe="").encode()
    yield urllib.parse.quote_from_bytes(value).encode()
    yield urllib.parse.quote_plus(value).encode()
    try:
        text = value.decode()
    except UnicodeDecodeError:
        pass
    else:
        yield json.dumps(text)[1:-1].encode()
        yield json.dumps(text, ensure_ascii=False)[1:-1].encode()
        yield json.dumps(json.dumps(text))[3:-3].encode()
        yield html.escape(text).encode()
        yield text.encode("utf-16-le")
        yield text.encode("utf-16-be")
        yield repr(text)[1:-1].encode()
        for stripped in (text.strip(), *text.split("\n")):
            if len(stripped) > 10:
                yield stripped.encode()
    for name in ("md5", "sha1", "sha256", "sha512"):
        digest = hashlib.new(name, value, usedforsecurity=False).digest()
        yield digest
        yield digest.hex().encode()
        yield base64.b64encode(digest).rstrip(b"=")


def found_in(folder: Path, values: dict[str, bytes]) -> list[str]:
    """Which secrets are in which files."""
    wanted = {name: {one for one in spellings(value) if len(one) >= 8} for name, value in values.items()}
    hits = []
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    for path in files:
        for data in contents(path.read_bytes()):
            lowered = data.lower()
            for name, forms in wanted.items():
                hits += [f"{name} in {path.relative_to(folder)}" for one in forms if one.lower() in lowered]
    return hits


def contents(data: bytes) -> Iterator[bytes]:
    """What a file holds: as it is, without the ends of lines and indents that split it, and what is packed in it."""
    yield data
    yield re.sub(rb"\s+", b"", data)
    for magic, bits in ((b"\x1f\x8b\x08", 31), (b"\x78\x9c", 15), (b"\x78\xda", 15), (b"\x78\x01", 15)):
        at = data.find(magic)
        while at >= 0:
            with suppress(zlib.error):
                yield zlib.decompressobj(bits).decompress(data[at:])
            at = data.find(magic, at + 1)


def test_there_are_enough_canaries(small: Sandbox) -> None:
    assert len({value for value in canaries(small).values() if len(value) >= 12}) >= 20


def test_the_search_sees_every_spelling(small: Sandbox, tmp_path: Path) -> None:
    value = b'{"canary": "partners-07", "n": [1, 2]}'
    for number, form in enumerate(spellings(value)):
        (tmp_path / "log").write_bytes(b"before " + form + b" after")
        assert found_in(tmp_path, {"x": value}), number
    (tmp_path / "log").write_bytes(base64.b64encode(b"a request with " + value + b" in it"))
    assert found_in(tmp_path, {"x": value})
    lines = base64.encodebytes(b"something before it that makes a line of it " * 2 + value)
    for packed in (lines, gzip.compress(value), b"x" + zlib.compress(value), value.hex().upper().encode()):
        (tmp_path / "log").write_bytes(b"before " + packed)
        assert found_in(tmp_path, {"x": value}), packed
    (tmp_path / "log").write_bytes(b"nothing of it")
    assert not found_in(tmp_path, {"x": value})


def test_a_whole_run_leaves_no_secret(undisturbed: Migration, small: Sandbox) -> None:
    """plan (kept), apply, a second pass, verify, status, report: run directory, streams, temporary files."""
    place, run = undisturbed.commands, str(undisturbed.run)
    params = str(undisturbed.params)
    for words in (
        ("plan", "cmk-migration", "--params", params, "--out", "kept.cmkplan"),
        ("plan", "cmk-migration", "--params", params, "-o", "jsonl", "--debug"),
        ("apply", "cmk-migration", "--params", params, "--run", run, "--auto-approve", "-o", "jsonl", "--debug"),
        ("status", run, "-o", "json"),
        ("verify", run, "--debug"),
        ("report", run, "--out", "report.html"),
    ):
        result = place(*words)
        assert result.code in (0, 3), result
    assert found_in(place.folder, canaries(small)) == []


@pytest.mark.parametrize("count", [3, pytest.param(15, marks=pytest.mark.ci)])
def test_a_run_that_is_killed_at_its_secrets_leaves_none(
    count: int, small: Sandbox, commands: Callable[[Sandbox, str], Commands]
) -> None:
    place = commands(small, "killed-at-secrets")
    name = f"canary-{count}"
    params = params_of(small, place.folder / "p.yaml", target_name=name, vault_name=f"kv-{name}")
    run = str(place.folder / "run")
    words = ("apply", "cmk-migration", "--params", str(params), "--run", run, "--auto-approve", "--debug")
    started = place.start(*words)
    match = {"path": "/api/2.0/secrets/put", "method": "POST"}
    small.faults({"match": match, "offset": count, "action": "kill_after", "pid": started[0]})
    result = place.finish(started, words)
    assert result.code == -9, result
    assert found_in(place.folder, canaries(small)) == []
    small.faults(
        {"match": match, "action": "status", "status": 400, "body": {"error_code": "BAD_REQUEST", "message": "no"}}
    )
    result = place("resume", run, "--debug", CMKMIGRATE_TIMEOUT_S="1")
    assert result.code in (0, 3), result
    assert found_in(place.folder, canaries(small)) == []


def test_an_error_that_repeats_the_request_shows_no_secret(
    small: Sandbox, commands: Callable[[Sandbox, str], Commands]
) -> None:
    """A service, or a proxy before it, may quote what it was sent in its refusal."""
    values = canaries(small)
    quoted = json.dumps({name: base64.b64encode(value).decode() for name, value in values.items()})
    plain = " ".join(repr(value) for value in values.values())
    place = commands(small, "quoted")
    params = params_of(small, place.folder / "p.yaml", target_name="quoted", vault_name="kv-quoted")
    body = {"error_code": "INVALID_PARAMETER_VALUE", "message": f"Could not store {quoted} {plain}"}
    match = {"path": "/api/2.0/secrets/put", "method": "POST"}
    small.faults({"match": match, "count": -1, "action": "status", "status": 400, "body": body})
    words = ("apply", "cmk-migration", "--params", str(params), "--run", str(place.folder / "run"), "--auto-approve")
    result = place(*words, "-o", "jsonl", "--debug")
    assert result.code == 3, result
    assert found_in(place.folder, values) == []
