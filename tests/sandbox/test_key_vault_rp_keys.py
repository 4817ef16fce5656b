"""Keys through ARM: created where absent, without a right on the data plane."""

from __future__ import annotations

from tests.sandbox.conftest import Running


def test_create_if_absent(sandbox: Running) -> None:
    vault = sandbox.put_vault("kv-arm-keys", networkAcls={"defaultAction": "Deny", "bypass": "AzureServices"}).json[
        "id"
    ]
    body = {"properties": {"kty": "RSA", "keySize": 4096, "keyOps": ["wrapKey", "unwrapKey"]}}
    made = sandbox.arm("PUT", f"{vault}/keys/one", body).json["properties"]
    assert made["keySize"] == 4096 and made["keyOps"] == ["wrapKey", "unwrapKey"]
    assert made["keyUriWithVersion"].startswith("https://kv-arm-keys.vault.azure.test/keys/one/")
    again = sandbox.arm("PUT", f"{vault}/keys/one", {"properties": {"kty": "RSA", "keySize": 2048}}).json["properties"]
    assert again == made
    assert [one["name"] for one in sandbox.arm("GET", f"{vault}/keys").json["value"]] == ["one"]
    version = made["keyUriWithVersion"].rsplit("/", 1)[1]
    assert sandbox.arm("GET", f"{vault}/keys/one/versions/{version}").json["properties"] == made
    assert len(sandbox.arm("GET", f"{vault}/keys/one/versions").json["value"]) == 1
    assert sandbox.arm("GET", f"{vault}/keys/two").code == "KeyNotFound"
    assert sandbox.vault("GET", "kv-arm-keys", "/keys/one").status == 403


def test_refused(sandbox: Running) -> None:
    vault = sandbox.put_vault("kv-arm-bad", sku={"family": "A", "name": "standard"}).json["id"]
    for properties in ({"kty": "oct"}, {"kty": "RSA", "keySize": 1024}, {"kty": "RSA-HSM", "keySize": 2048}):
        assert sandbox.arm("PUT", f"{vault}/keys/x", {"properties": properties}).status == 400
