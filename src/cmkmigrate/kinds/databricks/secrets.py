"""The values in secret scopes that Databricks keeps."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from cmkmigrate.errors import CallError, NotFound, OperatorError, Refused
from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.kinds.databricks import secret_scopes
from cmkmigrate.model import Asset, Body, Entry, Made


class Secrets(Kind):
    """One asset for each scope and key. A value is read when it is written or compared, and is in `content` alone;
    it is sent as `bytes_value`, which keeps what is not text. Values in a Key Vault stay there and are not listed.

    The service may refuse to give values out (`BAD_REQUEST` outside a notebook, `PERMISSION_DENIED`): such a secret
    needs a manual value.
    """

    name = "secrets"
    service = "secrets"
    secret = True
    parents = ("secret_scopes",)
    owns = ("scope", "key")

    def list(self, site: Site, settings: Settings, listed: Listed) -> Iterator[Entry]:
        # The kind of a scope is in its body, which a listing need not hand on.
        elsewhere = {
            found["name"]
            for found in site.read(secret_scopes.LIST).get("scopes") or ()
            if found.get("backend_type") == secret_scopes.KEY_VAULT
        }
        for scope in listed("secret_scopes"):
            if scope.id in elsewhere:
                continue
            for found in _listed(site, scope.id):
                key = f"{scope.id}/{found['key']}"
                changed = str(found.get("last_updated_timestamp") or "")
                yield Entry(key, key, key, hint=changed, of=("secret_scopes", scope.key))

    def anew(self, site: Site) -> Iterator[Entry]:
        """Every secret that Databricks keeps; a scope whose values are in a Key Vault is left out as a whole."""
        for scope in site.read(secret_scopes.LIST).get("scopes") or ():
            name = str(scope["name"])
            if scope.get("backend_type") == secret_scopes.KEY_VAULT:
                yield Entry(f"{name}/", f"{name}/", f"{name}/", excluded="its values are in a Key Vault of their own")
                continue
            for found in _listed(site, name):
                key = f"{name}/{found['key']}"
                yield Entry(key, key, key, hint=str(found.get("last_updated_timestamp") or ""))

    def stamp(self, site: Site, entry: Entry) -> str:
        """Time of the last put. Raises NotFound."""
        scope, _, key = entry.id.rpartition("/")
        for found in _listed(site, scope):
            if found["key"] == key:
                return str(found.get("last_updated_timestamp") or "")
        raise NotFound(f"{entry.id} is not there any more", status=404)

    def load(self, site: Site, entry: Entry) -> Asset:
        """No call: the value is read when the content is opened. (A scope's name may hold a slash, a key may not.)"""
        scope, _, key = entry.id.rpartition("/")
        return Asset(
            entry.id,
            entry.key,
            entry.name,
            hint=entry.hint,
            of=entry.of,
            body={"scope": scope, "key": key},
            content=lambda: iter((_value(site, scope, key),)),
        )

    def create(self, site: Site, asset: Asset) -> Made:
        return _put(site, asset)

    def update(self, site: Site, want: Asset, have: Asset) -> Made:
        return _put(site, want)


def _listed(site: Site, scope: str) -> list[Body]:
    """The secrets of a scope, without their values."""
    return list(site.read("/api/2.0/secrets/list", {"scope": scope}).get("secrets") or ())


def _value(site: Site, scope: str, key: str) -> bytes:
    try:
        answer = site.read("/api/2.0/secrets/get", {"scope": scope, "key": key})
        return base64.b64decode(answer.get("value") or "")
    except CallError as no:
        if no.code not in ("BAD_REQUEST", "PERMISSION_DENIED"):
            raise _unquoted(no) from None
        raise Refused(
            f"the service does not give the value of {scope}/{key} out: it needs a manual value",
            status=no.status,
            code=no.code,
            request_id=no.request_id,
        ) from None
    except OperatorError:
        raise
    except Exception as error:
        raise _unspoken(error) from None


def _put(site: Site, asset: Asset) -> Made:
    assert asset.body is not None and asset.content is not None
    said = {"scope": asset.body["scope"], "key": asset.body["key"]}
    value = base64.b64encode(b"".join(asset.content())).decode()
    try:
        site.write("POST", "/api/2.0/secrets/put", said | {"bytes_value": value})
    except CallError as no:
        raise _unquoted(no) from None
    except OperatorError:  # of the tool itself: it says what is written, and not with which value
        raise
    except Exception as error:
        raise _unspoken(error) from None
    return Made(f"{said['scope']}/{said['key']}")


def _unspoken(error: Exception) -> Exception:
    """A mistake of the tool, in its place and of its class, without its words: they may hold the value."""
    text = f"{type(error).__name__} while a secret was carried; its words are not kept, because they may hold the value"
    return RuntimeError(text).with_traceback(error.__traceback__)


def _unquoted(error: CallError) -> CallError:
    """The same error without the service's words: they may quote the request, and a value with it."""
    error.message = "the service's words are not kept, because they may quote the value"
    error.args = (error.message,)
    return error.with_traceback(None)
