"""An audit as OCSF events, a JSON array: class Compliance Finding (2003), version 1.3.0.

Contract: https://schema.ocsf.io/1.3.0/classes/compliance_finding and the objects it names. Status of the check: Pass,
Fail, or Warning, which the schema defines as "no result, as information is missing", the meaning of `unknown`. An
excepted finding keeps the status it has without the exception, and is Suppressed. Subscriptions that could not be read
wholly, and managed groups that were left behind, are events too: who reads only this file misses nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from cmkmigrate.render.text import json_document

VERSION: Final = "1.3.0"
CLASS, CATEGORY, CREATE = 2003, 2, 1
PASS, WARNING, FAIL = (1, "Pass"), (2, "Warning"), (3, "Fail")
STATUS: Final = {"cmk": PASS, "unknown": WARNING}  # all else fails
INFORMATIONAL, MEDIUM, HIGH = (1, "Informational"), (3, "Medium"), (4, "High")
SEVERITY: Final = {"cmk": INFORMATIONAL, "excepted": INFORMATIONAL, "platform-key": HIGH, "cmk-degraded": HIGH}
NEW, SUPPRESSED = (1, "New"), (3, "Suppressed")
FEATURES: Final = {
    "managed_services": "managed services",
    "managed_disks": "managed disks",
    "dbfs_root": "DBFS root",
}


def document(record: Mapping[str, Any]) -> str:
    """The events as one JSON array."""
    return json_document(list(events(record)))


def events(record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """One event for each feature of a workspace, each storage account, each subscription not read wholly, each orphaned
    group."""
    for row in record["rows"]:
        judged = row["judged"] or row["verdict"]
        resource = {
            "uid": row["workspace"],
            "name": row["name"],
            "type": "Microsoft.Databricks/workspaces",
            "region": row["location"],
        }
        made = _event(
            record,
            f"{row['workspace']}/{row['feature']}".lower(),
            f"{row['name']}: {FEATURES[row['feature']]}: {row['verdict']}",
            row["reason"] or "under a healthy key",
            STATUS.get(judged, FAIL),
            SEVERITY.get(row["verdict"], MEDIUM),
            resource,
            row["subscription"],
        )
        if row["verdict"] == "excepted":
            made["status_id"], made["status"] = SUPPRESSED
        codes = [one["code"] for one in row["causes"]]
        _remediate(made, row)
        made["compliance"]["status_code"] = row["verdict"]
        made["unmapped"] = {"codes": codes, "owner": row["owner"], "expires": row["expires"], "since": row["since"]}
        yield made
    for one in record["storage"]:
        id = one["id"] or one["name"]
        resource = {
            "uid": id,
            "name": one["name"],
            "type": "Microsoft.Storage/storageAccounts",
            "region": one["location"],
        }
        title = f"{one['name']}: storage account: {one['verdict']}"
        status, severity = STATUS.get(one["verdict"], FAIL), SEVERITY.get(one["verdict"], MEDIUM)
        why = one["reason"] or "under a healthy key"
        made = _event(record, id.lower(), title, why, status, severity, resource, one["subscription"])
        made["compliance"]["status_code"] = one["verdict"]
        made["unmapped"] = {"codes": [cause["code"] for cause in one["causes"]], "uses": one["uses"]}
        _remediate(made, one)
        yield made
    for one in record["population"]:
        if one["problem"] or one["cut"]:
            what = "could not be read" if one["problem"] else "may not have been read wholly"
            id = f"/subscriptions/{one['subscription']}"
            resource = {"uid": id, "name": one["name"] or one["subscription"], "type": "subscription", "region": ""}
            why = one["problem"] or one["cut"]
            yield _event(record, id.lower(), f"{id} {what}", why, WARNING, MEDIUM, resource, one["subscription"])
    for one in record["orphaned"]:
        id = f"/subscriptions/{one['subscription']}/resourceGroups/{one['group']}"
        resource = {"uid": id, "name": one["group"], "type": "Microsoft.Resources/resourceGroups"}
        resource["region"] = one["location"]
        title = f"the managed group {one['group']} was left behind"
        why = f"its workspace {one['workspace']} is {'gone' if one['sure'] else 'not in sight'}"
        yield _event(record, id.lower(), title, why, WARNING, MEDIUM, resource, one["subscription"])


def _remediate(event: dict[str, Any], one: Mapping[str, Any]) -> None:
    commands = dict.fromkeys(cause["remedy"] for cause in one["causes"] if cause["remedy"])
    if commands and one["verdict"] != "cmk":
        event["remediation"] = {"desc": "\n".join(commands)}


def _event(
    record: Mapping[str, Any],
    uid: str,
    title: str,
    why: str,
    status: tuple[int, str],
    severity: tuple[int, str],
    resource: Mapping[str, Any],
    subscription: str,
) -> dict[str, Any]:
    at = int(datetime.fromisoformat(record["ended"]).timestamp() * 1000)  # OCSF counts milliseconds
    control = record["controls"][0]
    return {
        "activity_id": CREATE,
        "activity_name": "Create",
        "category_uid": CATEGORY,
        "category_name": "Findings",
        "class_uid": CLASS,
        "class_name": "Compliance Finding",
        "type_uid": CLASS * 100 + CREATE,
        "type_name": "Compliance Finding: Create",
        "time": at,
        "severity_id": severity[0],
        "severity": severity[1],
        "status_id": NEW[0],
        "status": NEW[1],
        "message": title,
        "metadata": {
            "version": VERSION,
            "profiles": ["cloud"],
            "product": {"name": "cmkmigrate", "vendor_name": "cmkmigrate", "version": record["tool"]},
        },
        "cloud": {"provider": "Azure", "region": resource["region"], "account": {"uid": subscription}},
        "finding_info": {
            "uid": hashlib.sha256(uid.encode()).hexdigest()[:32],  # the same finding has the same one in every audit
            "title": title,
            "desc": why,
            "created_time": at,
            "types": ["encryption under a customer-managed key"],
        },
        "compliance": {
            "control": control["control"],
            "standards": [f"{one['framework']} {one['version']}" for one in record["controls"]],
            "requirements": [f"{one['framework']} {one['version']} {one['control']}" for one in record["controls"]],
            "status_id": status[0],
            "status": status[1],
            "status_detail": why,
        },
        "resources": [dict(resource)],
    }
