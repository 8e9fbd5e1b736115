"""Catalogue of learning rules, derived and hand-written. One file each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from plasticity.support import catalog
from plasticity.support.checks import checked
from plasticity.support.lazy import export

if TYPE_CHECKING:
    from plasticity.rule import Rule as Rule
    from plasticity.rules.adam import adam as adam
    from plasticity.rules.ballistic import ballistic as ballistic
    from plasticity.rules.bayesian_synapse import bayesian_synapse as bayesian_synapse
    from plasticity.rules.bcm import bcm as bcm
    from plasticity.rules.btsp_two_trace import btsp_two_trace as btsp_two_trace
    from plasticity.rules.clopath_voltage import clopath_voltage as clopath_voltage
    from plasticity.rules.curvature_bcm import curvature_bcm as curvature_bcm
    from plasticity.rules.derived_bcm import derived_bcm as derived_bcm
    from plasticity.rules.derived_pairing import derived_pairing as derived_pairing
    from plasticity.rules.derived_plateau import derived_plateau as derived_plateau
    from plasticity.rules.fisher_gradient import fisher_gradient as fisher_gradient
    from plasticity.rules.gradient_average import gradient_average as gradient_average
    from plasticity.rules.gradient_descent import gradient_descent as gradient_descent
    from plasticity.rules.graupner_calcium import graupner_calcium as graupner_calcium
    from plasticity.rules.heavy_ball import heavy_ball as heavy_ball
    from plasticity.rules.kalman_gradient import kalman_gradient as kalman_gradient
    from plasticity.rules.multi_step import multi_step as multi_step
    from plasticity.rules.natural_gradient import natural_gradient as natural_gradient
    from plasticity.rules.newton import newton as newton
    from plasticity.rules.oja import oja as oja
    from plasticity.rules.pair_stdp import pair_stdp as pair_stdp
    from plasticity.rules.polyak import polyak as polyak
    from plasticity.rules.redrawn_reset import redrawn_reset as redrawn_reset
    from plasticity.rules.reward_stdp import reward_stdp as reward_stdp
    from plasticity.rules.rmsprop import rmsprop as rmsprop
    from plasticity.rules.sliding_bcm import sliding_bcm as sliding_bcm
    from plasticity.rules.soft_reset import soft_reset as soft_reset
    from plasticity.rules.triplet_stdp import triplet_stdp as triplet_stdp
    from plasticity.rules.weight_decay import weight_decay as weight_decay

__all__ = [*export(__name__, catalogue=True), "fitted_defaults", "load", "names", "resolve"]


def names() -> list[str]:
    """Names of all rules."""
    return catalog.names(__name__)


def load(name: str) -> Callable[..., Rule]:
    """Function that makes the rule `name`."""
    return catalog.load(__name__, name, "rule")


def fitted_defaults(name: str) -> dict[str, int]:
    """Data sets to which the default parameters of the rule `name` were fitted, and how many of them were free.

    Examples
    --------
    >>> fitted_defaults("triplet_stdp"), fitted_defaults("oja")
    ({'sjostrom_2001': 3}, {})
    """
    return dict(getattr(catalog.load_module(__name__, name, "rule"), "FITTED", {}))


@checked
def resolve(rule: str | Rule, arguments: Mapping[str, Any] | None = None) -> Rule:
    """Rule by name, or the Rule itself, with other values of arguments.

    Parameters
    ----------
    rule : str or Rule
    arguments : mapping, optional
        Arguments of the function that makes the rule; for a Rule, values of its parameters.

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
