"""Typed models: every name of a resource with its flags. They know the newest versions, which no OpenAPI here does."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from tests.evidence import definitions
from tests.evidence.definitions import Json

REQUIRED, READ_ONLY = 1, 2
FILES = {"microsoft.databricks": "databricks/2026-01-01", "microsoft.keyvault": "keyvault/2026-02-01"}
Seen = tuple[str, str, str]  # rule, at, text


class Model:
    """The types of one provider."""

    def __init__(self, types: list[Json]) -> None:
        self.types = types
        self.resources: dict[str, Json] = {}
        for one in types:
            if one["$type"] == "ResourceType":
                self.resources[one["name"].split("@")[0].lower()] = self.of(one["body"])

    def of(self, reference: Json) -> Json:
        return self.types[int(reference["$ref"].removeprefix("#/"))]

    def walk(self, value: Any, kind: Json, at: str = "", *, sent: bool = False) -> Iterator[Seen]:
        """Unknown names and wrong types; in a request (`sent`) also what only the service may say."""
        word = kind["$type"]
        if word in ("ObjectType", "DiscriminatedObjectType"):
            yield from self._object(value, kind, at, sent)
        elif word == "ArrayType":
            if not isinstance(value, list):
                yield "type", at, f"{type(value).__name__} instead of a list"
                return
            for one in value:
                yield from self.walk(one, self.of(kind["itemType"]), f"{at}[]", sent=sent)
        elif word == "UnionType":
            found = [list(self.walk(value, self.of(one), at, sent=sent)) for one in kind["elements"]]
            if all(found):
                literals = [self.of(one) for one in kind["elements"]]
                if all(one["$type"] in ("StringLiteralType", "StringType") for one in literals):
                    yield "value", at, f"{value!r} is none of the enumeration"
                else:
                    yield from min(found, key=len)
        elif word == "StringLiteralType":
            if value != kind["value"]:
                yield "value", at, f"{value!r} instead of {kind['value']!r}"
        elif not isinstance(value, _PYTHON.get(word, object)) or (word == "IntegerType" and isinstance(value, bool)):
            yield "type", at, f"{type(value).__name__} instead of {word.removesuffix('Type').lower()}"

    def _object(self, value: Any, kind: Json, at: str, sent: bool) -> Iterator[Seen]:
        if not isinstance(value, dict):
            yield "type", at, f"{type(value).__name__} instead of an object"
            return
        known = dict(kind.get("properties") or kind.get("baseProperties") or {})
        if kind["$type"] == "DiscriminatedObjectType":
            chosen = kind["elements"].get(str(value.get(kind["discriminator"])))
            if chosen is None:
                yield "value", f"{at}.{kind['discriminator']}", "none of the kinds"
                return
            known |= self.of(chosen).get("properties", {})
        more = kind.get("additionalProperties")
        for key, one in value.items():
            where = f"{at}.{key}" if at else key
            if key in known:
                if sent and known[key]["flags"] & READ_ONLY:
                    yield "read-only", where, "sent, and the service's own"
                yield from self.walk(one, self.of(known[key]["type"]), where, sent=sent)
            elif more:
                yield from self.walk(one, self.of(more), f"{at}.*", sent=sent)
            else:
                yield "name", where, "unknown"


_PYTHON: dict[str, Any] = {"StringType": str, "IntegerType": int, "BooleanType": bool}


@cache
def model(provider: str) -> Model | None:
    """The model of a provider (lower case); None where there is none."""
    folder = FILES.get(provider)
    return Model(definitions.load(definitions.SPECS / "typed-models" / folder / "types.json")) if folder else None
