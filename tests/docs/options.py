"""The options of ``offhook serve`` as a table: out of the source, so that the page can be compared with it."""

import ast
import inspect
from dataclasses import fields

from offhook.base import limits
from offhook.base.limits import Limits
from offhook.cli.serving import LIMITS


def limit_rows() -> list[str]:
    """A row for each limit that can be set from outside, with what its docstring says."""
    defaults = {field.name: field.default for field in fields(Limits)}
    return [
        f"| `--limit-{name.replace('_', '-')}` | {defaults[name]} | {text} |"
        for name, text in _docstrings().items()
        if name in LIMITS
    ]


def _docstrings() -> dict[str, str]:
    """What stands below each field of ``Limits``."""
    [declared] = [
        node
        for node in ast.parse(inspect.getsource(limits)).body
        if isinstance(node, ast.ClassDef) and node.name == "Limits"
    ]
    pairs = zip(declared.body, declared.body[1:], strict=False)
    return {
        field.target.id: ast.literal_eval(text.value)
        for field, text in pairs
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr)
    }
