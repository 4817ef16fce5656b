"""The table of types of data: which feature's key covers which, each row with its source. The table is data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from cmkmigrate.audit.model import Feature, Row
from cmkmigrate.strict_yaml import read_yaml

FILE: Final = "data_types.yaml"
BASES: Final = ("overview", "documented", "unverified")


@dataclass(frozen=True, slots=True)
class DataType:
    """One type of data. features: whose key covers it, () for none. basis: how sure that is (see the file)."""

    name: str
    where: str
    features: tuple[Feature, ...]
    source: str
    basis: str
    note: str = ""


@cache
def table() -> tuple[DataType, ...]:
    """The table as it is shipped."""
    text = (resources.files("cmkmigrate.audit") / FILE).read_text("utf-8")
    data, _ = read_yaml(text, FILE)
    return tuple(
        DataType(
            one["name"],
            one["where"],
            tuple(Feature(name) for name in one["features"]),
            data["sources"][one["source"]],
            one["basis"],
            one.get("note", ""),
        )
        for one in data["types"]
    )


def covered(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Each type with how many workspaces have which verdict on it; {} where no key of a customer covers it."""
    verdicts: dict[Feature, Counter[str]] = {feature: Counter() for feature in Feature}
    for row in rows:
        verdicts[row.feature][str(row.verdict)] += 1
    found = []
    for one in table():
        counts: Counter[str] = Counter()
        for feature in one.features:
            counts += verdicts[feature]
        found.append(
            {
                "name": one.name,
                "where": one.where,
                "features": [str(feature) for feature in one.features],
                "verdicts": dict(sorted(counts.items())),
                "source": one.source,
                "basis": one.basis,
                "note": one.note,
            }
        )
    return found
