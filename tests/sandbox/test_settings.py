"""What differs between tenants: what can be set, and by whom."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from cmkmigrate.sandbox.databricks.estate import folder_of
from cmkmigrate.sandbox.loading import BadEstate
from cmkmigrate.sandbox.server import Sandbox
from cmkmigrate.sandbox.settings import CHOICES, Settings


def test_the_first_choice_is_the_usual_one() -> None:
    usual = Settings()
    assert {name: getattr(usual, name) for name in CHOICES} == {name: words[0] for name, words in CHOICES.items()}


@pytest.mark.parametrize(
    "bad", [{"pols": 3}, {"polls": "3"}, {"polls": True}, {"graph": "maybe"}, {"grants": "no"}, [], "x"]
)
def test_what_cannot_be_set(bad: object) -> None:
    settings = Settings()
    with pytest.raises(ValueError, match=r"setting|polls|graph|grants"):
        settings.put(bad)
    assert settings == Settings()


def test_nothing_is_set_when_one_of_them_is_wrong() -> None:
    settings = Settings()
    with pytest.raises(ValueError, match="unknown setting"):
        settings.put({"polls": 9, "no": 1})
    assert settings.polls == 2
    settings.put({"grant_delay_s": 3})
    assert settings.grant_delay_s == 3


def test_when_a_grant_is_in_effect() -> None:
    settings = Settings(grant_delay_s=10.0, grant_flap_s=5.0)
    assert [settings.in_effect(100.0, now) for now in (109, 110, 116, 200)] == [False, True, True, True]
    settings.put({"grants": "flap"})
    assert [settings.in_effect(100.0, now) for now in (109, 110, 115, 119, 120)] == [False, True, False, False, True]
    settings.put({"grants": "never"})
    assert not settings.in_effect(100.0, 10**9) and settings.in_effect(0.0, 1.0)


def estate(folder: Path, arm: object) -> str:
    shutil.copytree(folder_of("small"), folder / "estate")
    (folder / "estate" / "arm.json").write_text(json.dumps(arm))
    return str(folder / "estate")


def test_an_estate_may_set_them(tmp_path: Path) -> None:
    sandbox = Sandbox([estate(tmp_path, {"settings": {"stale_s": 5, "grants": "never"}})])
    assert (sandbox.cloud.settings.stale_s, sandbox.cloud.settings.grants) == (5, "never")
    (served,) = sandbox.cloud.served.values()
    assert served.settings is sandbox.cloud.settings, "one object: the control API reaches every workspace"


def test_an_estate_may_not_set_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadEstate, match="unknown setting: pols"):
        Sandbox([estate(tmp_path, {"settings": {"pols": 5}})])
