"""The little Python that migration tools run on a cluster to read secrets: enough of it, and no more.

Nothing is handed to Python's own `exec`: the text is parsed, and the few forms below are worked out here. They are
those of the tools that read secrets this way (databrickslabs/migrate, security-analysis-tool): assignments to names,
`import base64`, `print`, literals, `dbutils.secrets.get` and `getBytes`, base64 both ways, `encode`, `decode`.
"""

from __future__ import annotations

import ast
import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

MODULES: Final = {"base64": base64}
_CODECS: Final = {"b64encode": base64.b64encode, "b64decode": base64.b64decode}
HIDDEN: Final = (
    "[REDACTED]"  # what stands for a secret's value in any output (vendor documentation, "Secret redaction")
)


class NotSimulated(Exception):
    """A form of Python that is not worked out here."""


class Raised(Exception):
    """The command itself fails, as it would on a cluster; the text is the error's, with its class."""


@dataclass
class Session:
    """The variables of one context. `secret` gives the value of (scope, key); raises Raised."""

    secret: Callable[[str, str], bytes]
    names: dict[str, Any] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)  # values of secrets that were read here

    def run(self, text: str) -> str:
        """Run one command; what it printed, and the value of a last expression. Raises Raised, NotSimulated."""
        try:
            statements = ast.parse(text).body
        except SyntaxError as error:
            raise Raised(f"SyntaxError: {error.msg}") from error
        shown: list[str] = []
        for statement in statements:
            if (value := self._do(statement, shown)) is not None and statement is statements[-1]:
                shown.append(repr(value))
        output = "\n".join(shown)
        for value in sorted(self.read, key=len, reverse=True):
            output = output.replace(value, HIDDEN) if value else output
        return output

    def _do(self, statement: ast.stmt, shown: list[str]) -> Any:
        match statement:
            case ast.Import(names=[ast.alias(name=name, asname=None)]) if name in MODULES:
                self.names[name] = MODULES[name]
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self.names[name] = self._value(value)
            case ast.Expr(value=ast.Call(func=ast.Name(id="print"), args=args, keywords=[])):
                shown.append(" ".join(str(self._value(one)) for one in args))
            case ast.Expr(value=value):
                return self._value(value)
            case _:
                raise NotSimulated(ast.unparse(statement))
        return None

    def _value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=str() | bytes() | int() | None as value):
                return value
            case ast.Name(id=name) if name in self.names:
                return self.names[name]
            case ast.Name(id=name):
                raise Raised(f"NameError: name '{name}' is not defined")
            case ast.Call(func=ast.Attribute() as called, args=args, keywords=keywords):
                named = {one.arg: self._value(one.value) for one in keywords if one.arg}
                return self._call(called, [self._value(one) for one in args], named)
            case ast.Call(func=ast.Name(id="str"), args=[one], keywords=[]):
                return str(self._value(one))
            case _:
                raise NotSimulated(ast.unparse(node))

    def _call(self, called: ast.Attribute, args: list[Any], named: dict[str, Any]) -> Any:
        if ast.unparse(called) in ("dbutils.secrets.get", "dbutils.secrets.getBytes"):
            said = dict(zip(("scope", "key"), args, strict=False)) | named
            value = self.secret(str(said.get("scope", "")), str(said.get("key", "")))
            text = value.decode("utf-8", "replace")
            self.read.add(text)
            return text if called.attr == "get" else value
        holder = self._value(called.value)
        try:
            if holder is base64 and called.attr in _CODECS and len(args) == 1 and not named:
                return _CODECS[called.attr](args[0])
            if isinstance(holder, (str, bytes)) and called.attr in ("encode", "decode", "strip") and not named:
                return getattr(holder, called.attr)(*args)
        except (AttributeError, LookupError, TypeError, UnicodeError, binascii.Error) as error:
            raise Raised(f"{type(error).__name__}: {error}") from error
        raise NotSimulated(ast.unparse(called))
