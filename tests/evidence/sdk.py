"""What databricks-sdk's generated code says of the REST API: each `self._api.do(VERB, PATH)`, and the types around it.

Read from the source, as nothing else of the SDK says which method stands for which path. Only modules that mention the
beginning of an asked path are parsed.
"""

from __future__ import annotations

import ast
import dataclasses
import enum
import importlib
import inspect
import typing
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import databricks.sdk.service
from databricks.sdk.oauth import HostMetadata

FOLDER = Path(databricks.sdk.service.__path__[0])
DISCOVERY = "/.well-known/databricks-config"
Hint = Any  # a type as `typing` has it


@dataclass(frozen=True)
class Keys:
    """An object whose fields are given by a method, not by a class: {JSON name: hint}, and those without a default."""

    names: dict[str, Hint] = field(default_factory=dict)
    required: frozenset[str] = frozenset()

    def __hash__(self) -> int:
        return id(self)


class Operation:
    """A method of the SDK. `query`, `body` and `answer` are hints, read when asked for; None: there is none."""

    def __init__(
        self, verb: str, path: str, module: ModuleType, cls: str, method: ast.FunctionDef, sends: bool
    ) -> None:
        self.verb, self.path = verb, path  # with {name} where a value goes
        self._module, self._cls, self._method, self._sends = module, cls, method, sends

    @property
    def method(self) -> str:
        return f"{self._module.__name__.rsplit('.', 1)[1]}.{self._cls.removesuffix('API')}.{self._method.name}"

    @cached_property
    def _hints(self) -> dict[str, Hint]:
        return typing.get_type_hints(getattr(getattr(self._module, self._cls), self._method.name))

    @cached_property
    def query(self) -> dict[str, Hint]:
        return self._query.names

    @property
    def needed(self) -> frozenset[str]:
        """The parameters of the query that have no default."""
        return self._query.required

    @cached_property
    def _query(self) -> Keys:
        sent = _sent(self._method, "query", self._hints)
        return sent if isinstance(sent, Keys) else Keys()

    @cached_property
    def body(self) -> Hint | None:
        return _sent(self._method, "body", self._hints) if self._sends else None

    @cached_property
    def answer(self) -> Hint | None:
        return _answer(self._module, self._method)

    def matches(self, segments: list[str]) -> bool:
        own = self.path.split("/")
        return len(own) == len(segments) and all(
            mine.startswith("{") or mine == other for mine, other in zip(own, segments, strict=True)
        )


def find(verb: str, path: str) -> Operation | None:
    """The method for a request: the one with the fewest variables in its path, not one of the account's."""
    if (verb, path) == ("GET", DISCOVERY):
        return _Discovery()
    segments = path.split("/")
    start = "/".join(segments[:4])
    able = [one for one in _starting(start) if one.verb == verb and one.matches(segments)]
    return min(able, key=lambda one: (one.path.count("{"), one.method), default=None)


@cache
def by_hand() -> dict[tuple[str, str], set[str]]:
    """Parameters that only the SDK's own helpers send (`workspace.download`): {(verb, path): names}."""
    found: dict[tuple[str, str], set[str]] = {}
    for method in ast.walk(ast.parse((FOLDER.parent / "mixins" / "workspace.py").read_text("utf-8"))):
        if not isinstance(method, ast.FunctionDef):
            continue
        names = {
            str(key.value)
            for node in ast.walk(method)
            if isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Dict)
            and ast.unparse(node.targets[0]) == "query"
            for key in node.value.keys
            if isinstance(key, ast.Constant)
        }
        for call in ast.walk(method):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "self._api.do" and names:
                verb, path = (one.value for one in call.args[:2] if isinstance(one, ast.Constant))
                found.setdefault((str(verb), str(path)), set()).update(names)
    return found


@cache
def _starting(start: str) -> list[Operation]:
    mentioned = [name for name, text in _sources().items() if f'"{start}' in text]
    return [one for name in mentioned for one in operations(name) if one.path.startswith(start)]


@cache
def _sources() -> dict[str, str]:
    return {path.stem: path.read_text("utf-8") for path in sorted(FOLDER.glob("*.py")) if path.stem[0] != "_"}


@cache
def operations(module_name: str) -> list[Operation]:
    """Every operation of one service module."""
    module = importlib.import_module(f"databricks.sdk.service.{module_name}")
    tree = ast.parse(inspect.getsource(module))
    found = []
    for cls in tree.body:
        if isinstance(cls, ast.ClassDef) and cls.name.endswith("API") and not cls.name.startswith("Account"):
            for method in cls.body:
                if isinstance(method, ast.FunctionDef):
                    found += list(_calls(module, cls.name, method))
    return found


def _calls(module: ModuleType, cls: str, method: ast.FunctionDef) -> Iterator[Operation]:
    for call in ast.walk(method):
        if not (isinstance(call, ast.Call) and ast.unparse(call.func) == "self._api.do" and len(call.args) >= 2):
            continue
        verb, path = call.args[0], call.args[1]
        assert isinstance(verb, ast.Constant)
        sends = any(word.arg == "body" for word in call.keywords)
        yield Operation(str(verb.value), _pattern(path), module, cls, method, sends)


def _pattern(path: ast.expr) -> str:
    if isinstance(path, ast.Constant):
        return str(path.value)
    assert isinstance(path, ast.JoinedStr), ast.unparse(path)
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else "{" + _variable(part) + "}" for part in path.values
    )


def _variable(part: ast.expr) -> str:
    """The name that goes into a path, bare or in a call that escapes it."""
    return next(one.id for one in reversed([*ast.walk(part)]) if isinstance(one, ast.Name))


def _sent(method: ast.FunctionDef, name: str, hints: dict[str, Hint]) -> Hint:
    """The hint of what a method builds under a name: `body["x"] = x...`, or `body = x.as_dict()`."""
    keys: dict[str, Hint] = {}
    needed: set[str] = set()
    plain = _without_default(method)
    for node in ast.walk(method):
        if not isinstance(node, ast.Assign) or len(node.targets) != 1:
            continue
        target, args = node.targets[0], [one.id for one in ast.walk(node.value) if isinstance(one, ast.Name)]
        hint = next((hints[one] for one in args if one in hints), Any)
        if isinstance(target, ast.Name) and target.id == name and args:
            return hint
        if isinstance(target, ast.Subscript) and ast.unparse(target.value) == name:
            assert isinstance(target.slice, ast.Constant)
            key = str(target.slice.value)
            if key not in keys or hint is not Any:
                keys[key] = hint
            if any(one in plain for one in args):
                needed.add(key)
    return Keys(keys, frozenset(needed))


def _without_default(method: ast.FunctionDef) -> set[str]:
    """The parameters of a method that must be given."""
    given = method.args
    names = [one.arg for one in given.args]
    bare = names[: len(names) - len(given.defaults)]
    bare += [one.arg for one, default in zip(given.kwonlyargs, given.kw_defaults, strict=True) if default is None]
    return set(bare) - {"self"}


def _answer(module: ModuleType, method: ast.FunctionDef) -> Hint | None:
    """The hint of the answer: what `from_dict` is called on, whole, as a list, or for the items of a page."""
    for node in ast.walk(method):
        if isinstance(node, ast.For) and ast.unparse(node.iter).startswith("json["):
            item = _read(module, node)
            assert isinstance(node.iter, ast.Subscript) and isinstance(node.iter.slice, ast.Constant)
            return _page(module, str(node.iter.slice.value), item)
    for node in ast.walk(method):
        if isinstance(node, ast.ListComp) and ast.unparse(node.generators[0].iter) == "res":
            return list[_read(module, node)]  # type: ignore[misc]
    return _read(module, method)


def _read(module: ModuleType, node: ast.AST) -> Hint | None:
    for one in ast.walk(node):
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) and one.func.attr == "from_dict":
            found: Any = module
            for part in ast.unparse(one.func.value).split("."):
                found = getattr(found, part)
            return found
    return None


def _page(module: ModuleType, key: str, item: Hint | None) -> Hint:
    """The class of a page: the one with a list of these items under this key, `List...Response` first."""
    able = []
    found: list[tuple[str, Any]] = inspect.getmembers(module, dataclasses.is_dataclass)
    for name, cls in found:
        one = fields(cls).get(key)
        if one is not None and _within(one) is item:
            able.append((not name.startswith("List"), not name.endswith("Response"), name, cls))
    if able:
        return min(able, key=lambda one: one[:3])[3]
    return Keys({key: list[item] if item else Any, "next_page_token": str})  # type: ignore[valid-type]


def _within(hint: Hint) -> Hint:
    """X of Optional[List[X]]."""
    for one in typing.get_args(hint):
        if typing.get_origin(one) is list:
            return typing.get_args(one)[0]
    return None


@cache
def required(cls: Hint) -> frozenset[str]:
    """The JSON names of a generated class that have no default."""
    bare = {one.name for one in dataclasses.fields(cls) if one.default is one.default_factory is dataclasses.MISSING}
    return frozenset(name for name, field in _read_names(cls).items() if field in bare)


@cache
def fields(cls: Hint) -> dict[str, Hint]:
    """The fields of a generated class: {JSON name: hint}; the names are those that its `from_dict` reads."""
    hints = typing.get_type_hints(cls)
    return {name: hints[field] for name, field in _read_names(cls).items()}


@cache
def _read_names(cls: Hint) -> dict[str, str]:
    """JSON name -> name of the field, as `from_dict` has them."""
    known = {one.name for one in dataclasses.fields(cls)}
    found: dict[str, str] = {}
    for node in ast.walk(ast.parse(inspect.cleandoc(inspect.getsource(cls.from_dict)))):
        if isinstance(node, ast.keyword) and node.arg in known:
            names = [one.value for one in ast.walk(node.value) if isinstance(one, ast.Constant) and one.value]
            found[str(names[0])] = str(node.arg)
    return found


class _Discovery(Operation):
    """What every client of the SDK asks first; read by `oauth.py`, which is no service."""

    method = "oauth.get_host_metadata"
    query: dict[str, Hint] = {}
    needed: frozenset[str] = frozenset()
    body = None
    answer = HostMetadata

    def __init__(self) -> None:
        self.verb, self.path = "GET", DISCOVERY


def values(cls: type[enum.Enum]) -> set[Any]:
    """The values of an enumeration."""
    return {one.value for one in cls}
