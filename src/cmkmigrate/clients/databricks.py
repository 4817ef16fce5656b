"""A Databricks workspace as raw JSON, through databricks-sdk's ApiClient.

The SDK signs in, builds the requests and reads the answers; `session.py` sends. Three of its habits are taken away:
it sends nothing twice (it would repeat POSTs whose answer was lost), it follows no redirect (it would carry tokens to
another host), and its error texts are not used (they can quote the request's body).
"""

from __future__ import annotations

import math
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from cmkmigrate import __version__
from cmkmigrate.clients import leave, room, sdk
from cmkmigrate.clients.again import read_again
from cmkmigrate.clients.answers import error_of, refused_body
from cmkmigrate.clients.arm_wire import Reads
from cmkmigrate.clients.endpoints import Endpoints
from cmkmigrate.clients.form import Form
from cmkmigrate.clients.login import Login
from cmkmigrate.clients.pace import Paces
from cmkmigrate.clients.session import Answer, Session
from cmkmigrate.errors import Anew, CallError, Denied, Fatal, OperatorError, Stopped, Throttled, Unknown

POOL: Final = 40  # connections per workspace: 32 threads and a few more, as the SDK's pool makes further ones wait
_BLOCK: Final = 1 << 20  # bytes read at a time from a download
_PROBE_S: Final = 5  # whole seconds; what the SDK's own look at the host's metadata may take when nobody answers
_OPENING: Final = 4  # attempts of the first request, which finds out whether the host is there at all
_ORG_ID: Final = "x-databricks-org-id"


class Entra:
    """A credentials strategy of databricks-sdk: Entra tokens, asked for anew on every request and cached by Login.

    With `arm_id`, the two headers that let a principal in who has rights on the ARM resource and is no member yet.
    """

    def __init__(self, login: Login, endpoints: Endpoints, arm_id: str = "") -> None:
        self._login, self._endpoints, self._arm_id = login, endpoints, arm_id

    def auth_type(self) -> str:
        return "azure-identity"

    def renew(self, sent: float) -> bool:
        """See that the tokens are new, as one was refused in a request that left at `sent` (of time.monotonic)."""
        self._login.renew(sent)
        return True

    def __call__(self, _config: Any) -> Callable[[], dict[str, str]]:
        def headers() -> dict[str, str]:
            given = {"Authorization": f"Bearer {self._login.token(self._endpoints.databricks_scope)}"}
            if self._arm_id:
                given["X-Databricks-Azure-Workspace-Resource-Id"] = self._arm_id
                given["X-Databricks-Azure-SP-Management-Token"] = self._login.token(self._endpoints.management_scope)
            return given

        return headers


class Pat:
    """A credentials strategy of databricks-sdk: one personal access token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_type(self) -> str:
        return "pat"

    def renew(self, sent: float) -> bool:
        """There is no other one."""
        return False

    def __call__(self, _config: Any) -> Callable[[], dict[str, str]]:
        return lambda: {"Authorization": f"Bearer {self._token}"}


class Workspace:
    """One workspace. host: without scheme. url: "https://host". org_id: its number, as text. arm_id, resource: its ARM
    id and GET body ("" and {} when it was given by URL). operator: user name or application id of the caller.
    arm: reads what hangs on it in Resource Manager (None when it was given by URL).
    source: whether it is the old one; then writing raises Fatal unless it was opened with writes allowed.

    Safe to use from 32 threads. Every call waits for its turn (`clients/pace.py`) and raises CallErrors.
    """

    def __init__(
        self,
        host: str,
        strategy: Entra | Pat,
        endpoints: Endpoints,
        paces: Paces,
        *,
        resource: Mapping[str, Any] | None = None,
        source: bool = False,
        writes: bool = True,
        arm: Reads | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = endpoints.check(f"https://{host}")
        self.host = host
        self.resource: dict[str, Any] = dict(resource or {})
        self.arm_id = str(self.resource.get("id", ""))
        self.name = str(self.resource.get("name", "")) or host.partition(".")[0]
        self.location = str(self.resource.get("location", ""))
        self.source, self.writes, self.arm = source, writes, arm
        self.timeout_s, self.poll_s = endpoints.timeout_s, endpoints.poll_s
        self.cache: dict[str, Any] = {}  # what kinds keep of a listing; the engine empties it before it looks anew
        self._paces, self._sleep = paces, sleep
        self._leave = threading.local()  # by when this thread's next write has to leave
        self._strategy = strategy
        self._api = _api_client(self.url, strategy, endpoints)
        me = read_again(
            lambda: self._send("GET", "/api/2.0/preview/scim/v2/Me", response_headers=[_ORG_ID]),
            sleep=sleep,
            attempts=_OPENING,
        )
        properties = self.resource.get("properties") or {}
        self.org_id = str(me.get(_ORG_ID) or properties.get("workspaceId") or "")
        self.operator = str(me.get("userName") or me.get("applicationId") or "")

    def read(self, path: str, query: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """GET. A list in `query` is sent as a repeated key, None is left out. Sent again after a 429, a 5xx, a lost or
        an unreadable answer, about half a minute long; then the error of the last answer is raised."""
        return read_again(lambda: self._send("GET", path, query=query), sleep=self._sleep)

    @contextmanager
    def leaving_by(self, moment: float) -> Iterator[None]:
        """This thread's first write in here leaves before `moment` (Unix seconds), or Anew is raised: a process that
        was stopped for a while does not send what somebody else has looked for meanwhile. A second one is free: what
        takes several requests would be sent from its beginning, and be made twice."""
        self._leave.by = moment
        try:
            yield
        finally:
            self._leave.by = math.inf

    def write(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """ONE request that changes something. Raises Throttled or a Refused (nothing was done), or Unknown."""
        self._may_write(method, path)
        try:
            return self._send(method, path, body=dict(body) if body is not None else None)
        except CallError as error:
            error.unquote(body)  # a refusal may quote what it refuses
            raise

    def upload(self, path: str, fields: Mapping[str, str], content: Iterable[bytes], size: int = -1) -> dict[str, Any]:
        """ONE multipart POST of `fields` and of `content` under the name `content`; raises as `write` does, and what
        reading the content raises.

        The length must be said beforehand, so that the content is held in memory once; with a `size` (bytes) it is read
        while it is sent, and Unknown is raised before its end where it has another.
        """
        self._may_write("POST", path)
        form = Form(fields, content, size)
        headers = {"Content-Type": f"multipart/form-data; boundary={form.boundary}"}
        try:
            return self._send("POST", path, data=form, headers=headers)
        except CallError as error:
            error.unquote({"secret": form.lines()})  # people write secrets into notebooks
            raise

    def download(self, path: str, query: Mapping[str, Any] | None = None, *, held: bool = True) -> Iterator[bytes]:
        """The bytes of an answer, in blocks. Sent again as `read` until the first block; Unknown when it breaks off.

        held: whoever reads them keeps what there was, and may have to wait for room.
        """

        def opened() -> tuple[Any, bytes]:
            stream = self._send("GET", path, query=query, raw=True)["contents"]
            try:
                return stream, _block(stream, path)
            except BaseException:
                stream.close()
                raise

        stream, block = read_again(opened, sleep=self._sleep)
        size = 0
        try:
            while block:
                size += len(block)
                room.wanted(size if held else 0)
                yield block
                block = _block(stream, path)
        finally:
            stream.close()

    def _may_write(self, method: str, path: str) -> None:
        if not self.writes:
            raise Fatal(
                "the old workspace is not written to",
                subject=f"{method} {path}",
                why=f"{self.host} is open for reading",
            )

    def _send(self, method: str, path: str, query: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        pace = self._paces.of(self.host, method, path, source=self.source)
        # Whoever writes has noted when the request can no longer land: it is not to leave much later than that allows.
        started = pace.wait(math.inf if method == "GET" else self.timeout_s / 10)
        by, form = math.inf, more.get("data")
        if method != "GET":
            by, self._leave.by = getattr(self._leave, "by", math.inf), math.inf
        # What is read while it is sent may keep the next part waiting for as long as any answer.
        pause = self.timeout_s * (1.0 if isinstance(form, Form) and form.streamed else 0.1) + 0.5
        try:
            with leave.by(by, pause):
                answer = self._sent(method, path, query=dict(query) if query else None, **more)
        except Anew:  # it says nothing of how busy the service is
            pace.served()
            raise
        except Throttled as error:
            pace.throttled(started, error.retry_after)
            raise
        except BaseException:
            pace.served()
            raise
        pace.served()
        return answer

    def _signed_in(self, method: str, path: str, **request: Any) -> Any:
        """Send it; and once more with new tokens where they were refused (401), as nothing was done then."""
        sent = time.monotonic()
        try:
            return self._api.do(method, path, **request)
        except Denied as error:
            if error.status != 401 or not self._strategy.renew(sent):
                raise
            if isinstance(form := request.get("data"), Form) and not form.rewind():
                raise Anew("the sign-in ended while it was sent, and it is noted anew", code="SIGN-IN") from None
            return self._api.do(method, path, **request)

    def _sent(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        from urllib3.exceptions import SSLError

        try:
            answer = self._signed_in(method, path, **request)
        except (CallError, OperatorError):
            raise
        except SSLError as error:
            raise Stopped(
                "the connection to the workspace cannot be trusted",
                subject=self.host,
                why=str(error)[:300],
                next="name the certificate authority in REQUESTS_CA_BUNDLE",
            ) from None
        except Exception as error:  # lost on the way, or unreadable
            raise Unknown(f"{method} {path}: no readable answer ({_cause(error)})") from None
        if not isinstance(answer, dict):
            raise Unknown(f"{method} {path}: the answer is not an object")
        if refused := refused_body(answer):
            raise refused
        return answer


def _block(stream: Any, path: str) -> bytes:
    try:
        return bytes(stream.read(_BLOCK))
    except Exception as error:
        raise Unknown(f"GET {path}: the answer broke off ({_cause(error)})") from None


def _cause(error: BaseException) -> str:
    """The outermost and the innermost reason, by class: texts of the HTTP libraries can quote what was sent."""
    names = [type(error).__name__]
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return ": ".join(dict.fromkeys([*names, type(error).__name__]))


def _api_client(url: str, strategy: Entra | Pat, endpoints: Endpoints) -> Any:
    import logging

    # Neither bodies nor the probe's warnings, whatever the level of the root logger: bodies can be secrets.
    logging.getLogger("databricks.sdk").setLevel(logging.ERROR)
    core = sdk.core()
    from databricks.sdk.clock import RealClock

    class Once(RealClock):
        """Ends the SDK's re-sending: it sleeps before it sends again, and here sleeping raises what it is about to
        swallow. (A retry timeout of 0 means the default of 300 s, and 1 hides the error behind a TimeoutError.)"""

        def sleep(self, seconds: float) -> None:
            pending = sys.exc_info()[1]
            if pending is not None:
                raise pending
            super().sleep(seconds)

    config = core.Config(
        host=url,
        credentials_strategy=strategy,
        auth_type=strategy.auth_type(),
        profile="",  # neither a profile nor a stray token of the environment is to decide
        retry_timeout_seconds=_PROBE_S,
        http_timeout_seconds=endpoints.timeout_s,
        product="cmkmigrate",
        product_version=__version__,
        clock=Once(),
    )
    api = core.ApiClient(config)
    session = Session(url, POOL, _judge)
    session.auth = api._api_client._authenticate
    api._api_client._session = session
    return api


def _judge(answer: Answer, stream: bool) -> None:
    """Raises what an answer means before the SDK sees it; a redirect is not followed."""
    status, error = answer.status_code, None
    if status >= 300:
        error = error_of(status, answer.headers, b"" if status < 400 else answer.content)
    elif stream:
        # Assumption: files are sent as attachments; a page without that is a proxy's, and not what was asked for.
        headers = answer.headers
        if headers.get("content-type", "").startswith("text/html") and "content-disposition" not in headers:
            error = Unknown("a page instead of the content", status=status)
    elif answer.method == "GET" and status != 204 and not answer.content:
        error = Unknown("an empty answer to a GET", status=status)
    if error is not None:
        raise error
