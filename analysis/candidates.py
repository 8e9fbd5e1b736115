"""Records of the table: a candidate model with its free parameters, and a data set with its candidates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import xarray as xr

from analysis.model import Model
from plasticity import rules
from plasticity.rule import Rule

__all__ = ["Benchmark", "Bounds", "Candidate", "Settings"]

Bounds = Mapping[str, tuple[float, float]]
Settings = Mapping[str, object]


@dataclass(frozen=True)
class Candidate:
    """A rule with its free parameters.

    Parameters
    ----------
    label : str
        Name in the table.
    rule : str
        Name in the catalogue of rules.
    free : tuple of str
        Free parameters.
    settings : mapping
        Arguments of the function that makes the rule.
    bounds : mapping of str to (low, high)
        For free parameters whose default bounds do not fit.
    recovery : bool
        Whether its parameters are recovered from synthetic data; off where one prediction takes long.
    model : callable, optional
        Makes the model if it is no rule of the catalogue; then `rule` is empty.
    derived : bool
        Whether such a model follows from an objective; a rule says so itself.
    """

    label: str
    rule: str
    free: tuple[str, ...]
    settings: Settings = field(default_factory=dict)
    bounds: Bounds = field(default_factory=dict)
    recovery: bool = True
    model: Callable[[], Model] | None = None
    derived: bool = False

    def make(self) -> Rule | Model:
        """The rule or model."""
        return rules.resolve(self.rule, self.settings) if self.model is None else self.model()

    @property
    def is_derived(self) -> bool:
        """Whether it was derived from an objective, or else written by hand."""
        return self.derived if self.model is not None else bool(self.make().steps)


@dataclass(frozen=True)
class Benchmark:
    """A data set and its candidate models.

    Parameters
    ----------
    name, title : str
        Key and heading of the benchmark.
    load : callable
        Makes the data, all with standard errors.
    candidates : tuple of Candidate
    unit : str
        What is left out in cross-validation.
    note : str
        Limits of the data.
    interpretation : str
        How assumptions matter on these data, in words, written by hand; the numbers are in the table.
    other : callable, optional
        Makes the same measurements with other protocols, to which every candidate is fitted as well.
    other_words : str
        What these are, as heading of a column of E.
    noise : str
        How measurements scatter, see `analysis.fitting.noise`.
    """

    name: str
    title: str
    load: Callable[[], xr.Dataset]
    candidates: tuple[Candidate, ...]
    unit: str = "protocol"
    note: str = ""
    interpretation: str = ""
    other: Callable[[], xr.Dataset] | None = None
    other_words: str = ""
    noise: str = "known"
