"""Catalogue of learning rules, derived and hand-written. One file each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from plasticity.support import catalog

if TYPE_CHECKING:
    from plasticity.rule import Rule


def names() -> list[str]:
    """Names of all rules."""
    return catalog.names(__name__)


def load(name: str) -> Callable[..., Rule]:
    """Function that makes the rule `name`."""
    return catalog.load(__name__, name, "rule")


def resolve(rule: str | Rule, arguments: Mapping[str, Any] | None = None) -> Rule:
    """Return the rule that a name, or a Rule itself, stands for, with other argument values if given.

    Parameters
    ----------
    rule : str or Rule
    arguments : mapping, optional
        Arguments of the function that makes the rule; for a Rule, values of its parameters.

    Raises
    ------
    UnknownNameError
        If there is no such rule or argument; the message offers the nearest name.

    Examples
    --------
    >>> resolve("pair_stdp", {"tau_plus": 0.02}).values["tau_plus"]
    0.02
    """
    import inspect

    from plasticity.errors import InputError, UnknownNameError
    from plasticity.rule import Rule

    arguments = dict(arguments or {})
    if isinstance(rule, Rule):
        return rule.with_parameters(**arguments)
    if not isinstance(rule, str):
        raise InputError(f"rule must be a name or a Rule, got {rule!r}")
    make = load(rule)
    signature = inspect.signature(make).parameters
    for name in arguments:
        if name not in signature:
            raise UnknownNameError(f"argument of rule {rule!r}", name, signature)
    return make(**arguments)
