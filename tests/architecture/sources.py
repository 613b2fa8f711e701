"""The program's own source text, parsed once for the rules that read it.

A `Source` is one module as its syntax tree; `imports` tells which modules it names. Nothing is executed.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]


class Source(NamedTuple):
    """One module: its dotted name, its tree and whether it is a package's `__init__`."""

    module: str
    tree: ast.Module
    is_package: bool = False


class Import(NamedTuple):
    """One name a module imports, as the dotted name of what is imported, and the line."""

    target: str
    line: int


def source_of(module: str, text: str) -> Source:
    """A module out of thin air, to try a rule on one line."""
    return Source(module, ast.parse(text))


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def python_files(*folders: str) -> list[Path]:
    return sorted(
        path for folder in folders for path in (ROOT / folder).rglob("*.py") if "node_modules" not in path.parts
    )


@cache
def sources() -> tuple[Source, ...]:
    """Every module of `weft`."""
    return tuple(
        Source(module_name(path), ast.parse(path.read_text(encoding="utf-8"), str(path)), path.name == "__init__.py")
        for path in python_files("weft")
    )


def imports(source: Source) -> Iterator[Import]:
    """Everything a module imports; `from a import b` is told as `a.b`, whether b is a module or a name in one."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            origin = _origin(source, node)
            for alias in node.names:
                yield Import(f"{origin}.{alias.name}", node.lineno)


def _origin(source: Source, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = source.module.split(".")
    drop = node.level - 1 if source.is_package else node.level
    kept = parts[: len(parts) - drop]
    return ".".join([*kept, node.module] if node.module else kept)


def within(name: str, *owners: str) -> bool:
    """Whether a dotted name is one of the owners or lies inside one."""
    return any(name == owner or name.startswith(f"{owner}.") for owner in owners)


def texts(source: Source) -> Iterator[tuple[str, int]]:
    """The string constants a module uses, without its docstrings."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value, node.lineno
