"""How often a choice among fitted models would be right on data like these, each taken as linear about its fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.fitting.noise import Noise

__all__ = ["LinearModel", "linear_confusion"]

N_SETS = 2000  # made by every model: a share of 0.5 has a standard error of 0.011
TIE = 0.05  # difference of AIC up to which the best share the choice, as in `confusion`


@dataclass(frozen=True, eq=False)
class LinearModel:
    """A fit, and what its free parameters do to its predictions.

    Parameters
    ----------
    predictions : (n,) array
    slope : (n, k) array
        Derivatives by the free parameters, 0 for those on a bound.
    noise : Noise
    n_free : int
        With a number of the noise that was estimated.
    """

    predictions: NDArray[np.float64]
    slope: NDArray[np.float64]
    noise: Noise
    n_free: int

    def akaike(self, sets: NDArray[np.float64]) -> NDArray[np.float64]:
        """AIC (n_sets,) of measurements (n_sets, n) after a fit by weighted least squares."""
        norm = np.linalg.norm(self.slope, axis=0)
        scaled = self.slope[:, norm > 0] / norm[norm > 0]
        predictions = np.broadcast_to(self.predictions, sets.shape)
        if scaled.shape[1]:
            design = self.noise.standardised(scaled.T, self.predictions).T
            target = self.noise.standardised(sets - self.predictions, self.predictions)
            moved = np.linalg.pinv(design, rcond=1e-8) @ target.T
            predictions = predictions + (scaled @ moved).T
        squares = np.sum(self.noise.residuals(sets, predictions) ** 2, axis=-1)
        return np.asarray(squares + 2 * self.noise.constant(self.predictions) + 2 * self.n_free)


def linear_confusion(models: Sequence[LinearModel], n_sets: int = N_SETS, seed: int = 0) -> NDArray[np.float64]:
    """Share of sets made by each model (rows) in which each is chosen by AIC (columns).

    `analysis.confusion` fits every set with every model, and takes hours for a table. Here a model is linear about its
    fit, a number of its noise keeps the fitted value, and refits are by least squares, also with Student's t. The best
    share the choice where they differ by less than 0.05.

    Returns
    -------
    (m, m) array

    Examples
    --------
    Two models whose predictions are ten standard errors apart are told apart:

    >>> from analysis.datasets import load
    >>> from analysis.fitting.noise import noise_of
    >>> noise = noise_of(load("wang_2005"))
    >>> models = [LinearModel(i * 10 * noise.sem, np.empty((13, 0)), noise, 0) for i in (0, 1)]
    >>> linear_confusion(models)
    array([[1., 0.],
           [0., 1.]])

    References
    ----------
    wilson_2019.
    """
    shares = []
    for i, truth in enumerate(models):
        random = np.random.default_rng((seed, i))
        sets = truth.noise.draws(truth.predictions, n_sets, random)
        criteria = np.array([model.akaike(sets) for model in models])
        best = criteria <= criteria.min(axis=0) + TIE
        shares.append((best / best.sum(axis=0)).mean(axis=1))
    return np.array(shares)
