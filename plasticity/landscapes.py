"""Loss landscapes: anything with ``loss(θ)``, ``gradient(θ)``, ``hessian(θ)``, batched over leading axes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.errors import InputError
from plasticity.support.checks import checked, require_array, require_number, require_whole
from plasticity.support.late import call

if TYPE_CHECKING:
    from plasticity.formula import Expression


class Landscape(Protocol):
    """Interface of a loss landscape."""

    def loss(self, theta: ArrayLike) -> NDArray[np.float64]:
        """L at θ (..., n), shape (...)."""
        ...

    def gradient(self, theta: ArrayLike) -> NDArray[np.float64]:
        """∂L/∂θ at θ (..., n), shape (..., n)."""
        ...

    def hessian(self, theta: ArrayLike) -> NDArray[np.float64]:
        """∂²L/∂θ² at θ (..., n), shape (..., n, n)."""
        ...


def curvature_of(landscape: Landscape, theta: ArrayLike) -> NDArray[np.float64]:
    """Curvature (..., n) that a synapse takes at θ (..., n): the diagonal of the Hessian, 0 where it is negative.

    ``v_i = max(∂²L/∂θ_i², 0)``: the local problem of a rule has an optimum for every discount if v ≥ 0.

    Examples
    --------
    >>> curvature_of(DoubleWell(), [-0.2, 0.1])
    array([0., 2.])
    """
    return np.maximum(np.diagonal(landscape.hessian(theta), axis1=-2, axis2=-1), 0.0)


class LandscapeSequence(ABC):
    """Landscape that changes from step to step, such as the loss of successive mini-batches."""

    @property
    @abstractmethod
    def n(self) -> int:
        """Number of parameters."""

    @property
    @abstractmethod
    def n_steps(self) -> int:
        """Number of steps for which there is a landscape."""

    @abstractmethod
    def at(self, step: int) -> Any:
        """Landscape of one step; the last one stays. It needs a Hessian only for rules that use the curvature."""


@checked
@dataclass(frozen=True, eq=False)
class Quadratic:
    """Quadratic loss ``L = ½ (θ − μ)ᵀ H (θ − μ)``.

    Parameters
    ----------
    hessian : (n, n) array, (n,) array or float
        H [loss/θ²], symmetric; (n,) is a diagonal, a number h is h·1.
    optimum : (n,) array or float
        μ, where the loss is stationary.

    Raises
    ------
    InputError
        If H is not symmetric, or shapes do not fit.

    Examples
    --------
    >>> Quadratic([[2.0, 0.0], [0.0, 1.0]], [1.0, 0.0]).loss([0.0, 0.0])
    np.float64(1.0)
    """

    hessian_matrix: NDArray[np.float64]
    optimum: NDArray[np.float64]

    def __init__(self, hessian: ArrayLike, optimum: ArrayLike):
        optimum, h = np.atleast_1d(require_array("optimum", optimum)), require_array("hessian", hessian)
        n = optimum.size
        matrix = h * np.eye(n) if h.ndim == 0 else np.diag(h) if h.ndim == 1 else h
        if optimum.ndim != 1 or matrix.shape != (n, n):
            raise InputError(f"hessian has shape {h.shape}, which does not fit the optimum of size {n}")
        if not np.allclose(matrix, matrix.T, rtol=1e-10, atol=1e-14 * np.abs(matrix).max(initial=0)):
            raise InputError(f"hessian must be symmetric, got {matrix.tolist()}; use (H + H.T)/2")
        object.__setattr__(self, "hessian_matrix", matrix)
        object.__setattr__(self, "optimum", optimum)

    @property
    def n(self) -> int:
        """Number of parameters."""
        return self.optimum.size

    def loss(self, theta: ArrayLike) -> NDArray[np.float64]:
        """L at θ (..., n) [loss], shape (...)."""
        away = np.asarray(theta, dtype=float) - self.optimum
        return 0.5 * np.einsum("...i,...i->...", away @ self.hessian_matrix, away)

    def gradient(self, theta: ArrayLike) -> NDArray[np.float64]:
        """∂L/∂θ at θ (..., n), shape (..., n)."""
        return (np.asarray(theta, dtype=float) - self.optimum) @ self.hessian_matrix

    def hessian(self, theta: ArrayLike) -> NDArray[np.float64]:
        """∂²L/∂θ² at θ (..., n), shape (..., n, n)."""
        lead = np.shape(theta)[:-1]
        return np.broadcast_to(self.hessian_matrix, (*lead, self.n, self.n))


@checked
@dataclass(frozen=True)
class DoubleWell:
    """Two valleys and a ridge: ``L = barrier (x² − 1)² − tilt x + stiffness y²``, θ = (x, y).

    Parameters
    ----------
    barrier : float
        β > 0 [loss]: height of the ridge at x = 0 without tilt.
    tilt : float
        c [loss]: how much deeper the right valley is; the left one vanishes at ``|c| = 8β/√27``.
    stiffness : float
        Curvature across the valleys is twice this [loss].

    Raises
    ------
    InputError
        If a number is out of range.

    Examples
    --------
    >>> DoubleWell().minima.round(6)
    array([[-0.930403,  0.      ],
           [ 1.057454,  0.      ]])

    References
    ----------
    vastola_2025, Fig. 1.
    """

    barrier: float = 1.0
    tilt: float = 0.5
    stiffness: float = 1.0

    def __post_init__(self) -> None:
        """Check every number."""
        require_number("barrier", self.barrier, low=0, exclusive=True)
        require_number("tilt", self.tilt)
        require_number("stiffness", self.stiffness, low=0, exclusive=True)

    @property
    def n(self) -> int:
        """Number of parameters."""
        return 2

    @property
    def minima(self) -> NDArray[np.float64]:
        """Minima (1 or 2, 2), from left to right."""
        roots = np.roots([4 * self.barrier, 0.0, -4 * self.barrier, -self.tilt])
        x = np.sort(roots.real[np.abs(roots.imag) < 1e-9])
        x = x[3 * x**2 > 1]
        for _ in range(3):  # polish what the companion matrix left
            x = x - (4 * self.barrier * x * (x**2 - 1) - self.tilt) / (4 * self.barrier * (3 * x**2 - 1))
        return np.stack([x, np.zeros_like(x)], axis=-1)

    @property
    def saddle(self) -> NDArray[np.float64]:
        """Saddle (2,) between two minima, NaN where there is one: the three roots of ∂L/∂x add up to 0."""
        return -self.minima.sum(axis=0) if len(self.minima) == 2 else np.full(2, np.nan)

    def loss(self, theta: ArrayLike) -> NDArray[np.float64]:
        """L at θ (..., 2) [loss], shape (...)."""
        theta = np.asarray(theta, dtype=float)
        x, y = theta[..., 0], theta[..., 1]
        return self.barrier * (x**2 - 1) ** 2 - self.tilt * x + self.stiffness * y**2

    def gradient(self, theta: ArrayLike) -> NDArray[np.float64]:
        """∂L/∂θ at θ (..., 2), shape (..., 2)."""
        theta = np.asarray(theta, dtype=float)
        x, y = theta[..., 0], theta[..., 1]
        return np.stack([4 * self.barrier * x * (x**2 - 1) - self.tilt, 2 * self.stiffness * y], axis=-1)

    def hessian(self, theta: ArrayLike) -> NDArray[np.float64]:
        """∂²L/∂θ² at θ (..., 2), shape (..., 2, 2)."""
        theta = np.asarray(theta, dtype=float)
        matrix = np.zeros((*theta.shape, 2))
        matrix[..., 0, 0] = 4 * self.barrier * (3 * theta[..., 0] ** 2 - 1)
        matrix[..., 1, 1] = 2 * self.stiffness
        return matrix


@checked
@dataclass(frozen=True, eq=False)
class MatrixFree:
    """Landscape of many parameters, known by its loss, its gradient and products ``Hv``: no matrix is made.

    Parameters
    ----------
    n : int
        Number of parameters.
    loss_function, gradient_function : callable
        Map θ (n,) to L and to ∂L/∂θ (n,).
    product_function : callable
        Maps θ (n,) and v (n,) to Hv (n,), linear in v and symmetric. Where the Hessian has negative eigenvalues, the
        Gauss–Newton or Fisher matrix is the curvature to take: negative curvature counts as 0.

    Raises
    ------
    InputError
        If `n` is no positive whole number, or a function cannot be called.

    Examples
    --------
    >>> bowl = MatrixFree(2, lambda theta: theta @ theta / 2, lambda theta: theta, lambda theta, v: v)
    >>> bowl.product([1.0, 0.0], [0.0, 2.0])
    array([0., 2.])
    """

    n: int
    loss_function: Callable[[NDArray[np.float64]], float]
    gradient_function: Callable[[NDArray[np.float64]], NDArray[np.float64]]
    product_function: Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]

    def __post_init__(self) -> None:
        """Check every field."""
        require_whole("n", self.n, low=1)
        for name in ("loss_function", "gradient_function", "product_function"):
            if not callable(getattr(self, name)):
                raise InputError(f"{name} must be a function, got {getattr(self, name)!r}")

    def loss(self, theta: ArrayLike) -> NDArray[np.float64]:
        """L at θ (..., n), shape (...)."""
        return self._each("loss_function", theta, ())

    def gradient(self, theta: ArrayLike) -> NDArray[np.float64]:
        """∂L/∂θ at θ (..., n), shape (..., n)."""
        return self._each("gradient_function", theta, (self.n,))

    def product(self, theta: ArrayLike, v: ArrayLike) -> NDArray[np.float64]:
        """Hv (n,) at θ (n,)."""
        return np.asarray(self.product_function(np.asarray(theta, dtype=float), np.asarray(v, dtype=float)))

    def _each(self, name: str, theta: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.float64]:
        """Values of a function, each of a `shape`, at θ (..., n)."""
        theta = np.asarray(theta, dtype=float)
        values = [np.asarray(getattr(self, name)(each), dtype=float) for each in theta.reshape(-1, self.n)]
        for value in values:
            if value.shape != shape:
                raise InputError(f"{name} must return shape {shape}, got {value.shape}")
        return np.reshape(values, (*theta.shape[:-1], *shape))


@checked
def from_expression(text: str | Any, symbols: str | Sequence[str]) -> Expression:
    """Make a landscape from a formula; gradient and Hessian follow by SymPy.

    Parameters
    ----------
    text : str or sympy expression
        The loss, such as ``"x**4 - x**2 + x*y"``: numbers, the symbols, ``+ - * / **``, ``pi``, and the
        functions exp, log, sqrt, sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, erf; nothing else.
    symbols : str or sequence of str
        Names of the parameters in their order, such as ``"x y"``.

    Returns
    -------
    Expression
        With ``loss``, ``gradient`` and ``hessian``, batched over leading axes.

    Raises
    ------
    InputError
        If the text is no formula of this kind, or uses a symbol that `symbols` does not name.

    Examples
    --------
    >>> from_expression("x**4 - x**2 + x*y", symbols="x y").gradient([1.0, 3.0])
    array([5., 1.])
    """
    return call("plasticity.formula:parse", text, symbols)
