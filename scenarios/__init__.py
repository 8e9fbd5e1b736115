"""Experiments as scripts: each file is one question, its parameters and the run that answers it."""

from typing import TYPE_CHECKING

from plasticity.lazy import export

if TYPE_CHECKING:
    from scenarios._design import random_points as random_points
    from scenarios._members import load as load
    from scenarios._members import names as names
    from scenarios._parameters import parameter as parameter
    from scenarios._run import run as run
    from scenarios._sweep import sweep as sweep

__all__ = export(__name__)
