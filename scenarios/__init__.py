"""Experiments as scripts: each file is one question, its parameters and the run that answers it."""

from typing import TYPE_CHECKING

from plasticity.support.lazy import export

if TYPE_CHECKING:
    from scenarios.running.catalogue import load as load
    from scenarios.running.catalogue import names as names
    from scenarios.running.parameters import parameter as parameter
    from scenarios.running.run import run as run
    from scenarios.sweeps.design import random_points as random_points
    from scenarios.sweeps.sweep import sweep as sweep

__all__ = export(__name__)
