"""YAML that people write, read strictly: no doubled keys, no aliases, and the line of everything that is said."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from cmkmigrate.errors import Mistake

_PLAIN = {"bool": "true|false", "null": "null|~|", "int": "-?(0|[1-9][0-9]{0,17})"}


class _Loader(yaml.SafeLoader):
    """Plain words are text but for true, false, null and whole numbers: `on` is a key, 007 and a date are names."""

    yaml_implicit_resolvers = {  # None: whatever a word begins with
        None: [(f"tag:yaml.org,2002:{name}", re.compile(rf"(?i:{words})\Z")) for name, words in _PLAIN.items()]
    }


def read_yaml(text: str, path: str) -> tuple[Any, dict[tuple[Any, ...], int]]:
    """Plain data and the line of every value, by its path. Refuses doubled keys, aliases and broken YAML."""
    lines: dict[tuple[Any, ...], int] = {}
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        return (None if node is None else _plain(loader, node, (), lines, path, set())), lines
    except yaml.reader.ReaderError as error:
        line, why = text.count("\n", 0, error.position) + 1, error.reason
    except (yaml.YAMLError, ValueError, LookupError) as error:
        mark = getattr(error, "problem_mark", None)
        line, why = mark.line + 1 if mark else 1, getattr(error, "problem", "") or str(error)
    except RecursionError:
        raise Mistake("this is nested too deeply", subject=path, next="write it flatter") from None
    raise Mistake("this is not YAML", subject=f"{path}:{line}", why=why, next="correct it there, or just before")


def _plain(
    loader: yaml.SafeLoader, node: yaml.Node, where: tuple[Any, ...], lines: dict[Any, int], path: str, seen: set[int]
) -> Any:
    line = node.start_mark.line + 1
    lines.setdefault(where, line)
    if id(node) in seen:
        raise Mistake("aliases are not part of the language", subject=f"{path}:{line}", next="write the value out")
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        result: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise Mistake(
                    "a key is one word",
                    subject=f"{path}:{key_node.start_mark.line + 1}",
                    next="write it as NAME: VALUE",
                )
            key = loader.construct_object(key_node, deep=True)
            if key in result:
                raise Mistake(
                    f"the key {key!r} stands twice",
                    subject=f"{path}:{key_node.start_mark.line + 1}",
                    next="keep one of the two",
                )
            lines[(*where, key)] = key_node.start_mark.line + 1
            result[key] = _plain(loader, value_node, (*where, key), lines, path, seen)
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_plain(loader, one, (*where, at), lines, path, seen) for at, one in enumerate(node.value)]
    return loader.construct_object(node, deep=True)


def line_of(lines: Mapping[tuple[Any, ...], int], where: tuple[Any, ...]) -> int:
    """The line of a value, or of the nearest thing around it."""
    while where and where not in lines:
        where = where[:-1]
    return lines.get(where, 1)
