"""Finds the kinds: every concrete class derived from Kind in `kinds/azure` and `kinds/databricks`."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache

from cmkmigrate.kinds import azure, databricks
from cmkmigrate.kinds.base import Kind


@cache
def discover() -> dict[str, Kind]:
    """Every kind by its name, in the order in which they can be made (what a kind refers to comes before it)."""
    found: dict[str, Kind] = {}
    for package in (azure, databricks):
        for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
            module = importlib.import_module(f"{package.__name__}.{info.name}")
            for _, cls in inspect.getmembers(module, inspect.isclass):
                if issubclass(cls, Kind) and cls.__module__ == module.__name__ and not inspect.isabstract(cls):
                    if cls.name in found:
                        raise TypeError(f"two kinds are called {cls.name}")
                    found[cls.name] = cls()
    return {name: found[name] for name in order(found)}


def needs(kind: Kind, kinds: dict[str, Kind]) -> set[str]:
    """The other kinds whose things must be there before this kind's can be made or listed."""
    wanted = set(kind.parents) | {target for ref in kind.refs for target in ref.targets}
    return {name for name in wanted if name in kinds and name != kind.name}


def order(kinds: dict[str, Kind]) -> list[str]:
    """Names such that what a kind needs comes before it; alphabetical where nothing is said.

    Kinds that need each other keep the alphabetical order (a test holds that there are none).
    """
    left = sorted(kinds)
    done: list[str] = []
    while left:
        ready = [name for name in left if not needs(kinds[name], kinds) - set(done)] or left[:1]
        done += ready
        left = [name for name in left if name not in ready]
    return done
