"""What the sandbox costs: CPU of one simple request, and memory and time to be ready with a large estate.

    python benchmarks/sandbox.py --requests 5000 --objects 200000

benchmarks/README.md says what is measured.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import ssl
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import served

DATABRICKS = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d"  # the application id of Azure Databricks, the same everywhere
SIMPLE = "/api/2.0/workspace/get-status?path=/Shared"


def token(sandbox: served.Served, tls: ssl.SSLContext) -> str:
    """A token for Databricks."""
    form = {
        "grant_type": "client_credentials",
        "client_id": sandbox.env["AZURE_CLIENT_ID"],
        "client_secret": sandbox.env["AZURE_CLIENT_SECRET"],
        "scope": f"{DATABRICKS}/.default",
    }
    url = f"{sandbox.env['CMKMIGRATE_AUTHORITY']}/{sandbox.env['AZURE_TENANT_ID']}/oauth2/v2.0/token"
    proxy = urllib.request.ProxyHandler({"https": sandbox.env["HTTPS_PROXY"]})
    opener = urllib.request.build_opener(proxy, urllib.request.HTTPSHandler(context=tls))
    with opener.open(url, urllib.parse.urlencode(form).encode(), timeout=60) as answer:
        return str(json.load(answer)["access_token"])


def requests(sandbox: served.Served, count: int) -> dict[str, Any]:
    """One client, one connection, one request after the other."""
    tls = ssl.create_default_context(cafile=sandbox.env["SSL_CERT_FILE"])
    known = json.loads(sandbox.control("GET", "state/management.azure.test"))["workspaces"].values()
    host = next(iter(known))["properties"]["workspaceUrl"]
    headers = {"authorization": f"Bearer {token(sandbox, tls)}"}
    connection = http.client.HTTPSConnection("127.0.0.1", sandbox.port, timeout=60, context=tls)
    connection.set_tunnel(host, 443)
    with contextlib.closing(connection):

        def send() -> None:
            connection.request("GET", SIMPLE, headers=headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise SystemExit(f"{SIMPLE}: {answer.status}")

        for _ in range(100):
            send()
        cpu, began = sandbox.cpu_s(), time.perf_counter()
        for _ in range(count):
            send()
        took, cpu = time.perf_counter() - began, sandbox.cpu_s() - cpu
    return {"cpu_us_per_request": 1e6 * cpu / count, "requests_per_s": count / took}


def main() -> None:
    parser = argparse.ArgumentParser(description="What the sandbox costs.")
    parser.add_argument("--requests", type=int, default=5000, metavar="N")
    parser.add_argument("--objects", type=int, default=200_000, metavar="N", help="of the large estate, generate:N")
    parser.add_argument("--repeat", type=int, default=3, metavar="K")
    given = parser.parse_args()
    rows = []
    for _ in range(given.repeat):
        row: dict[str, Any] = {}
        for name, objects in (("small", 100), ("large", given.objects)):
            with tempfile.TemporaryDirectory(prefix="bench-") as folder:
                sandbox = served.Served(Path(folder), [f"generate:{objects}"])
                try:
                    row[f"{name}_ready_s"] = sandbox.ready_s
                    row[f"{name}_peak_mib"] = served.peak_mib(sandbox.process.pid)
                    row |= {f"{name}_{key}": value for key, value in requests(sandbox, given.requests).items()}
                finally:
                    sandbox.close()
        rows.append(row)
    print(served.table([[key, value] for key, value in served.medians(rows).items()]))
    print(json.dumps(served.machine() | {"objects": given.objects, "repeat": given.repeat}))


if __name__ == "__main__":
    main()
