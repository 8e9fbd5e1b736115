"""A folder is a catalogue: its modules are the members. Members of other packages and single files join them.

File name = member name = name of the function that it offers (a scenario is the module itself). Nothing is registered,
so a new member is one new file. Names and titles are read without importing any member. Other installed packages add
members by entry points (group ``steersman.rules`` and so on), a user's file by the option ``--path FILE.py`` or the
environment variable ``STEERSMAN_PATH`` (files separated as in ``PATH``).
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

from plasticity.errors import InputError, UnknownNameError

GROUPS = {
    "plasticity.rules": "steersman.rules",
    "plasticity.signals": "steersman.signals",
    "circuits": "steersman.circuits",
    "scenarios": "steersman.scenarios",
    "analysis.datasets": "steersman.datasets",
}
_RETURNS = {
    "Rule": "plasticity.rules",
    "Signal": "plasticity.signals",
    "Circuit": "circuits",
    "Dataset": "analysis.datasets",
}
PATH = "STEERSMAN_PATH"


@dataclass(frozen=True)
class Member:
    """Where a member is: the name of its module, and its file if that is no module of an installed package."""

    module: str
    file: Path | None = None


def names(package: str) -> list[str]:
    """List the members of the catalogue `package`, sorted.

    Examples
    --------
    >>> "oja" in names("plasticity.rules")
    True
    """
    return sorted(members(package))


def title(package: str, name: str, kind: str = "member") -> str:
    """First line of the docstring of a member, read without importing it.

    Examples
    --------
    >>> title("plasticity.rules", "oja")
    "Oja's rule: Hebbian growth with a decay that keeps the weights normalised."
    """
    docstring = ast.get_docstring(_tree(_file(_member(package, name, kind)))) or ""
    return docstring.split("\n", 1)[0]


def load_module(package: str, name: str, kind: str = "member") -> ModuleType:
    """Import the module of a member.

    Raises
    ------
    UnknownNameError
        If there is no such member; the message offers the nearest name.
    """
    member = _member(package, name, kind)
    return importlib.import_module(member.module) if member.file is None else module_of_file(member.module, member.file)


def load(package: str, name: str, kind: str = "member") -> Callable:
    """Return the function of a member, which bears the name of its file.

    Raises
    ------
    UnknownNameError
        If there is no such member; the message offers the nearest name.
    """
    return getattr(load_module(package, name, kind), name)


def members(package: str) -> dict[str, Member]:
    """Members of a catalogue by name: those of its folder, of other packages and of single files.

    Raises
    ------
    InputError
        If another package has a member of a name that is taken, or a file of ``STEERSMAN_PATH`` is no member.
    """
    folder = Path(importlib.import_module(package).__path__[0])
    own = {f.stem: Member(f"{package}.{f.stem}") for f in folder.glob("*.py") if not f.stem.startswith("_")}
    for name, module in _entry_points(package).items():
        if name in own:
            raise InputError(
                f"package {module.partition('.')[0]!r} offers a member {name!r} of {package}, but that name is taken; "
                f"rename it, or use its file by --path"
            )
        own[name] = Member(module)
    files = {file.stem: file for file in user_files() if _catalogue_of(file) == package}
    return own | {name: Member(f"steersman_path_{name}", file) for name, file in files.items()}


def user_files() -> tuple[Path, ...]:
    """Files of ``STEERSMAN_PATH``.

    Raises
    ------
    InputError
        If one does not exist, or is no Python file.
    """
    files = tuple(Path(text) for text in os.environ.get(PATH, "").split(os.pathsep) if text)
    for file in files:
        if file.suffix != ".py" or not file.is_file():
            raise InputError(f"{file} (from --path or {PATH}) is no Python file; name an existing file FILE.py")
    return files


def user_code() -> tuple[Path, ...]:
    """Every file outside of this project that a catalogue offers: single files and members of other packages."""
    modules = [module for package in GROUPS for module in _entry_points(package).values()]
    return (*user_files(), *(_file(Member(module)) for module in sorted(modules)))


def take_paths(argv: list[str]) -> list[str]:
    """Arguments without ``--path FILE.py``, which may stand anywhere; its files join the catalogues of this process.

    Raises
    ------
    InputError
        If ``--path`` ends the command, or a file is no member of a catalogue.
    """
    rest, files = [], []
    words = iter(argv)
    for word in words:
        if word == "--path" or word.startswith("--path="):
            text = word.partition("=")[2] if "=" in word else next(words, "")
            if not text:
                raise InputError("--path needs a file, as in --path my_rule.py")
            files.append(str(Path(text).absolute()))
        else:
            rest.append(word)
    if files:
        os.environ[PATH] = os.pathsep.join([*filter(None, [os.environ.get(PATH)]), *files])
        for file in user_files():
            _catalogue_of(file)
    return rest


def require_made(value: object, kind: type, package: str) -> None:
    """Refuse what is no record of a catalogue: most often a name, or a member that was not called.

    Parameters
    ----------
    value : object
    kind : type
        What members of `package` return, such as `Rule`.
    package : str

    Raises
    ------
    InputError
        Saying what to write instead.

    Examples
    --------
    >>> from plasticity.rule import Rule
    >>> require_made("oja", Rule, "plasticity.rules")
    Traceback (most recent call last):
    plasticity.errors.InputError: rule must be a Rule, got 'oja'; write plasticity.rules.load('oja')()
    """
    if isinstance(value, kind):
        return
    remedy = f"use what a function of {package} returns"
    if isinstance(value, str):
        remedy = f"write {package}.load({value!r})()"
    elif callable(value):
        remedy = f"call it: {getattr(value, '__name__', 'its function')}(…)"
    raise InputError(f"{kind.__name__.lower()} must be a {kind.__name__}, got {value!r}; {remedy}")


def _member(package: str, name: str, kind: str) -> Member:
    known = members(package)
    if not isinstance(name, str) or name not in known:
        raise UnknownNameError(kind, name, known)
    return known[name]


@cache
def _entry_points(package: str) -> Mapping[str, str]:
    """Modules of the members that other installed packages offer, by member name."""
    group = GROUPS.get(package)
    if group is None:
        return {}
    from importlib.metadata import entry_points

    return {point.name: point.module for point in entry_points(group=group)}


def _file(member: Member) -> Path:
    if member.file is not None:
        return member.file
    spec = importlib.util.find_spec(member.module)
    if spec is None or spec.origin is None:
        raise InputError(f"module {member.module!r} of an entry point does not exist; reinstall its package")
    return Path(spec.origin)


def _catalogue_of(file: Path) -> str:
    """Catalogue that a file belongs to, from what its function returns.

    Raises
    ------
    InputError
        If it cannot be determined.
    """
    tree = _tree(file)
    if any(isinstance(node, ast.ClassDef) and node.name == "Parameters" for node in tree.body):
        return "scenarios"
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == file.stem and node.returns is not None:
            returned = ast.unparse(node.returns).strip("'\"").rpartition(".")[2]
            if returned in _RETURNS:
                return _RETURNS[returned]
    raise InputError(
        f"{file} is no member of a catalogue: it needs a function {file.stem!r} whose annotation says what it returns "
        f"(def {file.stem}(…) -> {' | '.join(_RETURNS)}), or the Parameters and simulate of a scenario"
    )


def _tree(file: Path) -> ast.Module:
    try:
        return ast.parse(file.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read as Python: {error}") from error


def module_of_file(name: str, file: Path) -> ModuleType:
    """Module of a single file, imported once under a name.

    Raises
    ------
    InputError
        If it cannot be read as Python.
    """
    _tree(file)
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, file)
        module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
        sys.modules[name] = module  # dataclasses look their module up
        try:
            spec.loader.exec_module(module)  # type: ignore[union-attr]
        except BaseException:
            del sys.modules[name]
            raise
    return sys.modules[name]
