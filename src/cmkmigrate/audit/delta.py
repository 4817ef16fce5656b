"""What has changed since an audit that was kept as JSON: new, gone and changed verdicts.

A file that is no whole audit, of another schema, or whose counts are not those of its rows is refused: a comparison
with it would say something that nobody measured.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from cmkmigrate.audit.model import PASSES, Feature, Verdict
from cmkmigrate.errors import Mistake

ROW: Final = ("workspace", "name", "feature", "verdict", "causes", "subscription")
STORED: Final = ("id", "name", "verdict", "causes", "subscription")


def load(path: Path, schema: str) -> dict[str, Any]:
    """An audit that was written with `-o json`. Raises Mistake."""
    try:
        body = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise _mistake(path, "it cannot be read", str(error)) from None
    if not isinstance(body, dict) or body.get("type") != "audit":
        raise _mistake(path, "it is no audit", "`cmkmigrate audit -o json --out FILE` writes one")
    if body.get("schema") != schema:
        raise _mistake(
            path, f"its schema is {body.get('schema')!r}", f"this version compares audits of schema {schema}"
        )
    problem = _problem(body)
    if problem:
        raise _mistake(path, "it is not as an audit writes it", problem)
    return body


def _mistake(path: Path, what: str, why: str) -> Mistake:
    return Mistake(f"the earlier audit cannot be compared with: {what}", subject=str(path), why=why)


def _problem(body: Mapping[str, Any]) -> str:
    """What is wrong with the form of an audit, or does not add up; "" for nothing."""
    lists = {name: body.get(name) for name in ("rows", "storage", "population", "orphaned")}
    for name, found in lists.items():
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            return f"{name} is no list of objects"
    if not isinstance(body.get("ended"), str) or not isinstance(body.get("counts"), dict):
        return "ended or counts are missing"
    for name, fields in (("rows", ROW), ("storage", STORED)):
        for number, one in enumerate(body[name]):
            wrong = _wrong(one, fields)
            if wrong:
                return f"{name}[{number}]: {wrong}"
    counted = Counter(one["verdict"] for one in body["rows"])
    if {name: number for name, number in body["counts"].items() if number} != counted:
        return "its counts are not those of its rows"
    findings = sum(one["verdict"] not in PASSES for one in (*body["rows"], *body["storage"])) + len(body["orphaned"])
    findings += sum(bool(one.get("problem") or one.get("cut")) for one in body["population"])
    return "" if findings == body.get("findings") else "its number of findings is not that of what is in it"


def _wrong(one: Mapping[str, Any], fields: tuple[str, ...]) -> str:
    for name in fields:
        if name not in one:
            return f"{name} is missing"
    if one["verdict"] not in set(Verdict) or one.get("feature", "dbfs_root") not in set(Feature):
        return "its verdict or feature is not known"
    causes = one["causes"]
    if not isinstance(causes, list) or not all(isinstance(cause, dict) and "code" in cause for cause in causes):
        return "causes is no list of causes"
    return ""


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, str]]:
    """One for each feature of a workspace, storage account and leftover group that is new, gone or of another verdict
    or other causes, in the order of the new audit, then of what is gone."""
    before, now = dict(_entries(old)), dict(_entries(new))
    unread = {one["subscription"].lower(): one["problem"] or one["cut"] for one in new["population"]}
    found = []
    for at, (id, name, feature, said, _) in now.items():
        if at not in before:
            found.append(_change("new", id, name, feature, "", said))
        elif before[at][3] != said:
            found.append(_change("changed", id, name, feature, before[at][3], said))
    for at, (id, name, feature, said, subscription) in before.items():
        if at not in now:
            why = unread.get(subscription.lower(), "its subscription was not looked at")
            # What is not seen may be there: that is not the same as gone.
            found.append(_change("not seen" if why else "gone", id, name, feature, said, why))
    return found


def _change(change: str, id: str, name: str, feature: str, was: str, now: str) -> dict[str, str]:
    return {"change": change, "id": id, "name": name, "feature": feature, "was": was, "now": now}


def _entries(body: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], tuple[str, str, str, str, str]]]:
    for row in body["rows"]:
        entry = (row["workspace"], row["name"], row["feature"], _said(row), row["subscription"])
        yield (row["workspace"].lower(), row["feature"]), entry
    for one in body["storage"]:
        entry = (one["id"], one["name"], "storage_account", _said(one), one["subscription"])
        yield (one["name"].lower(), "storage_account"), entry
    for one in body["orphaned"]:
        id = f"/subscriptions/{one['subscription']}/resourceGroups/{one['group']}"
        yield (id.lower(), "orphaned"), (id, one["group"], "orphaned", "left behind", one["subscription"])


def _said(one: Mapping[str, Any]) -> str:
    """A verdict with its causes: a key that expired is not the one that was to expire."""
    codes = sorted({str(cause["code"]) for cause in one["causes"]})
    return f"{one['verdict']} ({', '.join(codes)})" if codes else str(one["verdict"])
