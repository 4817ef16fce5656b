"""The nouns of an assessment, and every code that it can carry."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Remedy(StrEnum):
    """What a workspace needs; exactly one. Only `none` and `exception` need nothing."""

    NONE = "none"
    IN_PLACE = "in place"
    MEND = "mend"
    MIGRATE = "migrate"
    NOT_ELIGIBLE = "not eligible"
    EXCEPTION = "exception"
    UNKNOWN = "unknown"


NOTHING_TO_DO: Final = (Remedy.NONE, Remedy.EXCEPTION)


class Want(StrEnum):
    """A named reason for moving a workspace instead of mending it where it is."""

    DOUBLE_ENCRYPTION = "double-encryption"
    NO_OLD_DATA = "no-old-data"
    NEW_NETWORK = "new-network"


WANTS: Final[dict[Want, str]] = {
    Want.DOUBLE_ENCRYPTION: "double encryption of the storage is wanted, which is possible at creation alone",
    Want.NO_OLD_DATA: "what the managed services hold already must not stay under the platform's key",
    Want.NEW_NETWORK: "the network must change, and that of a workspace cannot be replaced",
}

# What stands in the way of the remedy. docs/assess.md says what each rests on; a test compares the two.
BLOCKERS: Final[dict[str, str]] = {
    "sku": "the plan is not Premium: upgrade it first",
    "state": "the workspace is not settled (its provisioning state is not Succeeded)",
    "lock-read-only": "a ReadOnly lock refuses the change",
    "lock-delete": "a CanNotDelete lock refuses the decommissioning at the end",
    "locks-unread": "the locks could not be read",
    "serverless": "a serverless workspace is not offered these features",
    "fedramp": "the vendor does not support keys of managed disks in a FedRAMP workspace",
    "subnets": "the workspace is in a network of its owner: the new one needs a pair of subnets of its own",
    "private": "public access is off: the new workspace needs a private endpoint before it can be filled",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: its code, what it does in words, and the command ("" where a person must act)."""

    code: str
    text: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign that a tool owns the workspace. tool: its name; seen: what was seen, and where."""

    tool: str
    seen: str


@dataclass(frozen=True, slots=True)
class Missing:
    """One action that the caller may not carry out. data: a data action."""

    action: str
    scope: str
    role: str
    data: bool = False


@dataclass(frozen=True, slots=True)
class Rights:
    """state: "not needed", "enough", "missing" or "unknown" (reason says why). commands: what grants them."""

    state: str = "not needed"
    missing: tuple[Missing, ...] = ()
    commands: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Size:
    """What a migration would move.

    state: "not asked", "counted", "at least" (reason says why it may be more) or "unknown" (reason says why, command
    what gives access). kinds: objects that would be moved, by kind; left: objects that would not. hours: at the
    documented limits of the API; None where nothing was counted. assumed: families whose limit nobody publishes.
    """

    state: str = "not asked"
    reason: str = ""
    command: str = ""
    kinds: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    objects: int = 0
    hours: float | None = None
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Assessed:
    """One workspace. features: feature -> verdict of the audit. reasons: why this remedy. The first of `steps` is the
    first to be done."""

    subscription: str
    workspace: str
    name: str
    location: str
    sku: str
    features: dict[str, str]
    remedy: Remedy
    reasons: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    blockers: tuple[Step, ...] = ()
    size: Size = field(default_factory=Size)
    rights: Rights = field(default_factory=Rights)
    owners: tuple[Sign, ...] = ()

    @property
    def needs(self) -> bool:
        """Whether somebody must do something, or find something out."""
        return self.remedy not in NOTHING_TO_DO
