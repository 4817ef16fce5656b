from __future__ import annotations

import base64

import pytest

from cmkmigrate.errors import CallError, Denied, NotFound, Refused
from cmkmigrate.kinds.databricks.secret_scopes import LIST
from cmkmigrate.kinds.databricks.secrets import Secrets
from cmkmigrate.model import Entry
from tests.kinds.fake_site import FakeSite, by_key, content, listing

KIND = Secrets()
GET = "/api/2.0/secrets/get"
VALUE = b"\xff\x00 not text"


def test_the_keys_of_scopes_that_databricks_keeps() -> None:
    site = FakeSite().on(LIST, {"scopes": [{"name": "a/b"}, {"name": "kv", "backend_type": "AZURE_KEYVAULT"}]})
    site.on("/api/2.0/secrets/list", {"secrets": [{"key": "k", "last_updated_timestamp": 5}]}, scope="a/b")
    found = by_key(KIND, site, listing(secret_scopes=[Entry("a/b", "a/b"), Entry("kv", "kv")]))
    assert list(found) == ["a/b/k"]
    assert (found["a/b/k"].hint, found["a/b/k"].of) == ("5", ("secret_scopes", "a/b"))
    assert KIND.load(site, found["a/b/k"]).body == {"scope": "a/b", "key": "k"}
    assert all(path != GET for path, _ in site.asked)


def test_a_value_keeps_its_bytes_and_is_in_the_content_alone() -> None:
    site = FakeSite().on(GET, {"key": "k", "value": base64.b64encode(VALUE).decode()}, scope="s", key="k")
    asset = KIND.load(site, Entry("s/k", "s/k"))
    assert content(asset) == VALUE
    assert "not text" not in repr((asset.body, asset.id, asset.key, asset.name, asset.hint))
    KIND.create(site, asset)
    assert site.written == [
        ("POST", "/api/2.0/secrets/put", {"scope": "s", "key": "k", "bytes_value": base64.b64encode(VALUE).decode()})
    ]


@pytest.mark.parametrize(
    "no", [Refused("x", status=400, code="BAD_REQUEST"), Denied("x", status=403, code="PERMISSION_DENIED")]
)
def test_a_value_that_the_service_keeps_needs_a_manual_one(no: CallError) -> None:
    asset = KIND.load(FakeSite().on(GET, no), Entry("s/k", "s/k"))
    with pytest.raises(Refused, match="needs a manual value") as caught:
        content(asset)
    assert type(caught.value) is Refused  # one refused secret is no lack of rights that ends a run


def test_other_refusals_pass() -> None:
    with pytest.raises(NotFound):
        content(KIND.load(FakeSite(), Entry("s/k", "s/k")))
