"""Data, rules and fits that the arguments of a command state."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from analysis import datasets
from analysis.models import MODELS, make_model, model_of_file
from analysis.printed import warn
from plasticity import rules
from plasticity.errors import InputError, UnknownNameError
from plasticity.support.cli import as_number, key_and_value, number_or_text

if TYPE_CHECKING:
    import xarray as xr

    from analysis.fit import Fit

__all__ = ["fit_of", "fits_of"]


def data_of(arguments: argparse.Namespace) -> xr.Dataset:
    """The data set of the arguments, with missing standard errors treated as they require."""
    from analysis.data.record import with_pooled_errors, without_missing_errors

    data = datasets.load(arguments.data)
    if arguments.missing_errors == "pool":
        return with_pooled_errors(data)
    return without_missing_errors(data) if arguments.missing_errors == "drop" else data


def fit_of(arguments: argparse.Namespace) -> Fit:
    """The fit that the arguments describe."""
    from analysis.fit import fit
    from plasticity.rule import Rule

    rule, bounds = _model(arguments.rule, arguments.set), dict(map(_bounds, arguments.bounds))
    if not isinstance(rule, Rule):
        _require_rule(arguments)
    if arguments.in_proportion:
        rule = rule.in_proportion()
    if arguments.weight_bounds is not None:
        text = arguments.weight_bounds
        low, high = _interval("--weight-bounds takes LOW:HIGH", text, text)
        if not low <= 1 <= high or low == high:
            raise InputError(f"--weight-bounds must hold 1, where weights start, got {text!r}")
        rule = rule.with_bounds(low, high)
    model: Any = rule
    if arguments.values:
        from analysis.choice_models import choice_learner

        model = choice_learner(rule, feedback="value")
    free, noise = _names(arguments.free), arguments.scatter
    return fit(model, data_of(arguments), free, bounds, arguments.starts, arguments.seed, noise)


def fits_of(arguments: argparse.Namespace) -> list[Fit]:
    """Fits of rules of the form ``RULE:P,Q``."""
    from analysis.fit import fit

    data, fits = data_of(arguments), []
    for text in arguments.rules:
        name, _, free = text.partition(":")
        options = {"n_starts": arguments.starts, "seed": arguments.seed, "noise": arguments.scatter}
        fits.append(fit(_model(name, []), data, _names(free), **options))
        warn(f"{name}: {warning}" for warning in fits[-1].warnings)
    return fits


def _model(name: str, settings: Sequence[str]) -> Any:
    """Rule or model by name or file, made with arguments of the form KEY=VALUE; what is no number stays text."""
    values = {key: number_or_text(value) for key, value in (key_and_value(text, "--set") for text in settings)}
    try:
        if name.endswith(".py"):
            return model_of_file(name, values)
        if name in MODELS:
            return make_model(name, values)
        if name not in rules.names():
            raise UnknownNameError("rule or model", name, [*rules.names(), *MODELS])
        return rules.resolve(name, values)
    except TypeError as error:
        raise InputError(f"{name!r} cannot be made with {' '.join(settings) or 'no --set'}: {error}") from error


def _require_rule(arguments: argparse.Namespace) -> None:
    """Refuse options that change a rule where there is a model."""
    for option in ("in_proportion", "weight_bounds", "values"):
        if getattr(arguments, option):
            raise InputError(
                f"--{option.replace('_', '-')} is for rules; {arguments.rule} is a model, which has its own"
            )


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _bounds(text: str) -> tuple[str, tuple[float, float]]:
    """Parse ``NAME=LOW:HIGH``."""
    name, equals, interval = text.partition("=")
    if not equals:
        raise InputError(f"--bounds takes NAME=LOW:HIGH with two numbers, got {text!r}")
    return name, _interval("--bounds takes NAME=LOW:HIGH", interval, text)


def _interval(usage: str, interval: str, text: str) -> tuple[float, float]:
    """Parse ``LOW:HIGH``, a part of `text`."""
    try:
        low, high = map(as_number, interval.split(":"))
    except ValueError:
        raise InputError(f"{usage} with two numbers, got {text!r}") from None
    return low, high
