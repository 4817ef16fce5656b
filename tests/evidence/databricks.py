"""Databricks: requests and answers against databricks-sdk's generated classes.

An error is judged by its shape alone: `error_code` and `message` as text, SCIM's `detail` and `status`, or the `error`
of API 1.2: the three that `databricks.sdk.errors` reads.
"""

from __future__ import annotations

import dataclasses
import enum
import types
import typing
from collections.abc import Iterator
from typing import Any

from tests.evidence import sdk
from tests.evidence.exchange import Exchange, Finding, Verdict

Seen = tuple[str, str, str]  # rule, at, text


def judge(one: Exchange) -> Verdict:
    """The verdict on an exchange with a workspace."""
    path = one.path
    operation = sdk.find(one.method, path)
    if operation is None:
        return Verdict(f"{one.method} {generic(path)}")
    name = f"{one.method} {operation.path}"
    verdict = Verdict(name, f"databricks-sdk {operation.method}")
    if one.by_client:
        verdict.request = [Finding(name, "request", *seen) for seen in _request(one, operation)]
    if one.status and not one.made_by_fault:
        verdict.answer = [Finding(name, "answer", *seen) for seen in _answer(one, operation)]
    return verdict


def generic(path: str) -> str:
    """A path with {} for what looks like an id."""
    return "/".join(
        "{}" if any(c.isdigit() for c in part) and i > 3 else part for i, part in enumerate(path.split("/"))
    )


def _request(one: Exchange, operation: sdk.Operation) -> Iterator[Seen]:
    helper = sdk.by_hand().get((one.method, operation.path), set())
    for key in sorted({name.split(".")[0] for name in one.query}):  # an object travels as a.b=
        if key not in operation.query and key not in helper:
            yield "query", key, "no parameter of the operation"
        elif key in one.query and key in operation.query:
            yield from _parameter(one.query[key], operation.query[key], key)
    for key in sorted(operation.needed - {name.split(".")[0] for name in one.query}):
        yield "required", key, "absent from the query"
    if one.request is None:
        if isinstance(operation.body, sdk.Keys):
            for key in sorted(operation.body.required):
                yield "required", key, "absent"
        return
    if operation.body is None:
        yield "schema", "", "a body, where the operation has none"
    elif one.type.startswith("multipart/form-data"):
        names = one.request if isinstance(one.request, dict) else {}
        needed = operation.body.required if isinstance(operation.body, sdk.Keys) else frozenset()
        for key in sorted(needed - names.keys()):
            yield "required", key, "absent"
        for key, text in names.items():
            if key:
                hint = sdk_hint(operation.body, key)
                if hint is None:
                    yield "name", key, "unknown"
                else:
                    yield from _parameter([text], hint, key)
    else:
        yield from check(one.request, operation.body)


def sdk_hint(body: Any, key: str) -> Any:
    """The hint of one field of a body; None where it has none."""
    names = body.names if isinstance(body, sdk.Keys) else sdk.fields(body)
    return names.get(key)


def _parameter(texts: list[str], hint: Any, at: str) -> Iterator[Seen]:
    """A value that travels as text."""
    (plain,) = _variants(hint)[:1] or [Any]
    for text in texts:
        if isinstance(plain, type) and issubclass(plain, enum.Enum) and text not in sdk.values(plain):
            yield "value", at, f"{text!r} is not of {plain.__name__}"
        elif plain is int and not text.lstrip("-").isdigit():
            yield "type", at, f"{text!r} is no number"
        elif plain is bool and text.lower() not in ("true", "false"):
            yield "type", at, f"{text!r} is no boolean"


def _answer(one: Exchange, operation: sdk.Operation) -> Iterator[Seen]:
    if one.status >= 400:
        yield from error_1_2(one.answer) if one.path.startswith("/api/1.2/") else error(one.answer)
    elif one.status not in (200, 201, 204):
        yield "status", "", f"{one.status}"
    elif isinstance(one.answer, dict) and "" in one.answer:  # no JSON: an export in its own form
        if operation.answer is not None and "direct_download" not in one.query:
            yield "type", "", "no JSON"
    elif one.answer is None and "direct_download" in one.query:
        return  # an empty file
    elif operation.answer is None:
        if one.answer not in (None, {}):
            yield "schema", "", f"a body, where the operation has none: {sorted(one.answer)[:5]}"
    elif one.answer is None:
        yield "schema", "", "no body"
    else:
        yield from check(one.answer, operation.answer)


def error_1_2(answer: Any) -> Iterator[Seen]:
    """An error of API 1.2: one text (`Handle API 1.2-style errors` in the same deserializer)."""
    if not isinstance(answer, dict) or answer.keys() != {"error"} or not isinstance(answer["error"], str):
        yield "type", "error", "not one text"


def error(answer: Any) -> Iterator[Seen]:
    """An error as `databricks.sdk.errors.deserializer` can read it."""
    if not isinstance(answer, dict):
        yield "type", "", "no object"
    elif "detail" in answer:
        for key in ("detail", "status"):
            if not isinstance(answer.get(key), str):
                yield "type", key, "no text"
        for key in answer.keys() - {"detail", "status", "scimType", "schemas"}:
            yield "name", key, "unknown"
    else:
        for key in ("error_code", "message"):
            if not isinstance(answer.get(key), str):
                yield "type", key, "no text"
        for key in answer.keys() - {"error_code", "message", "details"}:
            yield "name", key, "unknown"


def check(value: Any, hint: Any, at: str = "") -> Iterator[Seen]:
    """What of a JSON value is not as a hint of the SDK says."""
    able = _variants(hint)
    if Any in able or object in able:
        return
    found: list[list[Seen]] = []
    for one in able:
        seen = list(_one(value, one, at))
        if not seen:
            return
        found.append(seen)
    yield from min(found, key=len)


def _variants(hint: Any) -> list[Any]:
    """The hints of a Union, without None."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return [one for one in typing.get_args(hint) if one is not type(None)]
    return [hint]


def _one(value: Any, hint: Any, at: str) -> Iterator[Seen]:
    origin = typing.get_origin(hint)
    if isinstance(hint, sdk.Keys):
        yield from _object(value, hint.names, hint.required, at)
    elif is_class(hint):
        yield from _object(value, sdk.fields(hint), sdk.required(hint), at)
    elif origin is list:
        if not isinstance(value, list):
            yield "type", at, f"{_word(value)} instead of a list"
            return
        for one in value:
            yield from check(one, typing.get_args(hint)[0], f"{at}[]")
    elif origin is dict or hint is dict:
        if not isinstance(value, dict):
            yield "type", at, f"{_word(value)} instead of an object"
        elif origin is dict:
            for one in value.values():
                yield from check(one, typing.get_args(hint)[1], f"{at}.*")
    elif isinstance(hint, type) and issubclass(hint, enum.Enum):
        reads = getattr(hint, "parse", None)  # one class of the SDK reads its values without case
        if value not in sdk.values(hint) and not (reads and isinstance(value, str) and reads(value)):
            yield "value", at, f"{value!r} is not of {hint.__name__}"
    else:
        yield from _scalar(value, hint, at)


def is_class(hint: Any) -> bool:
    """Whether a hint is a generated class."""
    return dataclasses.is_dataclass(hint)


def _object(value: Any, names: dict[str, Any], required: frozenset[str], at: str) -> Iterator[Seen]:
    if not isinstance(value, dict):
        yield "type", at, f"{_word(value)} instead of an object"
        return
    for key in sorted(required - value.keys()):
        yield "required", f"{at}.{key}" if at else key, "absent"
    for key, one in value.items():
        where = f"{at}.{key}" if at else key
        if key not in names:
            yield "name", where, "unknown"
        else:
            yield from check(one, names[key], where)


def _scalar(value: Any, hint: Any, at: str) -> Iterator[Seen]:
    if hint is bool:
        good = isinstance(value, bool)
    elif hint is int:
        good = isinstance(value, int) and not isinstance(value, bool)
    elif hint is float:
        good = isinstance(value, (int, float)) and not isinstance(value, bool)
    else:  # text, and what travels as text: times, durations, field masks
        good = isinstance(value, str)
    if not good:
        yield "type", at, f"{_word(value)} instead of {getattr(hint, '__name__', hint)}"


def _word(value: Any) -> str:
    return "null" if value is None else type(value).__name__
