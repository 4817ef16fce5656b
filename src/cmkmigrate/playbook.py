"""Playbooks: YAML that says what happens. Every mistake is refused with file, line and a suggestion.

The language is small on purpose: no loops, no templates, `${...}` holes that are checked before anything runs.
Types come from the pydantic models below; the JSON Schema for editors is made from the same (`json_schema`).
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cmkmigrate.errors import Mistake
from cmkmigrate.kinds.base import Kind
from cmkmigrate.strict_yaml import line_of, read_yaml

HOLE = re.compile(r"\$\{([^}]*)\}")
SOURCE_FIELDS = ("id", "name", "location", "subscription", "resource_group", "tags", "url")
MAX_BYTES = 1_000_000
LANGUAGE = "correct it; the reference of playbooks in the project's documentation has the whole language"
_TYPES = {str: "text", bool: "true or false", int: "a whole number", list: "a list", dict: "a mapping"}


class Param(BaseModel):
    """One parameter: its type, what it is for, and its default (none: it must be given)."""

    model_config = ConfigDict(extra="forbid")
    type: Literal["workspace", "name", "text", "list", "bool", "int"]
    about: str = ""
    default: Any = None


class Step(BaseModel):
    """One step. Exactly one of `kind` and `kinds` ("all" or a list of names)."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    kind: str | None = None
    kinds: Literal["all"] | list[str] | None = None
    settings: dict[str, Any] = Field(default_factory=dict, alias="with")
    on: Literal["source", "target"] = "target"
    exclude: list[str] = Field(default_factory=list)
    include: list[str] = Field(default_factory=list)
    adopt: bool = False
    again: bool = False
    unless: str = ""
    when: str = ""
    confirm: str = ""


class Document(BaseModel):
    """A whole playbook file."""

    model_config = ConfigDict(extra="forbid")
    playbook: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    about: str = ""
    params: dict[str, Param] = Field(default_factory=dict)
    source: str
    target: str
    steps: list[Step] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Playbook:
    """A checked playbook. `text` is the file as it was, `digest` its sha256, `path` what the operator typed."""

    path: str
    text: str
    document: Document

    @property
    def name(self) -> str:
        return self.document.playbook

    @property
    def steps(self) -> Sequence[Step]:
        return self.document.steps

    @property
    def in_place(self) -> bool:
        """Whether it changes a workspace where it is: its target is written as its source."""
        return self.document.target == self.document.source

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def _mistake(what: str, *, subject: str = "", why: str = "", next: str = LANGUAGE) -> Mistake:
    """A Mistake that always says what to do next."""
    return Mistake(what, subject=subject, why=why, next=next)


def shipped() -> dict[str, str]:
    """The playbooks that come with the tool: name -> text (from the wheel, or the checkout it was installed of)."""
    folders = [resources.files("cmkmigrate") / "playbooks", Path(__file__).parents[2] / "playbooks"]
    for folder in folders:
        if folder.is_dir():
            files = [file for file in folder.iterdir() if file.name.endswith(".yaml")]
            if files:
                return {file.name.removesuffix(".yaml"): file.read_text("utf-8") for file in sorted(files, key=str)}
    return {}


def of_another(playbook: Playbook, name: str) -> bool:
    """Whether a parameter is one of some shipped playbook, and not of this one."""
    if name in playbook.document.params:
        return False
    return any(name in read_yaml(text, of)[0].get("params", {}) for of, text in shipped().items())


def load(name_or_path: str, kinds: Mapping[str, Kind]) -> Playbook:
    """The playbook of that name, or in that file. Raises Mistake, naming file and line."""
    known = shipped()
    path = Path(name_or_path)
    if name_or_path in known:
        return parse(known[name_or_path], f"{name_or_path}.yaml", kinds)
    if path.suffix in (".yaml", ".yml") or path.is_file():
        try:
            if path.stat().st_size > MAX_BYTES:
                raise _mistake("the playbook is larger than a megabyte", subject=name_or_path, next="split it into two")
            return parse(path.read_text("utf-8"), name_or_path, kinds)
        except FileNotFoundError:
            why = f"shipped are {', '.join(known) or 'none'}; give one by its name alone{suggest(path.stem, known)}"
            next = "cmkmigrate plan PLAYBOOK, with the name of a shipped one or the path of a file that is there"
            raise _mistake("there is no such playbook file", subject=name_or_path, why=why, next=next) from None
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", "") or str(error)
            next = "mend the file; a playbook is YAML in UTF-8"
            raise _mistake("the playbook cannot be read", subject=name_or_path, why=why, next=next) from None
    raise _mistake(
        f"there is no playbook {name_or_path!r}",
        why=f"shipped are {', '.join(known) or 'none'}; a path ends in .yaml{suggest(name_or_path, known)}",
        next="cmkmigrate plan cmk-migration --help",
    )


def parse(text: str, path: str, kinds: Mapping[str, Kind]) -> Playbook:
    """A playbook from its text. Raises Mistake for whatever is wrong, the first mistake with its line."""
    data, lines = read_yaml(text, path)
    if not isinstance(data, dict):
        raise _mistake("a playbook is a mapping that begins with `playbook: NAME`", subject=f"{path}:1")
    try:
        document = Document.model_validate(data)
    except ValidationError as error:
        # A misspelt key is also a missing one: the unknown word says more.
        first = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
        raise _refusal(first, path, lines) from None
    playbook = Playbook(path, text, document)
    _check(playbook, lines, kinds)
    return playbook


def _refusal(error: Any, path: str, lines: Mapping[tuple[Any, ...], int]) -> Mistake:
    where = tuple(part for part in error["loc"] if not str(part).startswith(("literal[", "list[")))
    field = str(where[-1]) if where else ""
    spot = f"{path}:{line_of(lines, where)}"
    if error["type"] == "extra_forbidden":
        model = {0: Document}.get(len(where) - 1, Step if where[0] == "steps" else Param)
        names = [info.alias or name for name, info in model.model_fields.items()]
        why = f"known are {', '.join(names)}{suggest(field, names)}"
        return _mistake(f"unknown key {field!r}", subject=spot, why=why)
    dotted = ".".join(str(part) for part in where)
    if error["type"] == "missing":
        next = "add it; the reference of playbooks in the project's documentation has the language"
        return _mistake(f"{dotted} is missing", subject=spot, next=next)
    return _mistake(f"{dotted}: {error['msg'][0].lower()}{error['msg'][1:]}", subject=spot)


def _check(playbook: Playbook, lines: Mapping[tuple[Any, ...], int], kinds: Mapping[str, Kind]) -> None:
    """What the types cannot say: kinds exist, settings are known, every hole can be filled when its turn comes."""
    for name, param in playbook.document.params.items():
        if param.default is not None:
            _typed(name, param.type, param.default, f"{playbook.path}:{line_of(lines, ('params', name, 'default'))}")
    seen: dict[str, Step] = {}
    for index, step in enumerate(playbook.steps):
        at = ("steps", index)

        def refuse(what: str, *where: Any, why: str = "", at: tuple[Any, ...] = at) -> Mistake:
            return _mistake(what, subject=f"{playbook.path}:{line_of(lines, (*at, *where))}", why=why)

        if step.id in seen:
            raise refuse(f"two steps are called {step.id!r}", "id")
        if (step.kind is None) == (step.kinds is None):
            raise refuse(f"step {step.id!r} needs either `kind` or `kinds`")
        for name in step_kinds(step, kinds):
            if name not in kinds:
                field = "kind" if step.kind else "kinds"
                raise refuse(f"unknown kind {name!r}", field, why=f"known are {', '.join(kinds)}{suggest(name, kinds)}")
            if step.again and kinds[name].anew is None:
                can = ", ".join(one for one, kind in kinds.items() if kind.anew is not None)
                raise refuse(f"{name} are never written anew", "again", why=f"that can be done with {can}")
            known = kinds[name].settings
            for key in step.settings if step.kind else ():
                if key not in known:
                    why = f"{name} takes {', '.join(known) or 'no settings'}{suggest(key, known)}"
                    raise refuse(f"unknown setting {key!r}", "with", key, why=why)
            for key, value in step.settings.items():
                if key in known and not HOLE.search(str(value)) and not _is(value, known[key]):
                    raise refuse(f"{key} must be {_type_name(known[key])}, not {value!r}", "with", key)
        if step.again and not playbook.in_place:
            why = "the source and the target of this playbook are not the same"
            raise refuse("`again` writes a workspace anew in place", "again", why=why)
        for place, hole in _holes(step.model_dump(by_alias=True)):
            problem = _hole_problem(hole, playbook.document, seen, kinds)
            if problem:
                raise refuse(f"nothing fills ${{{hole}}}", *place, why=problem)
        seen[step.id] = step
    for field in ("source", "target"):
        for match in HOLE.finditer(getattr(playbook.document, field)):
            problem = _hole_problem(match[1], playbook.document, seen, kinds)
            if problem or (field == "source" and not match[1].startswith("params.")):
                where = f"{playbook.path}:{line_of(lines, (field,))}"
                why = problem or "source comes from params"
                raise _mistake(f"nothing fills ${{{match[1]}}}", subject=where, why=why)


def all_kinds(kinds: Mapping[str, Kind]) -> list[str]:
    """The names of the kinds that `kinds: all` stands for: what a workspace holds."""
    moved = (name for name, kind in kinds.items() if kind.at == "workspace" and not kind.writes_source)
    return [name for name in moved if not kinds[name].alone]


def step_kinds(step: Step, kinds: Mapping[str, Kind]) -> list[str]:
    """The names of the kinds that a step drives, in the order in which they can be made."""
    if step.kind:
        return [step.kind]
    if step.kinds == "all":
        return all_kinds(kinds)
    named = list(step.kinds or ())
    return [name for name in kinds if name in named] + [name for name in named if name not in kinds]


def _hole_problem(hole: str, document: Document, seen: Mapping[str, Step], kinds: Mapping[str, Kind]) -> str:
    head, _, rest = hole.partition(".")
    if head == "params":
        return "" if rest in document.params else f"there is no parameter {rest!r}{suggest(rest, document.params)}"
    if head == "source":
        return "" if rest in SOURCE_FIELDS else f"source has {', '.join(SOURCE_FIELDS)}{suggest(rest, SOURCE_FIELDS)}"
    if head == "steps":
        step, _, field = rest.partition(".")
        if step not in seen:
            return f"there is no step {step!r} before this one{suggest(step, seen)}"
        outputs = kinds[seen[step].kind or ""].outputs if seen[step].kind in kinds else {}
        gives = ", ".join(outputs) or "nothing"
        return "" if field in outputs else f"step {step!r} gives {gives}{suggest(field, outputs)}"
    return "a hole begins with params, source or steps"


def _holes(value: Any, where: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], str]]:
    if isinstance(value, str):
        yield from ((where, match[1]) for match in HOLE.finditer(value))
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _holes(one, (*where, key))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _holes(one, (*where, index))


def fill(value: Any, resolve: Callable[[str], Any]) -> Any:
    """`value` with every `${...}` replaced by what `resolve` says. A string that is one hole keeps the value's type."""
    if isinstance(value, str):
        whole = HOLE.fullmatch(value)
        return resolve(whole[1]) if whole else HOLE.sub(lambda match: str(resolve(match[1])), value)
    if isinstance(value, dict):
        return {key: fill(one, resolve) for key, one in value.items()}
    if isinstance(value, list):
        return [fill(one, resolve) for one in value]
    return value


def fill_params(playbook: Playbook, given: Mapping[str, Any], origin: str = "the parameters") -> dict[str, Any]:
    """Every parameter with its value: given, or the default. Raises Mistake for unknown, missing or mistyped ones."""
    params = playbook.document.params
    for name in given:
        if name not in params:
            why = f"{playbook.name} takes {', '.join(params)}{suggest(name, params)}"
            raise _mistake(f"unknown parameter {name!r}", subject=origin, why=why)
    values: dict[str, Any] = {}
    for name, param in params.items():
        value = given.get(name, param.default)
        if value is None:
            what = f"parameter {name!r} is missing"
            next = f"add -p {name}=VALUE, or put it into --params FILE"
            raise _mistake(what, subject=playbook.path, why=param.about, next=next)
        values[name] = _typed(name, param.type, value, origin)
    return values


def _typed(name: str, kind: str, value: Any, origin: str) -> Any:
    if kind == "list" and isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if kind == "bool" and isinstance(value, str) and value.lower() in ("true", "false"):
        value = value.lower() == "true"
    if kind == "int" and isinstance(value, str) and re.fullmatch("-?[0-9]{1,18}", value):
        value = int(value)
    wanted: type = {"list": list, "bool": bool, "int": int}.get(kind, str)
    if not _is(value, wanted):
        raise _mistake(f"parameter {name!r} must be {_type_name(wanted)}, not {value!r}", subject=origin)
    return value.strip().rstrip("/") if kind == "workspace" else value  # one id, however it was pasted


def _is(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def _type_name(kind: type) -> str:
    return _TYPES.get(kind, str(kind))


def suggest(word: str, known: Any) -> str:
    """`; did you mean X?` when there is something close, else nothing."""
    close = difflib.get_close_matches(word, [str(name) for name in known], n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def json_schema() -> str:
    """The JSON Schema of a playbook, for editors."""
    return json.dumps(Document.model_json_schema(by_alias=True), indent=2)
