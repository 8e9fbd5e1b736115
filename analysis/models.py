"""Models by name or from a user's file, for commands that fit: learners in trials, laws of sizes, and one's own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plasticity.errors import InputError, UnknownNameError
from plasticity.support.catalog import module_of_file
from plasticity.support.late import call

if TYPE_CHECKING:
    from analysis.model import Model
    from plasticity.rule import Rule

__all__ = ["MODELS", "make_model", "model_of_file"]

MODELS = {
    **dict.fromkeys(("state_space", "trial_learner"), "analysis.trial_models"),
    **dict.fromkeys(
        ("absorbed_sizes", "constant_hazard", "flat_sizes", "gamma_sizes", "two_pools"), "analysis.size_models"
    ),
}
PREDICTS = ["parameters", "protocol"]  # arguments of a function that is a model itself


def make_model(name: str, arguments: Mapping[str, Any]) -> Model:
    """Model of `MODELS`, made with arguments.

    Examples
    --------
    >>> [p.name for p in make_model("state_space", {"n_states": 1}).parameters]
    ['retention_1', 'drive_1', 'output_noise']
    """
    return call(f"{MODELS[name]}:{name}", **arguments)


def model_of_file(path: str, arguments: Mapping[str, Any]) -> Model | Rule | Callable[..., Any]:
    """The model in a Python file: its function of the name of the file.

    That is ``my_model(parameters, protocol)``, which predicts, as `analysis.fit` takes it; or, with other arguments,
    one that makes a `Model` or a `Rule`.

    Raises
    ------
    InputError
        If there is no such file or function, it returns something else, arguments are stated for a function that
        predicts, or those of another one are missing.
    UnknownNameError
        If the function has no such argument.
    """
    file = Path(path)
    if not file.is_file():
        raise InputError(f"there is no file {path}; check the path")
    function = getattr(module_of_file(str(file.resolve()), file), file.stem, None)
    if not inspect.isfunction(function):
        raise InputError(
            f"{path} needs a function of its own name: def {file.stem}(parameters, protocol), which returns a number "
            f"per protocol, or def {file.stem}() -> Model (or Rule), with parameters that have values and units"
        )
    known = inspect.signature(function).parameters
    if list(known) == PREDICTS:
        if arguments:
            raise InputError(
                f"{path}: {file.stem}(parameters, protocol) has no arguments to set ({', '.join(arguments)}); name "
                "what is to be found with --free and --bounds"
            )
        return function
    for name in arguments:
        if name not in known:
            raise UnknownNameError(f"argument of {file.stem!r} in {path}", name, known)
    needed = [
        a.name for a in known.values() if a.default is a.empty and a.kind not in (a.VAR_POSITIONAL, a.VAR_KEYWORD)
    ]
    if unset := [name for name in needed if name not in arguments]:
        raise InputError(
            f"{path}: {file.stem}({', '.join(known)}) needs {', '.join(unset)}; a function that predicts is "
            f"{file.stem}({', '.join(PREDICTS)}), by these names; one that makes a model takes them from --set"
        )
    return _checked(path, function(**arguments))


def _checked(path: str, made: Any) -> Model | Rule:
    from analysis.model import Model
    from plasticity.rule import Rule

    if not isinstance(made, Model | Rule):
        raise InputError(f"the function in {path} must return a Model or a Rule, got {made!r}")
    return made
