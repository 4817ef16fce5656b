"""Any resource of Azure Resource Manager by its path, for which no method of a Subscription exists: JSON in, JSON out.

Reads are sent again when their answer is lost; a write is ONE request, whose lost answer is Unknown.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import quote

from cmkmigrate.clients import leave
from cmkmigrate.clients.again import read_again
from cmkmigrate.clients.arm_bodies import listed, pages, parsed
from cmkmigrate.clients.azure_core import called, error_of
from cmkmigrate.clients.endpoints import Endpoints
from cmkmigrate.clients.imports import load
from cmkmigrate.errors import Unknown

_SUBSCRIPTIONS: Final = "2022-12-01"
_FINE: Final = {"GET": (200,), "POST": (200,), "PUT": (200, 201, 202)}


class ArmWire(ABC):
    """Requests by path. `path` begins with a slash and is without its api-version; raises CallErrors."""

    id: str
    endpoints: Endpoints
    _ahead: float | None = None  # Azure's clock, of the monotonic one here

    @abstractmethod
    def _databricks(self) -> Any:
        """A client whose pipeline the requests take."""

    @contextmanager
    def leaving_by(self, moment: float) -> Iterator[None]:
        """What this thread writes in here, also to a vault, leaves before `moment` (Unix seconds), or Anew is
        raised. All of it, as nothing here is made by more than one request."""
        with leave.by(moment, self.endpoints.timeout_s / 10 + 0.5):
            yield

    def read(self, path: str, version: str) -> dict[str, Any]:
        """GET of one thing. Raises NotFound, Denied."""
        return read_again(lambda: self._asked("GET", _at(path, version)))

    def listing(self, path: str, version: str, filter: str = "") -> list[dict[str, Any]]:
        """GET of a list, all pages of it. filter: an OData filter, as it is written ("" for none)."""
        first = _at(path, version) + (f"&$filter={quote(filter)}" if filter else "")
        return pages(lambda url: read_again(lambda: listed(self._asked("GET", url))), first)

    def ask(self, path: str, version: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """A POST that only reads, as some questions are asked."""
        return read_again(lambda: self._asked("POST", _at(path, version), body))

    def clock(self) -> float:
        """What time it is to Azure (the Date of an answer), in Unix seconds, to the second."""

        def look() -> float:
            HttpRequest = load("azure.core.rest").HttpRequest
            url = f"{self.endpoints.arm}{_at(f'/subscriptions/{self.id}', _SUBSCRIPTIONS)}"
            answer = called(lambda: self._databricks().send_request(HttpRequest("GET", url)))
            try:
                return parsedate_to_datetime(str(answer.headers.get("Date") or "")).timestamp()
            except ValueError:
                raise Unknown("the answer says no time", status=answer.status_code) from None

        return read_again(look)

    def now(self) -> float:
        """What time it is to Azure now: asked once, and carried on from there, whatever is done to the clock here."""
        if self._ahead is None:
            self._ahead = self.clock() - time.monotonic()
        return self._ahead + time.monotonic()

    def put_resource(self, path: str, version: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """ONE PUT of a resource that is there when it has been answered; gives the answer."""
        return self._asked("PUT", _at(path, version), body)

    def _asked(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        HttpRequest = load("azure.core.rest").HttpRequest
        url = f"{self.endpoints.arm}{path}" if path.startswith("/") else path  # else: a link to a page
        request = HttpRequest(method, url, json=body) if body is not None else HttpRequest(method, url)
        answer = called(lambda: self._databricks().send_request(request))
        if answer.status_code not in _FINE[method]:
            raise error_of(answer.status_code, answer.headers, answer.content)
        return parsed(answer)


@dataclass(frozen=True, slots=True)
class Reads:
    """The reading methods of a subscription and nothing else: for what only ever is read (the old workspace)."""

    read: Callable[[str, str], dict[str, Any]]
    listing: Callable[..., list[dict[str, Any]]]


def _at(path: str, version: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}api-version={version}"
