"""Density of the measurements that a model states itself, in the place of a noise about its means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from analysis.model import Model, Prediction, model_predictor, states_density
from plasticity.errors import InputError

if TYPE_CHECKING:
    from analysis.fitting.predictor import Predictor

__all__ = ["OwnDensity", "OwnPredictions", "log_densities", "own_density", "own_predictions"]

N_DRAWS = 200  # of the model, for the standard deviation of its measurements
LEAST = 1e-300  # standard deviation below which draws do not differ


@dataclass(frozen=True, eq=False)
class OwnDensity:
    """Takes the place of a noise: what it judges are log densities (..., n) of the measurements by the model itself.

    All scatter is in the model, so nothing is estimated here and no p value remains.

    Examples
    --------
    >>> float(OwnDensity().log_likelihood([3.0, 4.0], [-1.0, -0.5]))
    -1.5
    """

    stated: str = "model"
    name: str = "model"
    estimated: str = ""
    value: float = 0.0
    value_error: float = float("nan")

    def standardised(self, deviation: ArrayLike, prediction: ArrayLike) -> NDArray[np.float64]:
        """Changes (..., n) of the log densities as they are: scores, whose squares are the information on average."""
        del prediction
        return np.asarray(deviation, float)

    def residuals(self, value: ArrayLike, prediction: ArrayLike) -> NDArray[np.float64]:
        """An `InputError`: a density has no residuals whose squares add up to it."""
        del value, prediction
        raise InputError("a model fitted by its own density has no residuals; state another noise to have them")

    def log_likelihood(self, value: ArrayLike, prediction: ArrayLike) -> NDArray[np.float64]:
        """Logarithm of the joint density of measurements (n,) by log densities (..., n); (...)."""
        return np.asarray(self.log_density(value, prediction).sum(axis=-1))

    def log_density(self, value: ArrayLike, prediction: ArrayLike) -> NDArray[np.float64]:
        """The log densities themselves; where there is none, as the model failed, −∞; (..., n)."""
        del value
        density = np.asarray(prediction, float)
        return np.where(np.isfinite(density), density, -np.inf)

    def constant(self, value: ArrayLike) -> float:
        """Nothing is left out of ln L."""
        del value
        return 0.0

    def draws(self, prediction: ArrayLike, n_sets: int, random: np.random.Generator) -> NDArray[np.float64]:
        """An `InputError`: the model draws, see `OwnPredictions`."""
        del prediction, n_sets, random
        raise InputError("a model fitted by its own density draws measurements itself, by sample of its predictions")

    def error(self, value: ArrayLike, prediction: ArrayLike) -> float:
        """NaN; see `Problem.error`."""
        del value, prediction
        return float("nan")

    def part(self, rows: NDArray) -> OwnDensity:
        """The same for some of the measurements."""
        del rows
        return self

    def estimate(self, value: NDArray, prediction: NDArray, slope: NDArray) -> OwnDensity:
        """Nothing is estimated."""
        del value, prediction, slope
        return self

    def exceedance(self, statistic: float, basis: NDArray, prediction: NDArray, seed: int = 0) -> float:
        """NaN: the density was fitted, too."""
        del statistic, basis, prediction, seed
        return float("nan")


@dataclass(frozen=True, eq=False)
class OwnPredictions:
    """Means and draws of a model, where log densities take the place of its predictions.

    Parameters
    ----------
    means : callable
        Means (n_vectors, n) for rows of parameter values.
    predict : callable
        `Prediction` of one row of parameter values.
    rows : (n_rows,) array
        Measurements that are used, of those that `predict` predicts.
    """

    means: Predictor
    predict: Callable[[NDArray[np.float64]], Prediction]
    rows: NDArray[np.intp]

    def part(self, rows: NDArray[np.intp]) -> OwnPredictions:
        """Predictions of some of the measurements."""
        return replace(self, means=lambda vectors: self.means(vectors)[:, rows], rows=self.rows[rows])

    def spread(self, vector: NDArray[np.float64]) -> NDArray[np.float64]:
        """Standard deviation (n,) of 200 draws of every measurement."""
        prediction, random = self.predict(vector), np.random.default_rng(0)
        draws = np.array([prediction.sample(random) for _ in range(N_DRAWS)], float)
        return np.maximum(draws.std(axis=0, ddof=1)[self.rows], LEAST)


def own_density(model: object, noise: str | None, values: dict[str, float], data: xr.Dataset) -> bool:
    """Whether a fit goes by the density of the model itself: if it is asked for, or the model states one and no noise.

    Raises
    ------
    InputError
        If it is asked for and the model has none.
    """
    if noise not in (None, "model"):
        return False
    if not isinstance(model, Model):
        if noise is None:
            return False
        raise InputError(
            "noise 'model' needs a model whose predictions have log_density and sample; a rule predicts means alone: "
            "state how measurements scatter about them"
        )
    if noise is None and not (model.own_density and model.means is None):
        return False
    if states_density(model(values, data)):
        return True
    if noise is None:
        return False
    raise InputError(
        f"noise 'model' needs a density, but model {model.name!r} returns means alone; let it return a Prediction with "
        "mean, sample(rng) and log_density(observed), or state another noise"
    )


def log_densities(model: Model, data: xr.Dataset) -> Predictor:
    """Log densities (n_vectors, n) of the measurements, for rows of parameter values in the order of the model.

    Raises
    ------
    InputError
        If a prediction has not one log density per measurement.
    """
    of_one, value = model.at(data), data.value.values.astype(float)

    def predict(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        densities = np.empty((len(vectors), value.size))
        for i, vector in enumerate(vectors):
            density = np.asarray(of_one(vector).log_density(value), float)
            if density.shape != value.shape:
                raise InputError(
                    f"log_density of model {model.name!r} must return {value.size} values, one per measurement, got "
                    f"the shape {density.shape}"
                )
            densities[i] = density
        return densities

    return predict


def own_predictions(model: Model, data: xr.Dataset) -> OwnPredictions:
    """Means and draws of a model for the protocols of a data set."""
    return OwnPredictions(model_predictor(model, data), model.at(data), np.arange(data.sizes["protocol"]))
