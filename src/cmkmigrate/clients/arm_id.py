"""The ids of Azure Resource Manager, and the names that a resource can have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cmkmigrate.errors import Mistake
from cmkmigrate.model import KNOWN_AFTER_APPLY

_ID: Final = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)"
    r"/providers/(?P<type>[^/]+/[^/]+)/(?P<name>[^/]+)/?",
    re.IGNORECASE,
)
_LOOKS: Final = "it looks like /subscriptions/ID/resourceGroups/GROUP/providers/TYPE/NAME; az ... show --query id"
# Assumption: what no name of any resource has, as the vendor's page on naming rules puts it together.
_PLAIN: Final = r"[^<>%&:\\?/#*+\x00-\x1f\x7f-\x9f\ud800-\udfff]"
_WORDS: Final = "characters, none of <>%&:\\?/#*+ and no control character"
# The service's own rules, each with its words: vaultName, name (of an HSM), workspaceName and connectorName of the
# specifications (Microsoft.KeyVault 2023-07-01, Microsoft.Databricks 2024-05-01). The last two name no letters.
_RULES: Final[Mapping[str, tuple[re.Pattern[str], str]]] = {
    "microsoft.keyvault/vaults": (re.compile(r"[0-9A-Za-z-]{3,24}"), "3 to 24 letters, digits and hyphens"),
    "microsoft.keyvault/managedhsms": (re.compile(r"[0-9A-Za-z-]{3,24}"), "3 to 24 letters, digits and hyphens"),
    "microsoft.databricks/workspaces": (re.compile(_PLAIN + "{3,64}"), f"3 to 64 {_WORDS}"),
    "microsoft.databricks/accessconnectors": (re.compile(_PLAIN + "{3,64}"), f"3 to 64 {_WORDS}"),
}
_ANY: Final = (re.compile(_PLAIN + "{1,260}"), f"at most 260 {_WORDS}")
_GROUP: Final = (re.compile(r"[-\w.()]{1,90}"), "1 to 90 letters, digits and -_.()")  # resourceGroupName, likewise
_SUBSCRIPTION: Final = (re.compile(r"[0-9A-Za-z-]{1,64}"), "letters, digits and hyphens, at most 64 of them")


def rule_broken(type: str, name: str) -> str:
    """What a resource of this type may be called, where it can not be called so; "" where it can."""
    pattern, words = _RULES.get(type.lower(), _ANY)
    return "" if pattern.fullmatch(name) and name not in (".", "..") else words


@dataclass(frozen=True, slots=True)
class ResourceId:
    """The parts of an ARM id. `type` is as it was written; ARM does not look at case."""

    subscription: str
    group: str
    type: str
    name: str

    @classmethod
    def parse(cls, text: str) -> ResourceId:
        """Raises Mistake when `text` is not the ARM id of a resource."""
        found = _ID.fullmatch(text.strip())
        if found is None or {".", ".."} & set(found.groups()):  # a client would go up the path
            raise Mistake(f"{text!r} is not an ARM id", next=_LOOKS)
        return cls(**found.groupdict())

    @classmethod
    def given(cls, text: str) -> ResourceId:
        """The same of what somebody typed, which is sent nowhere where the service can have no such name. Raises
        Mistake."""
        at = cls.parse(text)
        for what, part, (pattern, words) in (
            ("subscription", at.subscription, _SUBSCRIPTION),
            ("resource group", at.group, _GROUP),
        ):
            if not pattern.fullmatch(part):
                raise Mistake(f"a {what} cannot be called {part!r}", subject=text, why=words, next=_LOOKS)
        if why := rule_broken(at.type, at.name):
            raise Mistake(f"one of {at.type} cannot be called {at.name!r}", subject=text, why=why, next=_LOOKS)
        return at

    def __str__(self) -> str:
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.group}/providers/{self.type}/{self.name}"


def refuse_ids(settings: Mapping[str, Any], *names: str) -> None:
    """Raises Mistake where one of these settings is given, is known, and no ARM id of anything can be."""
    for name in names:
        value = settings.get(name) or ()
        for text in value if isinstance(value, list | tuple) else [str(value)]:
            if KNOWN_AFTER_APPLY not in str(text):
                ResourceId.given(str(text).partition("/subnets/")[0])


def refuse_group(settings: Mapping[str, Any], name: str = "resource_group") -> None:
    """Raises Mistake where this setting is given, is known, and no resource group can be called so."""
    group, (pattern, words) = str(settings.get(name) or ""), _GROUP
    if group and KNOWN_AFTER_APPLY not in group and not pattern.fullmatch(group):
        raise Mistake(f"a resource group cannot be called {group!r}", why=words, next=f"choose another {name}")
