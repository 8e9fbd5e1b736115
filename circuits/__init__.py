"""Neurons and synapses wired into circuits, and the engines that run them."""

from typing import TYPE_CHECKING

from plasticity.lazy import export

if TYPE_CHECKING:
    from circuits._members import load as load
    from circuits._members import names as names
    from circuits._records import Circuit as Circuit
    from circuits._records import Feedback as Feedback
    from circuits._records import Population as Population
    from circuits._records import Projection as Projection
    from circuits._records import Run as Run
    from circuits._run import run as run

__all__ = export(__name__)
