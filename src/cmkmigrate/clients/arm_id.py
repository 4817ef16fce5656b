"""The ids of Azure Resource Manager."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from cmkmigrate.errors import Mistake

_ID: Final = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)"
    r"/providers/(?P<type>[^/]+/[^/]+)/(?P<name>[^/]+)/?",
    re.IGNORECASE,
)


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
            raise Mistake(
                f"{text!r} is not an ARM id",
                next="it looks like /subscriptions/ID/resourceGroups/GROUP/providers/TYPE/NAME; az ... show --query id",
            )
        return cls(**found.groupdict())

    def __str__(self) -> str:
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.group}/providers/{self.type}/{self.name}"
