"""Which cloud is talked to, and to which hosts a token may go.

Everything that differs between Azure public, US Government, China and a cloud of one's own is a setting here, read from
the environment; no other file knows a host name. `CMKMIGRATE_CLOUD` chooses the set (`public`, `usgov`, `china`); each
value can be set alone by its own variable.

| variable | what | public |
|---|---|---|
| CMKMIGRATE_ARM | Azure Resource Manager | https://management.azure.com |
| CMKMIGRATE_GRAPH | Microsoft Graph | https://graph.microsoft.com |
| CMKMIGRATE_AUTHORITY | Entra | https://login.microsoftonline.com |
| CMKMIGRATE_VAULT_SUFFIX | hosts of key vaults | vault.azure.net |
| CMKMIGRATE_HSM_SUFFIX | hosts of managed HSMs | managedhsm.azure.net |
| CMKMIGRATE_DATABRICKS_SUFFIX | hosts of workspaces | azuredatabricks.net |
| CMKMIGRATE_DATABRICKS_RESOURCE | application id of AzureDatabricks | 2ff814a6-3304-4ab8-85cb-cd0e6f879c1d |
| CMKMIGRATE_MANAGEMENT_RESOURCE | audience of the management token | https://management.core.windows.net/ |
| CMKMIGRATE_INSTANCE_DISCOVERY | ask Microsoft whether the authority is one (`false` for one that is not) | true |
| CMKMIGRATE_POLL_S | seconds between two looks at a long-running operation | 15 |
| CMKMIGRATE_TIMEOUT_S | seconds to connect, and to wait for the next bytes of an answer | 60 |
| CMKMIGRATE_OPERATION_S | seconds after which a long-running operation is waited for no more (`--lro-timeout`) | 3600 |
| CMKMIGRATE_GRANT_S | seconds in which a grant may take effect; no older one, and no longer, is waited for | 1200 |

Hosts of the sovereign clouds: the endpoint lists of Microsoft's documentation.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from cmkmigrate.errors import Mistake, Refused

AZURE_DATABRICKS: Final = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d"  # the same application id in every cloud

_CLOUDS: Final[dict[str, dict[str, str]]] = {
    "public": {
        "arm": "https://management.azure.com",
        "graph": "https://graph.microsoft.com",
        "authority": "https://login.microsoftonline.com",
        "vault_suffix": "vault.azure.net",
        "hsm_suffix": "managedhsm.azure.net",
        "databricks_suffix": "azuredatabricks.net",
        "management_resource": "https://management.core.windows.net/",
    },
    "usgov": {
        "arm": "https://management.usgovcloudapi.net",
        "graph": "https://graph.microsoft.us",
        "authority": "https://login.microsoftonline.us",
        "vault_suffix": "vault.usgovcloudapi.net",
        "hsm_suffix": "managedhsm.usgovcloudapi.net",
        "databricks_suffix": "databricks.azure.us",
        "management_resource": "https://management.core.usgovcloudapi.net/",
    },
    "china": {
        "arm": "https://management.chinacloudapi.cn",
        "graph": "https://microsoftgraph.chinacloudapi.cn",
        "authority": "https://login.chinacloudapi.cn",
        "vault_suffix": "vault.azure.cn",
        "hsm_suffix": "managedhsm.azure.cn",
        "databricks_suffix": "databricks.azure.cn",
        "management_resource": "https://management.core.chinacloudapi.cn/",
    },
}
_URLS: Final = ("arm", "graph", "authority")
_SUFFIXES: Final = ("vault_suffix", "hsm_suffix", "databricks_suffix")
_SECONDS: Final = {"poll_s": 15.0, "timeout_s": 60.0, "operation_s": 3600.0, "grant_s": 1200.0}


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The hosts and waiting times of one cloud. Times are in seconds."""

    arm: str
    graph: str
    authority: str
    vault_suffix: str
    hsm_suffix: str
    databricks_suffix: str
    management_resource: str
    databricks_resource: str = AZURE_DATABRICKS
    instance_discovery: bool = True
    poll_s: float = _SECONDS["poll_s"]
    timeout_s: float = _SECONDS["timeout_s"]
    operation_s: float = _SECONDS["operation_s"]
    grant_s: float = _SECONDS["grant_s"]

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Endpoints:
        """The endpoints that `environ` asks for. Raises Mistake, with the variable, for a value that cannot be used."""
        cloud = environ.get("CMKMIGRATE_CLOUD", "public").strip().lower()
        if cloud not in _CLOUDS:
            raise Mistake(
                f"CMKMIGRATE_CLOUD is {cloud!r}", why="there is no such cloud", next=f"one of {', '.join(_CLOUDS)}"
            )
        values: dict[str, Any] = dict(_CLOUDS[cloud], databricks_resource=AZURE_DATABRICKS)
        for name in values:
            given = environ.get(f"CMKMIGRATE_{name.upper()}", "").strip()
            if given:
                values[name] = given
        for name in _URLS:
            values[name] = _url(f"CMKMIGRATE_{name.upper()}", values[name])
        for name in _SUFFIXES:
            values[name] = _suffix(f"CMKMIGRATE_{name.upper()}", values[name])
        for name, default in _SECONDS.items():
            values[name] = _seconds(f"CMKMIGRATE_{name.upper()}", environ, default)
        values["instance_discovery"] = environ.get("CMKMIGRATE_INSTANCE_DISCOVERY", "true").strip().lower() != "false"
        return cls(**values)

    @property
    def arm_scope(self) -> str:
        """The scope of tokens for Azure Resource Manager."""
        return f"{self.arm}/.default"

    @property
    def graph_scope(self) -> str:
        """The scope of tokens for Microsoft Graph."""
        return f"{self.graph}/.default"

    @property
    def databricks_scope(self) -> str:
        """The scope of tokens for workspaces."""
        return f"{self.databricks_resource}/.default"

    @property
    def management_scope(self) -> str:
        """The scope of the token that proves a right on the ARM resource to a workspace (the double slash is meant:
        the resource ends in one)."""
        return f"{self.management_resource}/.default"

    def allowed(self, url: str) -> bool:
        """Whether a token may be sent to `url`: https, no user info, a host of this cloud, never an address."""
        if any(char.isspace() or ord(char) < 32 or char == "\\" for char in url):
            return False
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            return False
        host = (parts.hostname or "").lower()
        if parts.scheme != "https" or not host or "@" in parts.netloc or _address(host):
            return False
        for base in (self.arm, self.graph, self.authority):
            known = urlsplit(base)
            name = (known.hostname or "").lower()
            # Assumption: a region's own Resource Manager (eastus.management.azure.com) may be named in an answer.
            if (host == name or host.endswith("." + name)) and port in (None, 443, known.port):
                return True
        suffixes = (self.vault_suffix, self.hsm_suffix, self.databricks_suffix)
        return port in (None, 443) and any(host.endswith("." + suffix) for suffix in suffixes)

    def is_hsm(self, url: str) -> bool:
        """Whether `url` is of a managed HSM of this cloud, by its host."""
        return (urlsplit(url).hostname or "").lower().endswith("." + self.hsm_suffix)

    def check(self, url: str) -> str:
        """`url`, when a token may be sent there. Raises Refused: nothing was sent."""
        if not self.allowed(url):
            host = url.partition("://")[2].partition("/")[0][:100] or url[:100]
            raise Refused(f"{host!r} is not a host of this cloud: no token is sent there", code="ForeignHost")
        return url


def _address(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host.replace(".", "").isdigit()  # 2130706433 and 127.1 are addresses to a resolver
    return True


def _url(variable: str, text: str) -> str:
    parts = urlsplit(text)
    host = parts.hostname or ""
    if parts.scheme != "https" or not host or parts.path.strip("/") or parts.query or _address(host):
        raise Mistake(f"{variable} is {text!r}", why="it must be https://HOST, and not an address")
    return f"https://{parts.netloc.lower()}"


def _suffix(variable: str, text: str) -> str:
    suffix = text.strip(".").lower()
    if "." not in suffix or "/" in suffix or ":" in suffix or _address(suffix):
        raise Mistake(f"{variable} is {text!r}", why="it must be the end of a host name, as in vault.azure.net")
    return suffix


def _seconds(variable: str, environ: Mapping[str, str], default: float) -> float:
    text = environ.get(variable, "").strip()
    if not text:
        return default
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < 86_400:
        raise Mistake(f"{variable} is {text!r}", why="it must be a number of seconds above 0")
    return seconds
