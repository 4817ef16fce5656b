"""The two files that a sandbox writes once it is ready: an env file for the shell, and parameters for playbooks.

They are written whole or not at all, and only their owner can read them.
"""

from __future__ import annotations

import json
import os
import shlex
import tempfile
from contextlib import suppress
from pathlib import Path

from cmkmigrate.sandbox.cloud import OPERATOR_APPLICATION, Cloud, digest
from cmkmigrate.sandbox.hosts import TEST


def variables(cloud: Cloud, port: int, ca_file: str, limits: str) -> dict[str, str]:
    """The environment that points any client at the sandbox: standard names where they exist."""
    made = {
        "HTTPS_PROXY": f"http://127.0.0.1:{port}",
        "https_proxy": f"http://127.0.0.1:{port}",  # many clients look at the small letters first
        "NO_PROXY": "",
        "no_proxy": "",
        "REQUESTS_CA_BUNDLE": ca_file,
        "SSL_CERT_FILE": ca_file,
        "AZURE_TENANT_ID": cloud.tenant_id,
        "AZURE_CLIENT_ID": OPERATOR_APPLICATION,
        "AZURE_CLIENT_SECRET": cloud.secret,
        "AZURE_SUBSCRIPTION_ID": cloud.subscription_id,
        "CMKMIGRATE_ARM": f"https://{TEST.arm}",
        "CMKMIGRATE_GRAPH": f"https://{TEST.graph}",
        "CMKMIGRATE_AUTHORITY": f"https://{TEST.login}",
        "CMKMIGRATE_VAULT_SUFFIX": TEST.vault,
        "CMKMIGRATE_HSM_SUFFIX": TEST.hsm,
        "CMKMIGRATE_DATABRICKS_SUFFIX": TEST.databricks,
        "CMKMIGRATE_INSTANCE_DISCOVERY": "false",
        "CMKMIGRATE_POLL_S": "0.05",
        "CMKMIGRATE_TIMEOUT_S": "10",  # `resume` waits as long as a lost request may last
    }
    if limits != "documented":
        made["CMKMIGRATE_PACE"] = limits.removeprefix("x")
    return made


def env_file(values: dict[str, str]) -> str:
    """Shell `export` lines."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in values.items())


def parameters(cloud: Cloud) -> dict[str, str]:
    """What the shipped playbooks ask for, so that they run as they stand; {} without an estate."""
    loaded = list(cloud.workspaces.values())
    if not loaded:
        return {}
    source = loaded[0]
    made = {
        "source": source.id,
        "target_name": f"{source.name[:60]}-cmk",
        "vault_name": f"kv-cmk-{digest('vault', source.id)[:10]}",
        "key_name": "databricks-cmk",
    }
    if len(loaded) > 1:
        made["target"] = loaded[1].id
    return made


def params_file(values: dict[str, str]) -> str:
    """Flat YAML (a JSON string is a YAML string)."""
    return "".join(f"{name}: {json.dumps(value)}\n" for name, value in values.items())


def write(path: str | Path, text: str) -> None:
    """Write a file whole, readable by its owner alone. Raises OSError."""
    path = Path(path)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # made with mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
