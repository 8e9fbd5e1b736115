"""Models that are no rules: anything callable that predicts measurements from parameters and what was done."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn, Protocol

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from plasticity.errors import InputError, UnknownNameError
from plasticity.rule import Parameter
from plasticity.support.checks import checked, require_number

__all__ = ["GaussianPrediction", "Model", "Prediction", "as_model", "model_predictor", "states_density"]

Array = NDArray[np.float64]
MEASURED = "value"  # what a model does not see
DRAWN = ("sample", "log_density")  # what a prediction has beside its mean
WITHIN = ("value", "reward")  # what a model of sequences sees of earlier trials


class Prediction(Protocol):
    """Distribution of the measurements that a model predicts."""

    @property
    def mean(self) -> Array:
        """Expected value of every measurement; (n,)."""

    def sample(self, rng: np.random.Generator) -> Array:
        """One draw of all measurements; (n,)."""

    def log_density(self, observed: ArrayLike) -> Array:
        """Log density of every measurement, conditional on those before it where they depend on each other; (n,)."""


@dataclass(frozen=True, eq=False)
class GaussianPrediction:
    """Independent Gaussian measurements.

    Parameters
    ----------
    mean : (n,) array
    sd : float or (n,) array
        Standard deviation.

    Examples
    --------
    >>> GaussianPrediction(np.zeros(2), 1.0).log_density([0.0, 1.0]).round(3)
    array([-0.919, -1.419])
    """

    mean: Array
    sd: float | Array = 0.0

    def sample(self, rng: np.random.Generator) -> Array:
        """Draw all measurements."""
        return self.mean + self.sd * rng.standard_normal(self.mean.shape)

    def log_density(self, observed: ArrayLike) -> Array:
        """Log density of every measurement."""
        if np.any(np.asarray(self.sd) <= 0):
            raise InputError("sd of a prediction must be > 0 for a density; state the noise of the measurements")
        z = (np.asarray(observed, dtype=float) - self.mean) / self.sd
        return -0.5 * z**2 - np.log(self.sd) - 0.5 * np.log(2 * np.pi)


@checked
@dataclass(frozen=True, eq=False)
class Model:
    """A model with named parameters, which `analysis.fit` takes like a rule.

    Parameters
    ----------
    name, title : str
        A name, and what the model is in one line.
    function : callable
        ``function(parameters, protocol)`` with a dict of parameter values and a data set without its measurements
        (but with ``sem`` and ``n``, their standard errors and numbers); returns a `Prediction`, or the mean (n,) alone.
    parameters : tuple of Parameter
    assumptions, references : tuple of str
    sequence : str, optional
        Coordinate that separates sequences, such as ``"session"``, of a model that predicts each measurement from
        those before it in its sequence: its function sees ``value``, too. Without such a coordinate all protocols are
        one sequence. Repetitions of its experiment are drawn by ``sample`` of its predictions.
    own_density : bool
        Whether fits go by the density of its predictions, if these have one, unless a noise is stated; else by the
        noise of the data about their means.
    means : callable, optional
        ``means(protocol)`` returns a function of rows of values, in the order of the parameters, whose result are the
        means (n_vectors, n): for models that are faster so than by one call of `function` for each row.

    Examples
    --------
    >>> from analysis.datasets import load
    >>> line = lambda parameters, protocol: parameters["slope"] * protocol.frequency.values
    >>> model = Model("line", "in proportion to the frequency", line, (Parameter("slope", 0.001),))
    >>> model({"slope": 0.01}, load("kirkwood_1996")).mean[:2].round(3)
    array([0.001, 0.01 ])
    """

    name: str
    title: str
    function: Any
    parameters: tuple[Parameter, ...]
    assumptions: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    sequence: str | None = None
    own_density: bool = True
    means: Any = None

    def __post_init__(self) -> None:
        """Check that it can be called."""
        if not callable(self.function):
            raise InputError(f"function must be callable with parameters and a protocol, got {self.function!r}")
        if self.means is not None and not callable(self.means):
            raise InputError(f"means must be callable with a protocol, got {self.means!r}")
        if self.sequence is not None and not isinstance(self.sequence, str):
            raise InputError(f"sequence must be the name of a coordinate, got {self.sequence!r}")
        for one in self.parameters:
            if not isinstance(one, Parameter):
                raise InputError(f"parameters must be Parameter(…), got {one!r}")

    def __call__(self, parameters: Mapping[str, float], protocol: xr.Dataset) -> Prediction:
        """Prediction for a protocol at values of the parameters; those left out keep their own."""
        values = self.with_parameters(**parameters).values
        if missing := [name for name, value in values.items() if value is None]:
            raise InputError(f"parameters of model {self.name!r} without a value: {', '.join(missing)}; state them")
        return self._predicted(values, self._shown(protocol))

    def at(self, protocol: xr.Dataset) -> Callable[[Array], Prediction]:
        """Predictions for a protocol by a vector of the values of all parameters, which is not checked."""
        names, shown = list(self.values), self._shown(protocol)
        return lambda vector: self._predicted(dict(zip(names, vector.tolist(), strict=True)), shown)

    def _shown(self, protocol: xr.Dataset) -> xr.Dataset:
        """What the function sees."""
        return protocol.drop_vars(MEASURED) if self.sequence is None and MEASURED in protocol else protocol

    def _predicted(self, values: Mapping[str, float], shown: xr.Dataset) -> Prediction:
        try:
            predicted = self.function(_Values(self.name, values), shown)
        except (AttributeError, KeyError) as error:
            if missing_column := _missing_column(error):
                raise InputError(_without(self.name, missing_column, shown)) from error
            raise
        if missing := [part for part in DRAWN if not hasattr(predicted, part)]:
            return self._means(predicted, missing)
        return predicted

    def _means(self, predicted: Any, missing: Sequence[str]) -> Prediction:
        """Prediction of means alone, from what a function returned in place of one."""
        try:
            return GaussianPrediction(np.asarray(predicted, dtype=float))
        except (TypeError, ValueError):
            raise InputError(
                f"model {self.name!r} must return a number per protocol, or a Prediction with mean, sample and "
                f"log_density; got {type(predicted).__name__}, which lacks {', '.join(missing)}"
            ) from None

    @property
    def values(self) -> dict[str, Any]:
        """Value of every parameter by name."""
        return {p.name: p.value for p in self.parameters}

    @property
    def steps(self) -> tuple[()]:
        """No derivation."""
        return ()

    def with_parameters(self, **values: Any) -> Model:
        """Copy with other values of parameters."""
        for name in values:
            if name not in self.values:
                raise UnknownNameError(f"parameter of model {self.name!r}", name, self.values)
        numbers = {name: require_number(name, value) for name, value in values.items()}
        return replace(
            self,
            parameters=tuple(replace(p, value=numbers[p.name]) if p.name in numbers else p for p in self.parameters),
        )


class _Values(dict[str, Any]):
    """Values of parameters by name; one that does not exist is named."""

    def __init__(self, model: str, values: Mapping[str, Any]):
        super().__init__(values)
        self.model = model

    def __missing__(self, name: str) -> NoReturn:
        raise InputError(
            f"model {self.model!r} reads the parameter {name!r}, which it does not have (it has "
            f"{', '.join(self) or 'none'}); make it free, or a Parameter of the Model"
        )


def _missing_column(error: AttributeError | KeyError) -> str:
    """Name of what a function sought in a data set in vain; empty if the error is another one."""
    if isinstance(error, AttributeError):
        return error.name or "" if isinstance(error.obj, xr.Dataset) else ""
    sought = re.match(r"No variable named '(\w+)'", str(error.args[0]))
    return sought[1] if sought else ""


def _without(model: str, name: str, shown: xr.Dataset) -> str:
    """Say that a model reads what the data do not have, or what it may not see."""
    if name == MEASURED:
        return f"model {model!r} reads {name!r}, but a model predicts without seeing what was measured"
    of = ", ".join(str(one) for one in shown.variables)
    return (
        f"model {model!r} reads {name!r}, which {shown.attrs.get('data') or 'the data'} does not have (it has {of}); "
        "add it as a column, or correct the name"
    )


def states_density(prediction: Prediction) -> bool:
    """Whether a prediction has a density of its own: not if it is a mean alone.

    Examples
    --------
    >>> states_density(GaussianPrediction(np.zeros(2), 1.0)), states_density(GaussianPrediction(np.zeros(2)))
    (True, False)
    """
    return not isinstance(prediction, GaussianPrediction) or bool(np.all(np.asarray(prediction.sd) > 0))


def as_model(function: Callable[..., Any], free: Any, bounds: Mapping[str, tuple[float, float]] | None) -> Model:
    """Model of a plain function, whose parameters are those that are free; an `InputError` if they have no bounds."""
    names = (free,) if isinstance(free, str) else tuple(free)
    if unbounded := [name for name in names if name not in (bounds or {})]:
        raise InputError(f"bounds must be stated for the parameters of a function, but {unbounded[0]} has none")
    name = getattr(function, "__name__", type(function).__name__)
    return Model(name, name, function, tuple(Parameter(one, None, low=-np.inf) for one in names))


def model_predictor(model: Model, data: xr.Dataset) -> Callable[[Array], Array]:
    """Means (n_vectors, n_protocols) for rows of parameter values, in the order of the parameters of the model.

    Raises
    ------
    InputError
        If a prediction has not one finite or infinite value per protocol, or one of a sequence changes with what is
        measured then or later.
    """
    n = data.sizes["protocol"]
    checked_once = model.sequence is None

    def prepared(data: xr.Dataset) -> Callable[[Array], Array]:
        if model.means is not None:
            return model.means(data)
        of_one = model.at(data)
        return lambda rows: np.array([of_one(row).mean for row in rows])

    means = prepared(data)

    def predict(vectors: Array) -> Array:
        nonlocal checked_once
        predicted = np.asarray(means(vectors), dtype=float)
        if predicted.shape != (len(vectors), n) and len(vectors):
            shape = predicted.shape[1:]
            raise InputError(f"model {model.name!r} must predict {n} values, one per protocol, got {shape}")
        if not checked_once:
            other = prepared(_changed_from(data, n // 2))(vectors[:1])
            if not np.array_equal(other[:, : n // 2 + 1], predicted[:1, : n // 2 + 1], equal_nan=True):
                raise InputError(
                    f"model {model.name!r} predicts trial {n // 2 + 1} or an earlier one from what was measured then "
                    "or later; predict from earlier trials alone"
                )
            checked_once = True
        return predicted

    return predict


def _changed_from(data: xr.Dataset, first: int) -> xr.Dataset:
    """Data with other measurements from one protocol on."""
    for name in (name for name in WITHIN if name in data.variables):
        values = data[name].values.astype(float)
        values[first:] = values.max() + values.min() - values[first:] + (values.max() == values.min())
        changed = data[name].copy(data=values)
        data = data.assign_coords({name: changed}) if name in data.coords else data.assign({name: changed})
    return data
