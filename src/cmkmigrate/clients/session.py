"""What databricks-sdk sends its requests through, in place of a requests.Session: one urllib3 pool for one host.

The way (proxy, certificate authorities) is resolved once, by requests' own adapter, and each request then goes to
urllib3. requests would prepare it anew, look for cookies and hooks, and read its environment, which costs more CPU than
sending it. An answer is judged before the SDK sees it: nothing is followed, and nothing is sent twice.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any, Final
from urllib.parse import urlencode

from cmkmigrate.clients import leave, room, trace

LONGEST: Final = 10  # times the timeout: how long a body may take as a whole, however steadily it drips
_BLOCK: Final = 1 << 20
_GIVEN: Final = {"Accept": "*/*", "Accept-Encoding": "gzip"}
_GZIP: Final = 31  # of zlib: a gzip header, and the largest window


class Session:
    """`request` as the SDK calls it. judge: raises what an answer means, before the SDK sees it.

    url: "https://host". size: connections. auth: set by the SDK; puts its headers into what has a `headers`.
    """

    def __init__(self, url: str, size: int, judge: Callable[[Answer, bool], None]) -> None:
        from requests import Request
        from requests.adapters import HTTPAdapter
        from requests.utils import get_environ_proxies

        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=size, pool_block=True)
        bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
        proxies = get_environ_proxies(url, no_proxy=None)
        request = Request("GET", url).prepare()
        self._url = url
        pool: Any = adapter.get_connection_with_tls_context(request, bundle or True, proxies)
        pool.ConnectionCls = leave.held_to(pool.ConnectionCls)
        self.pool = pool
        self.auth: Callable[[Any], Any] = lambda request: request
        self._judge = judge

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        data: Any = None,
        stream: bool = False,
        timeout: float = 60.0,
        **more: Any,
    ) -> Answer:
        """Send once. timeout: seconds to connect, and between two blocks of the answer.

        Raises what `judge` raises, Anew when it is too late for a write, and urllib3's HTTPError when nothing
        readable came back.
        """
        if any(value is not None for value in more.values()):
            raise TypeError(f"the SDK asks for what is not built: {sorted(more)}")
        sent = SimpleNamespace(headers={**_GIVEN, **(headers or {})})
        self.auth(sent)
        if hasattr(data, "read") and hasattr(data, "__len__"):
            sent.headers["Content-Length"] = str(len(data))
        elif data is None and method not in ("GET", "HEAD"):
            sent.headers["Content-Length"] = "0"
        query = urlencode([(name, one) for name, value in (params or {}).items() for one in _each(value)])
        target = url.removeprefix(self._url) + (f"?{query}" if query else "")
        try:
            raw = self.pool.urlopen(
                method,
                target,
                body=data.encode() if isinstance(data, str) else data,
                headers=sent.headers,
                retries=False,
                redirect=False,
                assert_same_host=False,
                timeout=timeout,
                preload_content=False,
            )
        except Exception as error:
            trace.lost(method, f"{self._url}{target}", error)
            raise
        trace.answered(method, f"{self._url}{target}", raw.status, raw.headers)
        answer = Answer(method, url, raw, timeout * LONGEST)
        try:
            self._judge(answer, stream)
        except BaseException:
            answer.close()
            raise
        return answer


class Answer:
    """What the SDK asks of a response. content: the whole body, read when it is asked for, within `longest` seconds."""

    def __init__(self, method: str, url: str, raw: Any, longest: float) -> None:
        self.method, self.url, self.raw = method, url, raw
        self._until = time.monotonic() + longest
        self._content: bytes | None = None
        self.status_code: int = raw.status
        self.headers: Mapping[str, str] = raw.headers
        self.ok = raw.status < 400

    @property
    def content(self) -> bytes:
        if self._content is None:
            blocks, size = list[bytes](), 0
            for block in self.iter_content(_BLOCK):
                blocks.append(block)
                size += len(block)
                room.wanted(size)
            self._content = b"".join(blocks)
        return self._content

    def json(self) -> Any:
        """Raises ValueError."""
        return json.loads(self.content)

    def iter_content(self, chunk_size: int = 1, decode_unicode: bool = False) -> Iterator[bytes]:
        """The body in blocks, decoded by its Content-Encoding. Raises urllib3's HTTPError, also when it takes long."""
        from urllib3.exceptions import DecodeError, ReadTimeoutError

        late, packed = False, self.headers.get("content-encoding", "").strip().lower()
        # urllib3 would give what there is of a body that was packed and then cut off, and call it whole.
        unpack = zlib.decompressobj(_GZIP) if packed in ("gzip", "x-gzip") else None
        while block := self.raw.read1(chunk_size, decode_content=unpack is None):
            if late:
                self.raw.close()
                raise ReadTimeoutError(self.raw, self.url, "the answer takes too long")
            try:
                block = unpack.decompress(block) if unpack else block
            except zlib.error:
                raise DecodeError("the answer cannot be unpacked") from None
            if block:
                yield block
            late = time.monotonic() > self._until
        if unpack and (not unpack.eof or unpack.unused_data):
            raise DecodeError("the answer is not whole")

    def close(self) -> None:
        """Give the connection back, or end it when the body was not read to its end."""
        if not self.raw.isclosed():
            self.raw.close()
        self.raw.release_conn()


def _each(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
