"""Compile a rule: to Brian2 equations (`brian.py`) and to a numba loop (`events.py`)."""

from typing import TYPE_CHECKING

from plasticity.support.lazy import export

if TYPE_CHECKING:
    from plasticity.compile.brian import SynapseModel as SynapseModel
    from plasticity.compile.brian import compile_rule as compile_rule

__all__ = export(__name__)
