"""Catalogue of signals: how a synapse observes the gradient of a loss. One file each."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from plasticity.support import catalog
from plasticity.support.lazy import export

if TYPE_CHECKING:
    from plasticity.signal import Signal as Signal
    from plasticity.signals.bcm import bcm as bcm
    from plasticity.signals.eprop import eprop as eprop
    from plasticity.signals.escape_rate_likelihood import escape_rate_likelihood as escape_rate_likelihood
    from plasticity.signals.exact_error import exact_error as exact_error
    from plasticity.signals.homeostasis import homeostasis as homeostasis
    from plasticity.signals.node_perturbation import node_perturbation as node_perturbation
    from plasticity.signals.pairing_likelihood import pairing_likelihood as pairing_likelihood
    from plasticity.signals.plateau import plateau as plateau
    from plasticity.signals.random_feedback import random_feedback as random_feedback
    from plasticity.signals.reward_modulated import reward_modulated as reward_modulated
    from plasticity.signals.variance import variance as variance
    from plasticity.signals.weight_perturbation import weight_perturbation as weight_perturbation

__all__ = [*export(__name__, catalogue=True), "load", "names"]


def names() -> list[str]:
    """Names of all signals."""
    return catalog.names(__name__)


def load(name: str) -> Callable[..., Signal]:
    """Function that makes the signal `name`."""
    return catalog.load(__name__, name, "signal")
