"""An audit, or an assessment, of many workspaces: requests, wall time and memory.

`python benchmarks/audit.py --workspaces 500 --subscriptions 20` starts the sandbox with that estate (every workspace
under a key, ten keys in each subscription), runs `cmkmigrate audit -o json` in a process of its own, and counts what
reached the sandbox. `--command assess` runs the assessment instead, without contents, and with every second
workspace under no key. Figures are of this machine; the sandbox shares its cores, and answers at once: `--latency 0.15`
lets each answer take so many seconds longer.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import served

KEYS = 10  # of each subscription
V1 = "a" * 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--command", choices=("audit", "assess"), default="audit")
    parser.add_argument("--workspaces", type=int, default=500)
    parser.add_argument("--subscriptions", type=int, default=20)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds that each answer takes longer")
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        estate = _estate(Path(folder) / "estate", given.workspaces, given.subscriptions, given.command)
        sandbox = served.Served(Path(folder), [str(estate)])
        try:
            if given.latency:
                rule = {"count": -1, "action": "delay", "seconds": given.latency, "match": {"host": "management.*"}}
                sandbox.control("PUT", "faults", [rule])
            runs = [_run(sandbox, given.command) for _ in range(given.repeat)]
        finally:
            sandbox.close()
    print(json.dumps(runs[-1]["requests"], indent=2))
    figures = {name: statistics.median(run[name] for run in runs) for name in ("wall_s", "peak_mib", "total", "rows")}
    asked = {
        "command": given.command,
        "workspaces": given.workspaces,
        "subscriptions": given.subscriptions,
        "latency_s": given.latency,
    }
    print(json.dumps(asked | figures | served.machine()))


def _estate(folder: Path, workspaces: int, subscriptions: int, command: str) -> Path:
    folder.mkdir()
    url = "https://adb-1234567890123456.16.azuredatabricks.net"
    told = {"name": "w0", "region": "westeurope", "workspace_id": 1234567890123456, "workspace_url": url}
    (folder / "estate.json").write_text(json.dumps(told))
    ids = [f"bbbbbbbb-0000-4000-8000-{number:012d}" for number in range(subscriptions)]
    arm: dict[str, Any] = {
        "subscriptions": [{"id": id, "name": f"sub {number}", "role": "Reader"} for number, id in enumerate(ids)],
        "workspaces": [
            _workspace(number, ids[number % len(ids)], bare=command == "assess" and number // len(ids) % 2 == 1)
            for number in range(workspaces)
        ],
        "vaults": [
            {
                "name": f"kv-{number}-x",
                "subscription": id,
                "resource_group": f"rg-keys-{number}",
                "properties": {"enablePurgeProtection": True},
                "keys": [{"name": f"key{which}", "versions": [{"version": V1}]} for which in range(KEYS)],
            }
            for number, id in enumerate(ids)
        ],
    }
    (folder / "arm.json").write_text(json.dumps(arm))
    return folder


def _workspace(number: int, subscription: str, bare: bool) -> dict[str, Any]:
    vault = f"https://kv-{int(subscription[-12:])}-x.vault.azure.test/"
    name = f"key{number // 20 % KEYS}"
    block = {
        "keySource": "Microsoft.Keyvault",
        "keyVaultProperties": {"keyVaultUri": vault, "keyName": name, "keyVersion": V1},
    }
    root = {"keySource": "Microsoft.Keyvault", "KeyName": name, "keyversion": V1, "keyvaulturi": vault}
    parameters = {"prepareEncryption": {"value": True}, "encryption": {"value": root}}
    entities = {"managedServices": block, "managedDisk": block}
    properties = {"encryption": {"entities": entities}, "parameters": parameters}
    if bare:
        properties = {}
    properties |= {"createdDateTime": "2024-01-01T00:00:00Z"}
    return {"name": f"w{number}", "subscription": subscription, "properties": properties}


def _run(sandbox: served.Served, command: str) -> dict[str, Any]:
    sandbox.control("DELETE", "requests")
    program = (
        "import resource, sys\nfrom cmkmigrate.cli import main\ncode = main(sys.argv[1:])\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)\nsys.exit(code)"
    )
    began = time.monotonic()
    words = [sys.executable, "-c", program, command, "-o", "json"]
    result = subprocess.run(words, env=served.environment() | sandbox.env, capture_output=True, text=True, check=False)
    wall = time.monotonic() - began
    if result.returncode != 3:  # keys without grants: there are findings
        raise SystemExit(f"the {command} ended with {result.returncode}: {result.stderr[-2000:]}")
    sent = sandbox.requests()
    kinds = Counter(_kind(one) for one in sent if one["method"] != "CONNECT")
    return {
        "wall_s": round(wall, 2),
        "peak_mib": round(int(result.stderr.split()[-1]) / 1024, 1),
        "total": sum(kinds.values()),
        "rows": len(json.loads(result.stdout)["rows" if command == "audit" else "workspaces"]),
        "requests": dict(sorted(kinds.items())),
    }


def _kind(one: dict[str, Any]) -> str:
    """A request without what differs from one subscription, vault or key to the next."""
    if not one["host"].startswith("management."):
        return f"{one['host'].split('.')[0]} {one['method']}"
    words = one["path"].strip("/").split("/")
    if "providers" in words:
        at = len(words) - 1 - words[::-1].index("providers")
        tail = words[at + 1 :]
        return f"{one['method']} " + "/".join([tail[0], *tail[1::2]]) + ("" if len(tail) % 2 == 0 else "/NAME")
    return f"{one['method']} " + "/".join(words[2:] or words[:1])


if __name__ == "__main__":
    main()
