"""OpenAPI 2.0: which operation a request is, which query it may have, and what its answers look like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import unquote, urljoin

from jsonschema import Draft4Validator

from tests.evidence import definitions
from tests.evidence.definitions import Json, resolve

Seen = tuple[str, str, str]  # rule, at, text
STABLE = "/stable/"


@dataclass(frozen=True, eq=False)
class Operation:
    """One operation of a document."""

    uri: str
    path: str
    verb: str
    body: Json
    pattern: re.Pattern[str]

    @property
    def name(self) -> str:
        return str(self.body["operationId"])

    @property
    def pointer(self) -> str:
        """Where it is, as a URI with a fragment."""
        return f"{self.uri}#/paths/{self.path.replace('~', '~0').replace('/', '~1')}/{self.verb}"

    def parameters(self) -> list[Json]:
        own = [
            *self.body.get("parameters", ()),
            *definitions.openapi()[self.uri]["paths"][self.path].get("parameters", ()),
        ]
        return [resolve(self.uri, one)[1] for one in own]


@cache
def operations(part: str) -> list[Operation]:
    """The operations of the documents whose URI has `part` in it, those with most fixed letters first."""
    found = []
    for uri, document in definitions.openapi().items():
        if part in uri and STABLE in uri:
            for path, verbs in document.get("paths", {}).items():
                for verb, body in verbs.items():
                    if verb in ("get", "put", "post", "patch", "delete", "head"):
                        found.append(Operation(uri, path, verb, body, _pattern(path)))
    return sorted(found, key=lambda one: -len(re.sub(r"\{[\w-]+\}", "", one.path)))


def _pattern(path: str) -> re.Pattern[str]:
    path = path.lstrip("/") if path.startswith("/{scope}") else path.rstrip("/")
    parts = re.split(r"(\{[\w-]+\})", path)
    regex = "".join(
        ("(.*?)" if part in ("{scope}", "{roleId}", "{roleAssignmentId}") else "([^/]+)") if part.startswith("{")
        else re.escape(part)
        for part in parts
    )  # fmt: skip
    regex = regex.removesuffix("/([^/]+)") + "(?:/([^/]*))?" if path.endswith("/{key-version}") else regex + "/?"
    return re.compile(("/?" if path.startswith("{scope}") else "") + regex, re.IGNORECASE)  # no version: the latest


def find(part: str, verb: str, path: str) -> Operation | None:
    """The operation of a request, from the documents with `part` in their URI."""
    for one in operations(part):
        if one.verb == verb.lower() and one.path.count("{") < one.path.count("/") + 1 and one.pattern.fullmatch(path):
            if one.path.strip("/").startswith("{") and "providers" not in one.path:
                continue  # `/{roleId}`: any path at all
            return one
    return None


def path(operation: Operation, sent: str) -> Iterator[Seen]:
    """What is wrong with the names in a path: their length and their pattern, as the parameters say."""
    match = operation.pattern.fullmatch(sent)
    assert match is not None
    said = {str(one["name"]): one for one in operation.parameters() if one.get("in") == "path"}
    for name, value in zip(re.findall(r"\{([\w-]+)\}", operation.path), match.groups(), strict=True):
        rules = {key: said[name][key] for key in ("minLength", "maxLength", "pattern") if key in said.get(name, {})}
        for error in Draft4Validator(rules).iter_errors(unquote(value or "")):
            if value:
                yield "path", name, error.message[:160]


def query(operation: Operation, sent: dict[str, list[str]]) -> Iterator[Seen]:
    """What is wrong with a query: unknown names, required ones that are absent."""
    known = {str(one["name"]).lower(): one for one in operation.parameters() if one.get("in") == "query"}
    for name in sent:
        if name.lower() not in known and name.lower() != "$skiptoken":
            yield "query", name, "no parameter of the operation"
    for name, one in known.items():
        if one.get("required") and name not in {key.lower() for key in sent}:
            yield "query", name, "required, and not sent"


def request(operation: Operation, body: Any) -> Iterator[Seen]:
    """What is wrong with the body of a request, by the operation's `body` parameter."""
    schema = next((one["schema"] for one in operation.parameters() if one.get("in") == "body"), None)
    if schema is None:
        if body is not None:
            yield "schema", "", "a body, where the operation has none"
        return
    if body is not None:
        yield from validate(operation.uri, schema, body)
        yield from names(operation.uri, schema, body, reading=False)


def answer(operation: Operation, status: int, body: Any) -> Iterator[Seen]:
    """What is wrong with an answer: a status that the operation has not, a body against the schema of its status."""
    responses = operation.body["responses"]
    told = responses.get(str(status))
    if told is None and status >= 400:
        told = responses.get("default")
    if told is None:
        yield "status", "", f"{status} is none of {', '.join(sorted(responses))}"
        return
    uri, told = resolve(operation.uri, told)
    if "schema" not in told:
        if body not in (None, "", {}) and status != 202:  # 202 of a DELETE has one that no document has
            yield "schema", "", "a body, where the operation has none"
        return
    if body is None:
        yield "schema", "", "no body"
        return
    yield from validate(uri, told["schema"], body)


def validate(uri: str, schema: Json, body: Any) -> Iterator[Seen]:
    """Draft 4 of JSON Schema, which is what OpenAPI 2.0 leans on."""
    absolute = _absolute(uri, schema)
    for error in Draft4Validator(absolute, registry=definitions.registry()).iter_errors(body):
        at = "".join("[]" if isinstance(one, int) else f".{one}" for one in error.absolute_path).lstrip(".")
        rule = {"type": "type", "enum": "value", "required": "required"}.get(str(error.validator), "schema")
        yield rule, at, error.message[:160]


def _absolute(uri: str, schema: Any) -> Any:
    """A schema whose references say which document they mean."""
    if isinstance(schema, dict):
        return {
            key: (uri + value if value.startswith("#") else urljoin(uri, value))
            if key == "$ref"
            else _absolute(uri, value)
            for key, value in schema.items()
        }
    return [_absolute(uri, one) for one in schema] if isinstance(schema, list) else schema


def names(uri: str, schema: Any, value: Any, at: str = "", *, reading: bool = True) -> Iterator[Seen]:
    """Names that a schema does not know; in a request (`reading` false) also what is read-only."""
    uri, schema = resolve(uri, schema)
    if not isinstance(schema, dict):
        return
    if isinstance(value, list):
        for one in value:
            yield from names(uri, schema.get("items", {}), one, f"{at}[]", reading=reading)
    if not isinstance(value, dict):
        return
    known = dict(_properties(uri, schema))
    if not known:
        return
    for key, one in value.items():
        where = f"{at}.{key}" if at else key
        if key not in known:
            if not _open(uri, schema):
                yield "name", where, "unknown"
            continue
        home, property_schema = known[key]
        if not reading and resolve(home, property_schema)[1].get("readOnly", property_schema.get("readOnly")):
            yield "read-only", where, "sent, and the service's own"
        yield from names(home, property_schema, one, where, reading=reading)


def _properties(uri: str, schema: Json) -> Iterator[tuple[str, tuple[str, Json]]]:
    for one in schema.get("allOf", ()):
        home, base = resolve(uri, one)
        yield from _properties(home, base)
    for name, one in schema.get("properties", {}).items():
        yield name, (uri, one)


def _open(uri: str, schema: Json) -> bool:
    if schema.get("additionalProperties"):
        return True
    return any(_open(*resolve(uri, one)) for one in schema.get("allOf", ()))
