"""The official definitions that lie beside the project, in `../shared/specs` (its README says where each is from)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from referencing import Registry
from referencing.jsonschema import DRAFT4

SPECS = Path(__file__).resolve().parents[3] / "shared" / "specs"
ABSENT = f"the vendors' definitions are not here: {SPECS}"
BASE = "https://schema.management.azure.com/"
OPENAPI = "https://openapi.example/"
Json = dict[str, Any]


def present() -> bool:
    """Whether the definitions are here at all."""
    return (SPECS / "arm-schemas").is_dir() and (SPECS / "openapi").is_dir()


@cache
def load(path: Path) -> Any:
    """A JSON file. Raises OSError, ValueError."""
    return json.loads(path.read_text("utf-8"))


@cache
def openapi() -> dict[str, Json]:
    """The OpenAPI documents by their URI; examples are none."""
    folder = SPECS / "openapi"
    return {
        OPENAPI + path.relative_to(folder).as_posix(): load(path)
        for path in sorted(folder.rglob("*.json"))
        if "examples" not in path.parts
    }


@cache
def registry() -> Registry[Any]:
    """All documents, so that each reference between them can be followed."""
    folder = SPECS / "arm-schemas"
    schemas = {BASE + path.relative_to(folder).as_posix(): load(path) for path in sorted(folder.rglob("*.json"))}
    return Registry[Any]().with_resources((uri, DRAFT4.create_resource(contents)) for uri, contents in _all(schemas))


def _all(schemas: dict[str, Json]) -> Iterator[tuple[str, Json]]:
    yield from schemas.items()
    yield from openapi().items()


def resolve(uri: str, schema: Any) -> tuple[str, Any]:
    """Follow `$ref` to its end: the URI of the document that it ends in, and what is there."""
    while isinstance(schema, dict) and "$ref" in schema:
        found = registry().resolver(uri).lookup(schema["$ref"])
        reference = str(schema["$ref"]).partition("#")[0]
        uri = found.resolver._base_uri if reference else uri
        schema = found.contents
    return uri, schema
