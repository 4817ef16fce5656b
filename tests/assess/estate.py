"""The estate of the audit's tests, with what only an assessment looks at: locks, networks, tags, and fewer rights.

The expectations are written by hand beside what is built.
"""

from __future__ import annotations

from typing import Any

from tests.audit.estate import ALL, BROKEN, NONE, OTHER, OWN, Estate, workspace

NETWORK = f"/subscriptions/{OWN}/resourceGroups/rg-net/providers/Microsoft.Network/virtualNetworks/v"


class Assessed(Estate):
    """`remedies`: workspace -> remedy; `blocked`: workspace -> codes; `tools`: workspace -> the tools of its tags."""

    def __init__(self, now: float) -> None:
        super().__init__(now)
        self.remedies = {name: self._remedy(name) for name in self.expected}
        self.blocked: dict[str, set[str]] = {
            name: {"sku"} for name in self.remedies if name.startswith("standard-")
        } | {"serverless": {"serverless"}, "failed": {"state"}}
        self.tools: dict[str, set[str]] = {}
        self.locks: list[dict[str, str]] = []
        self._more()

    @staticmethod
    def _remedy(name: str) -> str:
        """By hand: the audit's estate has names that say what is in it."""
        some = name.rpartition("-")[2]
        if name.startswith("well-"):
            return "none" if some == "xxx" else "in place"
        if name.startswith("ill-"):
            return "mend" if some == "xxx" else "in place"
        if name.startswith("standard-"):
            return "unknown" if some == "xxx" else "in place"
        if name.removeprefix("broken-") in BROKEN:
            return "mend"
        return {
            "pinned": "mend", "by-policy": "none", "far-vault": "none", "key-grant": "none", "trusted": "none",
            "lost": "unknown", "failed": "unknown", "since-when": "unknown", "late": "in place",
            "in-hsm": "none", "in-hsm-widely": "none", "hsm-pinned": "mend", "hsm-shut": "unknown",
            "hsm-half": "unknown", "hsm-lost": "unknown", "hsm-group": "unknown",
            "serverless": "not eligible", "elsewhere": "none", "accepted": "in place", "accepted-once": "in place",
        }[name]  # fmt: skip

    def _put(self, one: dict[str, Any], remedy: str, *blocked: str, tool: str = "") -> None:
        verdict = "cmk" if "encryption" in one["properties"] else "platform-key"
        self.add(one, verdict, verdict, verdict)
        self.remedies[one["name"]] = remedy
        if blocked:
            self.blocked[one["name"]] = set(blocked)
        if tool:
            self.tools[one["name"]] = {tool}

    def _more(self) -> None:
        self._put(workspace("locked", NONE), "in place", "lock-read-only")
        self._put(workspace("locked-group", NONE), "in place", "lock-read-only")
        self._put(workspace("kept", NONE), "in place")  # a CanNotDelete lock is in nobody's way there
        self.locks = [
            {"scope": "workspaces/locked", "name": "still", "level": "ReadOnly"},
            {"scope": "resourceGroups/rg-locked-group", "name": "still", "level": "ReadOnly"},
            {"scope": "workspaces/kept", "name": "keep", "level": "CanNotDelete"},
        ]
        federal = workspace("federal", NONE)
        federal["properties"]["parameters"]["enableFedRampCertification"] = {"value": True}
        self._put(federal, "in place", "fedramp")
        inside = workspace("inside", ALL, properties={"publicNetworkAccess": "Disabled"})
        inside["properties"]["parameters"] |= {"customVirtualNetworkId": {"value": NETWORK}}
        self._put(inside, "none")
        doubled = workspace("doubled", ALL)
        doubled["properties"]["parameters"]["requireInfrastructureEncryption"] = {"value": True}
        self._put(doubled, "none")
        self._put(workspace("terraformed", NONE, tags={"ManagedBy": "Terraform"}), "in place", tool="Terraform")
        self._put(workspace("azd", ALL, tags={"azd-env-name": "dev"}), "none", tool="Azure Developer CLI")
        self._put(workspace("tagged", ALL, tags={"owner": "data", "managed_by": "the data team"}), "none")
        self._put(workspace("read-only", NONE, subscription=OTHER), "in place")
        self.add(workspace("waived", NONE), "excepted", "excepted", "excepted")
        self._except("waived", "2099-12-31")
        self.remedies["waived"] = "exception"

    def arm(self) -> dict[str, Any]:
        return {**super().arm(), "locks": self.locks}
