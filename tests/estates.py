"""Writes an estate as a folder that the sandbox serves: one workspace made for a test, with ids like the service's."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

HEADER: Final = b"# Databricks notebook source\n"
_COMPUTE: Final = {"spark_version": "15.4.x-scala2.12", "node_type_id": "Standard_DS3_v2", "num_workers": 1}


class Estate:
    """One workspace. name, org: its name and number; owner: the user who made everything in it."""

    def __init__(self, folder: Path, name: str, org: int, owner: str, region: str = "northeurope") -> None:
        self.folder, self.owner = folder, owner
        self.rows: list[dict[str, Any]] = []
        self.number, self.scopes = 5000000000000, 0
        url = f"https://adb-{org}.{org % 20}.azuredatabricks.net"
        self.put("estate.json", {"name": name, "region": region, "workspace_url": url, "workspace_id": org})

    def put(self, path: str, body: Any) -> None:
        """A file of JSON."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(body), "utf-8")

    def people(self, groups: Iterable[str] = (), *, member: bool = False, shown: str = "eva") -> None:
        """The owner, the groups of every workspace and these; member: the owner is in all of them."""
        users = [{"id": "1000000000", "userName": self.owner, "displayName": shown, "active": True}]
        members = [{"value": "1000000000"}] if member else []
        made = [
            {
                "id": str(3000000000 + at),
                "displayName": name,
                "members": members,
                "meta": {"resourceType": "WorkspaceGroup"},
            }
            for at, name in enumerate(("admins", "users", *groups))
        ]
        self.put("identities.json", {"users": users, "service_principals": [], "groups": made})

    def folders(self, *more: str) -> None:
        """The folders of every workspace, the owner's home, and these."""
        for path in ("/Users", "/Shared", "/Repos", f"/Users/{self.owner}", *more):
            self.node(path, "DIRECTORY")

    def node(self, path: str, type: str, data: bytes | None = None, **more: Any) -> int:
        """An object of the tree; its id."""
        self.number += 1
        row = {"path": path, "object_type": type, "object_id": self.number, **more}
        if data is not None:
            file = self.folder / "workspace" / str(self.number)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
            at = 1700000000000 + self.number % 999
            row |= {"file": f"workspace/{self.number}", "size": len(data), "modified_at": at}
        self.rows.append(row)
        return self.number

    def notebook(self, path: str, data: bytes = HEADER, language: str = "PYTHON", format: str = "SOURCE") -> None:
        """A notebook, as it is stored."""
        self.node(path, "NOTEBOOK", data, language=language, format=format)

    def cluster(self, number: int, **more: Any) -> str:
        """A cluster that is not running; its id. more: other fields, None takes one away."""
        id = f"0202-0202{number:02}-oddclust"
        usual = {"cluster_name": f"odd {number}", **_COMPUTE, "state": "TERMINATED", "cluster_source": "UI"}
        body = {"cluster_id": id, **usual, "creator_user_name": self.owner, **more}
        self.put(f"clusters/{id}.json", {name: value for name, value in body.items() if value is not None})
        return id

    def job(self, number: int, settings: dict[str, Any], run_as: str = "") -> int:
        """A job; its id."""
        id = 880000000000000 + number
        whole = {"job_id": id, "creator_user_name": self.owner, "run_as_user_name": run_as or self.owner}
        whole |= {"created_time": 1700000000000, "settings": {"format": "MULTI_TASK", **settings}}
        self.put(f"jobs/{id}.json", whole)
        return id

    def scope(self, name: str, values: Mapping[str, bytes], acls: Mapping[str, str], **more: Any) -> None:
        """A secret scope with its values. acls: who may do what; more: other fields of the file."""
        rows = [
            {"key": key, "value": base64.b64encode(value).decode(), "last_updated_timestamp": 1}
            for key, value in values.items()
        ]
        listed = [{"principal": who, "permission": level} for who, level in acls.items()]
        self.scopes += 1  # a name may be no name of a file
        given = {"scope": {"name": name, "backend_type": "DATABRICKS"}, "acls": listed, "secrets": rows}
        self.put(f"secrets/{self.scopes}.json", {**given, **more})

    def acl(self, type: str, id: Any, *entries: tuple[str, str, str]) -> None:
        rows = [{field: who, "all_permissions": [{"permission_level": level}]} for field, who, level in entries]
        self.put(f"permissions/{type}/{id}.json", {"object_id": f"/{type}/{id}", "access_control_list": rows})

    def done(self) -> Path:
        """The folder, whole."""
        (self.folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in self.rows), "utf-8")
        return self.folder
