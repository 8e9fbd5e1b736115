"""Compile a rule: to Brian2 equations (`brian.py`) and to a numba loop (`loop.py`)."""

from plasticity.lazy import export

__all__ = export(__name__, {"SynapseModel": "brian", "compile_rule": "brian"})
