"""Source code as far as it can change a number: without comments, docstrings and layout."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PACKAGES = ("plasticity", "circuits", "scenarios", "analysis")
NATIVE = (".h", ".cpp")
_COMMENT = re.compile(r'("(?:\\.|[^"\\\n])*")|//[^\n]*|/\*.*?\*/', re.S)


@dataclass(frozen=True)
class _Source:
    """One file: hash of its code, and the dotted names that it imports when it runs or for type checkers alone."""

    digest: str
    imports: tuple[str, ...] = ()
    exports: tuple[str, ...] = ()


def code_hash(files: Iterable[Path]) -> str:
    """Hash of Python and C++ files that stays the same when comments, docstrings or the layout change.

    Examples
    --------
    >>> len(code_hash([Path(__file__)]))
    64
    """
    listed = "".join(f"{path.name} {_source(path).digest}\n" for path in sorted(files))
    return hashlib.sha256(listed.encode()).hexdigest()


@cache
def imported_files(start: Path) -> tuple[Path, ...]:
    """The file `start` and all files of this project, and of its own package, that it imports directly or not.

    Imports within functions count, those for type checkers do not. A package that is imported as a whole can load
    each of its modules. C++ files belong to the modules of their folder.
    """
    own = start
    while (own.parent / "__init__.py").exists():
        own = own.parent
    homes = {own.stem: own.parent} | dict.fromkeys(PACKAGES, PROJECT)
    reached, ahead = set(), {start}
    while ahead:
        path = ahead.pop()
        reached.add(path)
        names = (_absolute(name, path, own) for name in _source(path).imports)
        ahead.update({file for name in names for file in _files(name, homes)} - reached)
    native = {file for folder in {path.parent for path in reached} for file in folder.iterdir() if _is_native(file)}
    return tuple(sorted(reached | native))


def without_docstrings(text: str | bytes) -> ast.Module:
    """Syntax tree of Python text without the statements that are mere strings."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        match node:
            case ast.Module(body=body) | ast.ClassDef(body=body) | ast.FunctionDef(body=body):
                node.body = [line for line in body if not _is_string(line)] or [ast.Pass()]
    return tree


def _is_string(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _is_native(path: Path) -> bool:
    return path.suffix in NATIVE


@cache
def _source(path: Path) -> _Source:
    if _is_native(path):
        plain = _COMMENT.sub(lambda part: part[1] or " ", path.read_text(encoding="utf-8"))
        lines = (" ".join(line.split()) for line in plain.splitlines() if line.strip())
        return _Source(hashlib.sha256("\n".join(lines).encode()).hexdigest())
    tree = without_docstrings(path.read_bytes())
    digest = hashlib.sha256(ast.dump(tree).encode()).hexdigest()
    imports = tuple(dict.fromkeys(_imports(tree)))
    blocks = (line for block in tree.body if _is_for_type_checkers(block) for line in block.body)  # type: ignore
    return _Source(digest, imports, tuple(name for line in blocks for name in _imports(line)))


def _imports(tree: ast.AST) -> Iterator[str]:
    """Dotted names of imports in a syntax tree, with leading dots where they are relative."""
    ahead = [tree]
    while ahead:
        node = ahead.pop()
        match node:
            case ast.If(orelse=otherwise) if _is_for_type_checkers(node):
                ahead += otherwise
                continue
            case ast.Import(names=aliases):
                yield from (alias.name for alias in aliases)
            case ast.ImportFrom(module=module, names=aliases, level=level):
                yield from (f"{'.' * level}{f'{module}.' if module else ''}{alias.name}" for alias in aliases)
            case ast.Call(func=ast.Attribute(attr="load" | "load_module"), args=[ast.Constant(value=str(name)), *_]):
                yield name  # of a catalogue
        ahead += ast.iter_child_nodes(node)


def _is_for_type_checkers(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _absolute(name: str, path: Path, own: Path) -> str:
    level = len(name) - len(name.lstrip("."))
    parts = path.relative_to(own.parent).with_suffix("").parts if level else ()
    return ".".join([*parts[:-level], name[level:]]) if level else name


def _files(name: str, homes: Mapping[str, Path]) -> Iterator[Path]:
    """Files that run when the dotted `name` is imported: a module, all of a package, or what a package exports."""
    top, *parts = name.split(".")
    if top not in homes:
        return
    path = homes[top] / top
    for part in parts:
        if not path.is_dir():  # the rest is an attribute of a module
            break
        init = path / "__init__.py"
        if init.is_file():
            yield init
        path = path / part
        if not path.is_dir() and not path.with_suffix(".py").is_file():
            exports = _source(init).exports if init.is_file() else ()
            homes_of_part = [export for export in exports if export.rpartition(".")[2] == part]
            yield from _files(homes_of_part[0], homes) if homes_of_part else path.parent.rglob("*.py")
            return
    if path.is_dir():
        yield from path.rglob("*.py")
    elif path.with_suffix(".py").is_file():
        yield path.with_suffix(".py")
