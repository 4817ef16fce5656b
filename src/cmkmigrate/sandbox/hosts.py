"""Which host names the sandbox answers under, and what each of them is.

Besides its own names under `.test` it answers under the public clouds' names, so that a real client can be pointed at
it with a proxy and a CA file alone. Names of the sovereign clouds: facts of the Azure SDKs' cloud settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Names:
    """The host names of one cloud. `vault`, `hsm`, `databricks` are suffixes; `audiences`: what its ARM takes too."""

    arm: str
    graph: str
    login: str
    vault: str
    hsm: str
    databricks: str
    audiences: tuple[str, ...] = ()


TEST = Names(
    "management.azure.test",
    "graph.microsoft.test",
    "login.microsoftonline.test",
    "vault.azure.test",
    "managedhsm.azure.test",
    "azuredatabricks.test",
)
CLOUDS = (
    TEST,
    Names(
        "management.azure.com",
        "graph.microsoft.com",
        "login.microsoftonline.com",
        "vault.azure.net",
        "managedhsm.azure.net",
        "azuredatabricks.net",
        ("management.core.windows.net",),
    ),
    Names(
        "management.usgovcloudapi.net",
        "graph.microsoft.us",
        "login.microsoftonline.us",
        "vault.usgovcloudapi.net",
        "managedhsm.usgovcloudapi.net",
        "databricks.azure.us",
        ("management.core.usgovcloudapi.net",),
    ),
    Names(
        "management.chinacloudapi.cn",
        "microsoftgraph.chinacloudapi.cn",
        "login.chinacloudapi.cn",
        "vault.azure.cn",
        "managedhsm.azure.cn",
        "databricks.azure.cn",
        ("management.core.chinacloudapi.cn",),
    ),
)

ARM, GRAPH, LOGIN, VAULT, HSM, DATABRICKS = "arm", "graph", "login", "vault", "hsm", "databricks"


@dataclass(frozen=True, slots=True)
class Place:
    """What a host name stands for: its class, the names of its cloud, and the vault's or workspace's own part."""

    kind: str
    cloud: Names
    label: str = ""


@lru_cache(maxsize=4096)
def place_of(host: str) -> Place | None:
    """The place of a host name (with or without a port); None for a host that is not simulated."""
    host = host.rsplit(":", 1)[0].lower().rstrip(".") if ":" in host else host.lower().rstrip(".")
    for cloud in CLOUDS:
        if host == cloud.arm:
            return Place(ARM, cloud)
        if host == cloud.graph:
            return Place(GRAPH, cloud)
        if host == cloud.login:
            return Place(LOGIN, cloud)
        if host.endswith("." + cloud.vault):
            label = host.removesuffix("." + cloud.vault)
            return Place(VAULT, cloud, label) if "." not in label else None
        if host.endswith("." + cloud.hsm):
            label = host.removesuffix("." + cloud.hsm)
            return Place(HSM, cloud, label) if "." not in label else None
        if host.endswith("." + cloud.databricks):
            label = host.removesuffix("." + cloud.databricks)
            return Place(DATABRICKS, cloud, label) if label.count(".") == 1 and label.startswith("adb-") else None
    return None


def place_of_uri(uri: str) -> Place | None:
    """The place of a URI of any cloud, None when it is none."""
    return place_of(uri.removeprefix("https://").split("/", 1)[0])


def vault_name(uri: str) -> str:
    """The vault's name in a vault URI of any cloud, "" when it is none."""
    place = place_of_uri(uri)
    return place.label if place and place.kind == VAULT else ""


def certificate_names() -> list[str]:
    """Every DNS name of the server's certificate. A wildcard covers one label, hence one per workspace shard."""
    names: list[str] = []
    for cloud in CLOUDS:
        names += [cloud.arm, cloud.graph, cloud.login, f"*.{cloud.vault}", f"*.{cloud.hsm}"]
        names += [f"*.{shard}.{cloud.databricks}" for shard in range(20)]
    return names
