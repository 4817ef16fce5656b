"""The key of the DBFS root: a part of the workspace, written by a PUT of the whole."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate import portable
from cmkmigrate.errors import Blocked, Mistake, NotYet
from cmkmigrate.kinds.azure.root_encryption import RootEncryption
from cmkmigrate.kinds.azure.workspaces import Workspaces
from cmkmigrate.model import KNOWN_AFTER_APPLY, Asset, Entry, Made
from tests.kinds.azure.fake_subscription import WORKSPACE, FakeSubscription, S, source

KIND = RootEncryption()
NEW = f"{S}/Microsoft.Databricks/workspaces/new"
SETTINGS = {"workspace": NEW, "key_uri": "https://kv.vault.azure.test/", "key_name": "cmk", "key_version": "v1"}
VALUE = {
    "keySource": "Microsoft.Keyvault",
    "KeyName": "cmk",
    "keyversion": "v1",
    "keyvaulturi": "https://kv.vault.azure.test/",
}
ENTITIES = {"managedDisk": {"keySource": "Microsoft.Keyvault"}}


def nothing(_: str) -> list[Entry]:
    return []


def wanted(**settings: Any) -> Asset:
    (found,) = KIND.desired(source(), {**SETTINGS, **settings}, nothing)
    assert isinstance(found, Asset)
    return found


@pytest.mark.parametrize("written", [WORKSPACE, f"{WORKSPACE}/", WORKSPACE.upper(), f"{WORKSPACE} "])
def test_another_key_is_not_replaced_however_the_id_is_written(written: str) -> None:
    other = source(parameters={"encryption": {"value": {**VALUE, "KeyName": "another"}}})
    settings = {**SETTINGS, "workspace": written}
    with pytest.raises(Blocked, match="another key"):
        list(KIND.desired(other, settings, nothing))
    assert list(KIND.desired(other, {**settings, "replace_key": True}, nothing))


def workspace(encryption: Any = None, state: str = "Succeeded") -> dict[str, Any]:
    parameters: dict[str, Any] = {"prepareEncryption": {"type": "Bool", "value": True}}
    if encryption:
        parameters["encryption"] = {"type": "Object", "value": encryption}
    properties = {
        "provisioningState": state,
        "workspaceUrl": "adb-2.2.azuredatabricks.test",
        "managedResourceGroupId": "/subscriptions/s/resourceGroups/m",
        "parameters": parameters,
        "encryption": {"entities": ENTITIES},
    }
    return {"id": NEW, "name": "new", "location": "l", "sku": {"name": "premium"}, "properties": properties}


def differences(site: FakeSubscription) -> tuple[str, ...]:
    (have,) = KIND.list(site, SETTINGS, nothing)
    return portable.differences(KIND, wanted().body or {}, KIND.load(site, have).body or {})


def test_desired() -> None:
    one = wanted()
    assert (one.key, one.of) == ("g/new", ("workspaces", "g/new"))
    assert one.body == {"properties": {"parameters": {"encryption": {"value": VALUE}}}}
    with pytest.raises(Mistake):
        wanted(key_version="")
    with pytest.raises(Mistake):
        wanted(workspace="")
    assert list(KIND.desired(source(), {**SETTINGS, "features": ["managed_disks"]}, nothing)) == []
    assert len(list(KIND.desired(source(), {**SETTINGS, "features": ["dbfs_root"]}, nothing))) == 1


def test_a_workspace_that_is_not_there_yet() -> None:
    settings = {**SETTINGS, "workspace": KNOWN_AFTER_APPLY, "key_version": KNOWN_AFTER_APPLY}
    (one,) = KIND.desired(source(), settings, lambda kind: [Entry(NEW, "g/new")] if kind == "workspaces" else [])
    assert (one.key, one.of) == ("g/new", ("workspaces", "g/new"))
    assert list(KIND.list(FakeSubscription(), settings, nothing)) == []
    assert list(KIND.list(FakeSubscription(), SETTINGS, nothing)) == []


def test_it_exists_with_its_workspace() -> None:
    assert KIND.create is None
    site = FakeSubscription()
    site.bodies[NEW] = workspace()
    (have,) = KIND.list(site, SETTINGS, nothing)
    assert have.of == ("workspaces", have.key) and have.key == wanted().key
    assert differences(site)
    site.bodies[NEW] = workspace({"keySource": "Default"})
    assert differences(site)
    site.bodies[NEW] = workspace(VALUE)
    assert differences(site) == ()


def test_update_puts_the_whole_workspace() -> None:
    site = FakeSubscription()
    site.bodies[NEW] = workspace({"keySource": "Default"})
    made = KIND.update(site, wanted(), KIND.load(site, Entry(NEW)))
    assert made is not None and made.operation_url
    sent = site.writes[0][2]["properties"]
    assert sent["parameters"] == {"prepareEncryption": {"value": True}, "encryption": {"value": VALUE}}
    assert sent["encryption"]["entities"] == ENTITIES
    assert sent["managedResourceGroupId"].endswith("/m")


def test_what_a_failed_operation_left_is_not_in_effect() -> None:
    site = FakeSubscription()
    site.bodies[NEW] = workspace(VALUE, "Failed")
    assert differences(site)


def test_no_put_while_another_one_goes_on() -> None:
    site = FakeSubscription()
    left = [workspace(state="Updating"), workspace(state="Updating"), workspace(VALUE)]
    site.workspace = lambda _: left.pop(0)  # type: ignore[method-assign]
    assert KIND.update(site, wanted(), KIND.load(site, Entry(NEW))) == Made(NEW)
    assert site.writes == []


def test_settle() -> None:
    site = FakeSubscription()
    site.bodies[NEW] = workspace(VALUE)
    site.operations = [{"status": "Failed", "error": {"message": "authentication issue on the keyvault https://kv"}}]
    with pytest.raises(NotYet):
        KIND.settle(site, wanted(), Made(NEW, "https://management.azure.test/operation"))
    site.operations = [{"status": "Succeeded"}]
    KIND.settle(site, wanted(), Made(NEW, "https://management.azure.test/operation"))


def test_no_path_is_owned_twice() -> None:
    body = workspace(VALUE)
    assert portable.owned(KIND, body) == {
        "properties": {"parameters": {"encryption": body["properties"]["parameters"]["encryption"]}}
    }
    assert "encryption" not in portable.owned(Workspaces(), body)["properties"]["parameters"]
