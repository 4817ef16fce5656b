"""One instance of minilake: somebody else's model of a Databricks workspace, in a process of its own."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from databricks.sdk import WorkspaceClient

LOOPBACK = "127.0.0.1"
FOLDER = "CMKMIGRATE_FOREIGN_BIN"  # minilake may live in an environment of its own: the folder of its `python`
START_S = 60.0
# minilake has no switch for the number of its workspace: every instance says the same one, and the product rightly
# takes two of them for one workspace. Nothing else of it is changed.
START = """
import sys
from minilake.services import identity
identity.FAKE_ORG_ID = sys.argv.pop(1)
from minilake.cli import main
sys.exit(main())
"""


def python() -> str:
    """The Python that has minilake: that of the folder in CMKMIGRATE_FOREIGN_BIN, or this one; "" where none has."""
    if folder := os.environ.get(FOLDER, ""):
        return shutil.which("python", path=folder) or ""
    return sys.executable if importlib.util.find_spec("minilake") else ""


class Minilake:
    """A running instance with an empty store in `folder`. `port` is its own; `client` a plain databricks-sdk client."""

    def __init__(self, folder: Path, org_id: str) -> None:
        folder.mkdir(parents=True)
        self.folder, self.port = folder, _free_port()
        self.url = f"http://{LOOPBACK}:{self.port}"
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
        for name in ("data", "duckdb", "home"):
            (folder / name).mkdir()
        own = {
            "HOME": str(folder / "home"),
            "MINILAKE_DATA_DIR": str(folder / "data"),
            "MINILAKE_NOTEBOOK": "0",
            "MINILAKE_JOB_EXECUTOR": "subprocess",  # no job is run; the other executor asks for docker at the start
            "MINILAKE_DUCKDB_EXTENSION_DIR": str(folder / "duckdb"),  # else an extension is asked for on the network
            "MINILAKE_CLUSTER_START_DELAY": "0",
            "MINILAKE_CLUSTER_TERMINATE_DELAY": "0",
        }
        words = [python(), "-c", START, org_id, "--host", LOOPBACK, "--port", str(self.port)]
        with (folder / "output").open("wb") as output:
            self._process = subprocess.Popen(words, stdout=output, stderr=output, cwd=folder, env=kept | own)
        self._wait()
        self.client = WorkspaceClient(host=self.url, token="any", auth_type="pat", profile="")

    def close(self) -> None:
        """Stop it."""
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _wait(self) -> None:
        until = time.monotonic() + START_S
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/_minilake/health", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                if self._process.poll() is not None or time.monotonic() > until:
                    self.close()
                    raise RuntimeError(f"minilake did not start: {(self.folder / 'output').read_text()}") from None
                time.sleep(0.05)


def _free_port() -> int:
    """A loopback port that nobody listens on. Another process may take it before minilake does; the start then fails
    and says so."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
