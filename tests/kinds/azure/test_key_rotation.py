"""The rotation policy: refused early where the service would not take it, made once, left where it is equal."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate import portable
from cmkmigrate.errors import Blocked, Denied, Mistake, NotYet
from cmkmigrate.kinds.azure.key_rotation import KeyRotation
from cmkmigrate.model import KNOWN_AFTER_APPLY, Asset, Entry
from tests.kinds.azure.fake_subscription import HSM_URI, URI, FakeSubscription, source

KIND = KeyRotation()
KID = f"{URI}keys/cmk/v1"
SETTINGS = {"key": KID, "expiry": "P2Y", "rotate_before": "P60D"}


def nothing(_: str) -> list[Entry]:
    return []


def wanted(**settings: Any) -> list[Asset]:
    found = list(KIND.desired(source(), {**SETTINGS, **settings}, nothing))
    return [one for one in found if isinstance(one, Asset)]


def test_desired() -> None:
    (one,) = wanted()
    rotate = {"trigger": {"timeBeforeExpiry": "P60D"}, "action": {"type": "Rotate"}}
    assert one.body == {"rotations": [rotate], "attributes": {"expiryTime": "P2Y"}}
    assert wanted(expiry="", rotate_before="") == [] == wanted(rotate_before="")
    assert len(wanted(key=KNOWN_AFTER_APPLY)) == 1


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"expiry": ""}, Blocked),
        ({"key": ""}, Blocked),
        ({"rotate_before": "P5D"}, Blocked),
        ({"expiry": "P27D", "rotate_before": ""}, Blocked),
        ({"expiry": "two years"}, Mistake),
        ({"key": f"{HSM_URI}keys/cmk/v1", "expiry": "P50D", "rotate_before": "P30D"}, Blocked),
    ],
)
def test_what_the_service_would_refuse(settings: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        wanted(**settings)


def test_made_found_and_changed() -> None:
    site = FakeSubscription()
    assert list(KIND.list(site, SETTINGS, nothing)) == []
    assert list(KIND.list(site, SETTINGS | {"key": KNOWN_AFTER_APPLY}, nothing)) == []
    (want,) = wanted()
    made = KIND.create(site, want)
    action = site.data.policy["lifetimeActions"][0]
    site.data.policy["lifetimeActions"] = [
        {**action, "trigger": {**action["trigger"], "timeAfterCreate": None}},
        {"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "Notify"}},
    ]
    (have,) = KIND.list(site, SETTINGS, nothing)
    assert isinstance(have, Asset) and have.id == made.id and have.key == want.key
    assert portable.differences(KIND, want.body or {}, have.body or {}) == ()
    (other,) = wanted(rotate_before="P90D")
    loaded = KIND.load(site, have)
    assert portable.differences(KIND, other.body or {}, loaded.body or {}) != ()
    KIND.update(site, other, loaded)
    assert "P90D" in str(site.data.policy)


def test_a_right_that_is_not_in_effect_yet() -> None:
    site = FakeSubscription()
    site.data.refusal = Denied("no", status=403, code="ForbiddenByRbac")
    assert list(KIND.list(site, SETTINGS, nothing)) == []
    (want,) = wanted()
    with pytest.raises(NotYet):
        KIND.create(site, want)
    site.data.refusal = Denied("no", status=403, code="ForbiddenByFirewall")
    with pytest.raises(Denied):
        KIND.create(site, want)
