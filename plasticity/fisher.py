"""Fisher information: the metric that measures how much a change of parameters changes what a model predicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from plasticity.equations import algebra
from plasticity.errors import InputError
from plasticity.support.checks import checked, require_number, require_record


@checked
def fisher_matrix(score: ArrayLike | Callable[[Any], ArrayLike], damping: float = 0.0) -> Any:
    """Fisher matrix ``G = mean of score scoreᵀ + damping·1`` of a model, for ``Objective(metric=G)``.

    Parameters
    ----------
    score : (n_samples, n) array, or callable of θ that returns one
        Gradient of the log likelihood of each sample by the parameters, with samples drawn from the model (from
        data it is the *empirical* Fisher matrix).
    damping : float
        Added to the diagonal, ≥ 0; needed where fewer samples than parameters make the matrix singular.

    Examples
    --------
    >>> fisher_matrix([[1.0, 0.0], [1.0, 2.0]])
    array([[1., 1.],
           [1., 2.]])

    References
    ----------
    amari_1998.
    """
    require_number("damping", damping, low=0)
    if callable(score):
        return lambda theta: _mean_square(score(theta), damping)
    return _mean_square(score, damping)


def _mean_square(score: ArrayLike, damping: float) -> NDArray[np.float64]:
    try:
        table = np.asarray(score, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"score must be an (n_samples, n) table of numbers, got {score!r}") from None
    if table.ndim != 2 or not table.size:
        raise InputError(f"score must have shape (n_samples, n), got {table.shape}")
    if not np.all(np.isfinite(table)):
        raise InputError("score must be finite, it holds nan or inf")
    return table.T @ table / table.shape[0] + damping * np.eye(table.shape[1])


@checked
def fisher_information(
    log_density: sp.Expr, parameters: Sequence[sp.Symbol], mean: Callable[[sp.Expr], sp.Expr]
) -> sp.Matrix:
    """Fisher matrix of a density in closed form: the `mean` of score scoreᵀ.

    Parameters
    ----------
    log_density : sympy expression
    parameters : sequence of Symbol
        The parameters of the density.
    mean : callable
        Expectation of an expression under the density: `gaussian_mean` or `density_mean`.

    Examples
    --------
    >>> x, rate = sp.symbols("x rate", positive=True)
    >>> log_density = sp.log(rate) - rate * x
    >>> fisher_information(log_density, [rate], density_mean(log_density, x, (0, sp.oo)))
    Matrix([[rate**(-2)]])

    References
    ----------
    amari_1998.
    """
    log_density = algebra("log_density", log_density)
    for parameter in parameters:
        require_record("each of parameters", parameter, sp.Symbol)
    score = [sp.diff(log_density, p) for p in parameters]
    n = len(parameters)
    upper = {(i, j): sp.simplify(mean(score[i] * score[j])) for i in range(n) for j in range(i, n)}
    return sp.Matrix(n, n, lambda i, j: upper[min(i, j), max(i, j)])


def density_mean(
    log_density: sp.Expr, variable: sp.Symbol, support: tuple[sp.Expr, sp.Expr] = (-sp.oo, sp.oo)
) -> Callable[[sp.Expr], sp.Expr]:
    """Expectation under a density, by integration over `variable` (slow but general)."""
    density = sp.simplify(sp.exp(log_density))
    return lambda e: sp.integrate(sp.expand(e) * density, (variable, *support))


def gaussian_mean(variable: sp.Symbol, centre: sp.Expr, variance: sp.Expr) -> Callable[[sp.Expr], sp.Expr]:
    """Expectation of polynomials under a Gaussian, by its moment-generating function.

    Examples
    --------
    >>> x, S = sp.symbols("x S")
    >>> gaussian_mean(x, 0, S)(x**4)
    3*S**2
    """
    t = sp.Dummy("t")
    generating = sp.exp(centre * t + variance * t**2 / 2)

    def mean(expression: sp.Expr) -> sp.Expr:
        terms = sp.Poly(sp.expand(expression), variable).terms()
        return sp.expand(sum(c * sp.diff(generating, t, n).subs(t, 0) for (n,), c in terms))

    return mean
