"""An empty workspace to move, so that a whole run is of Azure alone and takes seconds, for faults in Azure."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.harness import ARM, Commands, Launcher, Result, Sandbox
from tests.kinds.world import targets_estate

STOPPED, NOT_ALLOWED, BLOCKED, INCOMPLETE, KILLED = 5, 4, 6, 3, -9
LONGEST_S = 300.0  # for something that happens within seconds, or a whole run
WORKSPACE = {"method": "PUT", "host": "management.*", "path": "*/Microsoft.Databricks/workspaces/*"}


def wait_for(what: Callable[[], bool]) -> None:
    """Come back when it is so; fails after LONGEST_S."""
    until = time.monotonic() + LONGEST_S
    while not what():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)


def sandbox_of(folder: Path, *keys: str) -> Sandbox:
    """A sandbox whose source is an empty workspace, and a vault `kv-there` with these keys, of nobody's use yet."""
    folder.mkdir(parents=True, exist_ok=True)
    estate = targets_estate(folder / "estate", [])
    told = json.loads((estate / "arm.json").read_text())
    made = [{"name": name, "key_size": 3072, "versions": [{}]} for name in keys]
    vault = {"name": "kv-there", "location": "westeurope", "resource_group": "rg-keys", "keys": made}
    vault["properties"] = {"enablePurgeProtection": True, "enableRbacAuthorization": True}
    (estate / "arm.json").write_text(json.dumps(told | {"vaults": [vault]}))
    return Sandbox(folder / "sandbox", estate, grant_delay=0.0)


def _of(path: str) -> bytes:
    """What the id of an operation says in its path: the resource that it is on."""
    id = path.rpartition("/")[2]
    return base64.urlsafe_b64decode(id + "=" * (-len(id) % 4))


class Move:
    """One migration of a workspace (of the empty one, where the box is that) into a target and a vault of its own."""

    def __init__(self, box: Sandbox, launcher: Launcher, folder: Path, name: str, **params: Any) -> None:
        self.box, self.name, self.vault = box, name, f"kv-{name}"
        self.place = Commands(launcher, folder / name, box.env)
        self.run = self.place.folder / "run"
        given = {"source": box.params["source"], "target_name": name, "vault_name": self.vault} | params
        self._params = [word for key, value in given.items() for word in ("-p", f"{key}={value}")]
        self._argv: tuple[str, ...] = ()
        box.faults()
        box.control("PUT", "settings", {"grants": "delay", "grant_delay_s": 0.0, "operator_lacks": ""})
        box.forget()

    @property
    def words(self) -> tuple[str, ...]:
        return ("apply", "cmk-migration", *self._params, "--run", str(self.run), "--auto-approve")

    def apply(self, *words: str, **env: str) -> Result:
        return self.place(*self.words, *words, **env)

    def resume(self, *words: str, **env: str) -> Result:
        return self.place("resume", str(self.run), *words, **env)

    def begin(self, *words: str, argv: tuple[str, ...] = (), patch: str = "", **env: str) -> tuple[int, Path]:
        """The same in the background."""
        self._argv = (*(argv or self.words), *words)
        started = self.place.start(*self._argv, patch=patch, **env)
        self.place.launcher.order(do="go", pid=started[0])
        return started

    def end(self, started: tuple[int, Path]) -> Result:
        """How what is in the background ended."""
        return self.place.wait(started, self._argv, LONGEST_S)

    # what the service saw

    def seen(self, at: int = 0) -> int:
        """How many requests a rule has matched."""
        return int(json.loads(self.box.control("GET", "faults"))[at]["seen"])

    def puts(self) -> list[dict[str, Any]]:
        """The PUTs of the new workspace."""
        path = f"/workspaces/{self.name}"
        return [one for one in self.box.writes(ARM) if one["method"] == "PUT" and one["path"].endswith(path)]

    def polls(self) -> list[str]:
        """The operations on the new workspace that were asked about, in order."""
        found = [one["path"] for one in self.box.requests() if "/operationStatuses/" in one["path"]]
        return [path for path in found if f'/workspaces/{self.name}"'.encode() in _of(path)]

    def refusals(self, path: str = "") -> list[dict[str, Any]]:
        """Requests that were refused with 403, of paths with these words in them."""
        return [one for one in self.box.requests() if one["status"] == 403 and path in one["path"]]

    def workspace(self) -> dict[str, Any]:
        """The new one, as ARM has it."""
        return next(one for one in self.box.arm()["workspaces"].values() if one["name"] == self.name)

    def features(self) -> int:
        """How many of its features are under a key."""
        told = self.workspace()["properties"]
        root = ((told.get("parameters") or {}).get("encryption") or {}).get("value") or {}
        under = root.get("keySource") == "Microsoft.Keyvault"
        return len((told.get("encryption") or {}).get("entities") or {}) + under
