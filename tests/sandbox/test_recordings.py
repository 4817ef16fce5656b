"""Recorded traffic of the real services, replayed: same statuses, same headers that matter, same keys in the bodies.

The recordings are not part of the project; the test is skipped where they are absent. What the sandbox does not serve
(making networks, private endpoints, access connectors) is passed over, and counted; the networks are there afterwards.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import yaml

from cmkmigrate.sandbox import networks
from cmkmigrate.sandbox.cloud import Cloud, Vault
from cmkmigrate.sandbox.server import Sandbox
from cmkmigrate.sandbox.wire import Request, Response

SPECS = Path(__file__).resolve().parents[3] / "shared" / "specs" / "recordings"
CASSETTES = sorted(SPECS.glob("*/*databricks*.yaml"))
# Recorded beside the rest, and not served (docs/sandbox.md).
NOT_SERVED = re.compile(
    r"/Microsoft\.Network/(?!virtualNetworks|networkSecurityGroups)"
    r"|/Microsoft\.Databricks/workspaces/[^/]+/(privateLinkResources|privateEndpointConnections)(/|$)"
    r"|/subscriptions/[^/]+/resourcegroups/[^/]+$"  # the location of a group, before a network is made in it
)
# Names of headers that differ from the recorded ones, each with its reason; all others must be the same.
HEADERS = {
    "cache-control": "browsers", "expires": "browsers", "pragma": "browsers", "vary": "browsers",
    "strict-transport-security": "browsers", "x-content-type-options": "browsers",
    "server": "what it runs on", "x-aspnet-version": "what it runs on", "x-powered-by": "what it runs on",
    "x-cache": "the way to it", "x-msedge-ref": "the way to it", "x-ms-ags-diagnostic": "the way to it",
    "x-ms-original-request-ids": "the way to it", "x-ms-arm-service-request-id": "the way to it",
    "date": "set where the answer is sent", "content-length": "set where the answer is sent",
    "transfer-encoding": "set where the answer is sent",
    "retry-after-ms": "the sandbox's own, so that nobody waits half a minute on loopback",
}  # fmt: skip
RATES = "x-ms-ratelimit-remaining-"  # what is left of a limit; recorded with some of the answers only
# Keys that are in a recorded body and not in ours, or the other way round; each with its reason.
GRAPH = re.compile(  # Graph returns some forty fields; three are ever read
    r"^(value\[\]\.)?(?!id$|appId$|displayName$|value$|@odata)[^.]+$"
    r"|^(value\[\]\.)?(addIns|appRoles|info|keyCredentials|oauth2PermissionScopes|passwordCredentials"
    r"|resourceSpecificApplicationPermissions|verifiedPublisher|samlSingleSignOnSettings)"
)
IGNORED = re.compile(
    r"\.puid$"  # a service principal has none
    r"|relayNamespaceName"  # returned in 2021 only
    r"|parameters\.\w+\.type$"  # after a change of the network the service leaves most types out
)
# What newer versions than the recorded one have added to vaults and keys.
ADDED = re.compile(
    r"systemData|enableRbacAuthorization|publicNetworkAccess|hsmPlatform|recoverableDays|exportable|enableSoftDelete$"
    r"|softDeleteRetentionInDays"
)


def keys_of(value: Any, at: str = "") -> Iterator[str]:
    """Every path of a body; the items of a list are one."""
    if isinstance(value, dict):
        for name, one in value.items():
            path = f"{at}.{name}" if at else name
            yield path
            if not path.endswith(("tags", "resourceTags.value")):
                yield from keys_of(one, path)
    elif isinstance(value, list):
        for one in value:
            yield from keys_of(one, f"{at}[]")


class Player:
    """Plays one cassette against a sandbox in this process."""

    def __init__(self, cassette: Path) -> None:
        loaded = yaml.load(cassette.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        self.steps: list[Any] = loaded["interactions"]
        self.sandbox = Sandbox()
        self.cloud: Cloud = self.sandbox.cloud
        self.ours: dict[str, str] = {}  # recorded id -> ours
        self.poll_url = ""
        self.skipped = 0
        self._prepare()

    def _prepare(self) -> None:
        text = json.dumps(self.steps)
        for group in set(re.findall(r"/resourceGroups/([^/?\"\\]+)/providers/Microsoft\.(?:Data|Key)", text)):
            self.cloud.group(group, "eastus")
        self.ours["00000000-0000-0000-0000-000000000000"] = self.cloud.subscription_id
        for step in self.steps:
            body = _json(step["response"]["body"]["string"])
            where = urlsplit(step["request"]["uri"])
            if "/vaults/" in where.path and isinstance(body, dict) and "properties" in body:
                self._vault(body)
        self._token = {
            resource: self.cloud.tokens.issue(self.cloud.operator, resource, "app", "issuer")
            for resource in ("https://management.azure.com", "https://graph.microsoft.com", "https://vault.azure.net")
        }

    def _vault(self, body: Any) -> None:
        """A vault as it was before the recording began."""
        if body["name"].lower() in self.cloud.vaults:
            return
        properties = dict(body["properties"])
        self.ours[properties["tenantId"]] = self.cloud.tenant_id
        for policy in properties["accessPolicies"]:
            self.ours.setdefault(policy["objectId"], self.cloud.operator.id)
        group = body["id"].split("/")[4]
        made = json.loads(self.translated(json.dumps(properties)))
        for name in ("vaultUri", "provisioningState"):
            made.pop(name)
        self.cloud.vaults[body["name"].lower()] = Vault(
            body["name"], self.cloud.subscription_id, group, body["location"], made, body.get("tags") or {}
        )

    def translated(self, text: str) -> str:
        for recorded, ours in self.ours.items():
            text = text.replace(recorded, ours)
        return text

    def learn(self, recorded: Any, ours: Any) -> None:
        """Ids that the service gave: from now on requests mean ours."""
        if isinstance(recorded, dict) and isinstance(ours, dict):
            for name, value in recorded.items():
                if name in ("principalId", "tenantId", "id") and _is_guid(value) and _is_guid(ours.get(name)):
                    self.ours[value] = ours[name]
                elif name == "storageAccountName" and name in ours:
                    self.ours[value["value"]] = ours[name]["value"]
                elif name == "kid" and name in ours:
                    self.ours[value.rsplit("/", 1)[1]] = ours[name].rsplit("/", 1)[1]
                else:
                    self.learn(value, ours.get(name))
        elif isinstance(recorded, list) and isinstance(ours, list):
            for one, other in zip(recorded, ours, strict=False):
                self.learn(one, other)

    def play(self, number: int) -> tuple[Any, Response] | None:
        """Play one interaction; gives what was recorded and what came, None for what is not served."""
        step = self.steps[number]
        sent, where = step["request"], urlsplit(self.translated(step["request"]["uri"]))
        elsewhere = "operationStatuses" in where.path and not self.poll_url  # of what is not served
        if sent["method"] != "GET":
            self.poll_url = ""
        network = "/Microsoft.Network/" in where.path and sent["method"] != "GET"
        if elsewhere or network or NOT_SERVED.search(where.path):
            self.skipped += 1
            if network:
                self._network(where.path, _json(sent.get("body") or "") or {})
            return None
        if sent["method"] in ("PUT", "DELETE"):
            self.cloud.settings.polls = self._polls_after(number)
        path, query = where.path, where.query
        if "operationStatuses" in path:
            asked = urlsplit(self.poll_url)
            path, query = asked.path, asked.query
        query = urlencode([one for one in parse_qsl(query) if one[0] not in "tcsh"])
        headers = {"host": where.netloc}
        for resource, token in self._token.items():
            if where.netloc.endswith(urlsplit(resource).netloc) and step["response"]["status"]["code"] != 401:
                headers["authorization"] = f"Bearer {token}"
        for principal in re.findall(r'"objectId":\s*"([^"]+)"', sent.get("body") or ""):
            self.ours.setdefault(principal, self.cloud.databricks_principal.id)  # granted without asking Graph
        body = self.translated(sent.get("body") or "").encode()
        response = self.sandbox.app.respond(Request(sent["method"], where.netloc, path, query, headers, body))
        self.poll_url = (
            response.headers.get("azure-asyncoperation") or response.headers.get("location") or self.poll_url
        )
        self.learn(_json(step["response"]["body"]["string"]), _json(response.body.decode()))
        return step["response"], response

    def _network(self, path: str, body: Any) -> None:
        """What a recorded PUT made in a network: the sandbox has it from its estate."""
        parts, properties = path.split("/"), body.get("properties") or {}
        at = (parts[2], parts[4], parts[8], body.get("location", ""))
        if parts[7] == "networkSecurityGroups":
            networks.add_security_group(self.cloud, *at)
        elif parts[-2] == "virtualNetworks":
            networks.add_network(self.cloud, *at, properties["addressSpace"]["addressPrefixes"])
        elif parts[-2] == "subnets":
            network = self.cloud.networks["/".join(parts[:9]).lower()]
            services = [one["properties"]["serviceName"] for one in properties.get("delegations") or ()]
            group = self.translated(properties["networkSecurityGroup"]["id"])
            networks.add_subnet(network, parts[-1], properties["addressPrefix"], services, group)

    def _polls_after(self, number: int) -> int:
        count = 0
        for step in self.steps[number + 1 :]:
            if "operationStatuses" not in step["request"]["uri"]:
                break
            if step["response"]["status"]["code"] != 202:
                break
            count += 1
        return count


def _is_guid(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value) is not None


def _json(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None


def differences(recorded: Any, response: Response, graph: bool) -> Iterator[str]:
    if recorded["status"]["code"] != response.status:
        yield f"status {response.status} instead of {recorded['status']['code']}: {response.body[:300]!r}"
        return
    for name in sorted({one.lower() for one in recorded["headers"]} ^ {one.lower() for one in response.headers}):
        if name not in HEADERS and not name.startswith(RATES):
            yield f"header {name} is {'there' if name in response.headers else 'absent'}"
    theirs, ours = _json(recorded["body"]["string"]), _json(response.body.decode())
    wanted, found = ({one for one in keys_of(body) if not IGNORED.search(one)} for body in (theirs, ours))
    if graph:
        wanted, found = ({one for one in keys if not GRAPH.search(one)} for keys in (wanted, found))
    old = {one for one in found - wanted if ADDED.search(one)}
    for one in sorted(wanted ^ found ^ old):
        yield f"{one} is {'absent' if one in wanted else 'there'}"
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for state in ("provisioningState",):
            a, b = ((body.get("properties") or {}).get(state) for body in (theirs, ours))
            if a != b:
                yield f"{state} is {b} instead of {a}"
        a, b = ((body.get("error") or {}).get("code") for body in (theirs, ours))
        if a != b:
            yield f"error {b} instead of {a}"
        if theirs.get("status") != ours.get("status"):
            yield f"status word {ours.get('status')} instead of {theirs.get('status')}"


@pytest.mark.skipif(not CASSETTES, reason="the recordings are not here")
@pytest.mark.parametrize("cassette", CASSETTES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_recorded_sequence(cassette: Path) -> None:
    player = Player(cassette)
    problems = []
    for number in range(len(player.steps)):
        played = player.play(number)
        if played is not None:
            where = player.steps[number]["request"]
            for one in differences(*played, graph="graph." in urlsplit(where["uri"]).netloc):
                problems.append(f"#{number} {where['method']} {urlsplit(where['uri']).path[-60:]}: {one}")
    networks = any("/Microsoft.Network/" in step["request"]["uri"] for step in player.steps)
    assert networks or not player.skipped, "only recordings with networks have requests that are not served"
    assert not problems, "\n".join(problems)
