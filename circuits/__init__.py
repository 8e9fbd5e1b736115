"""Neurons and synapses wired into circuits, and the engines that run them."""

from plasticity.lazy import export

__all__ = export(
    __name__,
    {
        "Circuit": "_records",
        "Population": "_records",
        "Projection": "_records",
        "Feedback": "_records",
        "Run": "_records",
        "run": "_run",
        "names": "_members",
        "load": "_members",
    },
)
