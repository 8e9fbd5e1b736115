"""Experiments as scripts: each file is one question, its parameters and the run that answers it."""

from plasticity.lazy import export

__all__ = export(
    __name__,
    {
        "names": "_members",
        "load": "_members",
        "parameter": "_parameters",
        "random_points": "_design",
        "run": "_run",
        "sweep": "_sweep",
    },
)
