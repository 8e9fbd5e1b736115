"""Metrics of large parameter spaces: G as products ``Gv`` and solutions ``G⁻¹v``, never as a matrix.

A network of 10⁵ weights has a metric of 10¹⁰ numbers. What its layers need is less: a Kronecker product per layer,
blocks, or products with vectors alone, from which conjugate gradients find G⁻¹v.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.errors import InputError
from plasticity.objective import Metric, covariance_matrix
from plasticity.support.checks import require_array, require_number, require_whole

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Kronecker(Metric):
    """Metric ``G = A ⊗ B`` of a layer whose weights (a, b) lie row after row in the parameters: ``GX = AXB``.

    Parameters
    ----------
    left : (a, a) array
        A, symmetric positive definite, of the inputs of a layer.
    right : (b, b) array
        B, symmetric positive definite, of its outputs.

    Raises
    ------
    InputError
        If one of them is not positive definite.

    Examples
    --------
    >>> Kronecker([[2.0, 0.0], [0.0, 1.0]], [[3.0]]).solve(None, np.array([6.0, 6.0]))
    array([1., 2.])

    References
    ----------
    martens_2015.
    """

    left: Array
    right: Array

    def __post_init__(self) -> None:
        """Check both factors."""
        for name in ("left", "right"):
            matrix = require_array(name, getattr(self, name))
            object.__setattr__(self, name, covariance_matrix(name, matrix, len(np.atleast_1d(matrix)), definite=True))

    @property
    def n(self) -> int:
        """Number of parameters."""
        return len(self.left) * len(self.right)

    def product(self, theta: ArrayLike, v: Array) -> Array:
        """Gv (n,)."""
        return np.ravel(self.left @ v.reshape(len(self.left), -1) @ self.right)

    def solve(self, theta: ArrayLike, v: Array) -> Array:
        """G⁻¹v (n,)."""
        halfway = np.linalg.solve(self.left, v.reshape(len(self.left), -1))
        return np.ravel(np.linalg.solve(self.right, halfway.T).T)


@dataclass(frozen=True, eq=False)
class Blocks(Metric):
    """Metric without terms between blocks of parameters, such as the layers of a network.

    Parameters
    ----------
    parts : sequence of Metric, (n,) arrays or (n, n) arrays
        One after the other along the parameters; an array (n,) is a diagonal.

    Examples
    --------
    >>> Blocks([Kronecker(np.eye(2), [[3.0]]), [4.0]]).product(None, np.ones(3))
    array([3., 3., 4.])
    """

    parts: Sequence[Any]

    def __post_init__(self) -> None:
        """Check the blocks."""
        parts = tuple(p if isinstance(p, Metric) else _Matrix(k, p) for k, p in enumerate(self.parts))
        for k, part in enumerate(parts):
            if part.n is None:
                raise InputError(f"parts[{k}] must have a size, which a {type(part).__name__} has not")
        object.__setattr__(self, "parts", parts)

    @property
    def n(self) -> int:
        """Number of parameters."""
        return sum(part.n for part in self.parts)

    def product(self, theta: ArrayLike, v: Array) -> Array:
        """Gv (n,)."""
        return np.concatenate([part.product(theta, x) for part, x in self._split(v)])

    def solve(self, theta: ArrayLike, v: Array) -> Array:
        """G⁻¹v (n,)."""
        return np.concatenate([part.solve(theta, x) for part, x in self._split(v)])

    def _split(self, v: Array) -> Iterator[tuple[Any, Array]]:
        ends = np.cumsum([part.n for part in self.parts])
        yield from zip(self.parts, np.split(v, ends[:-1]), strict=True)


@dataclass(frozen=True, eq=False)
class Products(Metric):
    """Metric known by its products, ``G(θ)v = product(θ, v) + damping·v``; G⁻¹v by conjugate gradients.

    Parameters
    ----------
    product_function : callable
        Maps θ (n,) and v (n,) to (n,): linear in v, symmetric, positive semidefinite (a Fisher matrix, for example).
    damping : float
        > 0 [1]: makes G positive definite.
    tolerance : float
        Relative residual at which conjugate gradients stop.
    n_products : int
        Most products per solution; if they do not suffice, that is an error.

    Raises
    ------
    InputError
        If a number is out of range; by `solve`, if the products do not suffice.

    Examples
    --------
    >>> Products(lambda theta, v: 2 * v, damping=1.0).solve(np.zeros(2), np.array([3.0, 6.0]))
    array([1., 2.])
    """

    product_function: Callable[[Any, Array], Array]
    damping: float
    tolerance: float = 1e-6
    n_products: int = 250

    def __post_init__(self) -> None:
        """Check every number."""
        require_number("damping", self.damping, low=0, exclusive=True)
        require_number("tolerance", self.tolerance, low=0, exclusive=True)
        require_whole("n_products", self.n_products, low=1)

    def product(self, theta: ArrayLike, v: Array) -> Array:
        """Gv (n,)."""
        return np.asarray(self.product_function(theta, v) + self.damping * v)

    def solve(self, theta: ArrayLike, v: Array) -> Array:
        """G⁻¹v (n,)."""
        from scipy.sparse.linalg import LinearOperator, cg

        operator = LinearOperator((v.size, v.size), matvec=lambda x: self.product(theta, x), dtype=float)
        solution, missed = cg(operator, v, rtol=self.tolerance, atol=0.0, maxiter=self.n_products)
        if missed:
            raise InputError(
                f"n_products: {self.n_products} products of the metric do not reach the tolerance {self.tolerance:g}; "
                f"use more, or a damping above {self.damping:g}"
            )
        return np.asarray(solution)


class _Matrix(Metric):
    """A diagonal (n,) or a matrix (n, n) as a block."""

    def __init__(self, index: int, value: ArrayLike) -> None:
        array = np.atleast_1d(require_array(f"parts[{index}]", value))
        if array.ndim == 2:
            covariance_matrix(f"parts[{index}]", array, len(array), definite=True)
        elif not np.all(array > 0):
            raise InputError(f"parts[{index}] must be positive, got a smallest value of {array.min():g}")
        self.array = array

    @property
    def n(self) -> int:
        """Number of parameters."""
        return len(self.array)

    def product(self, theta: ArrayLike, v: Array) -> Array:
        """Gv (n,)."""
        return np.asarray(self.array * v if self.array.ndim == 1 else self.array @ v)

    def solve(self, theta: ArrayLike, v: Array) -> Array:
        """G⁻¹v (n,)."""
        return np.asarray(v / self.array if self.array.ndim == 1 else np.linalg.solve(self.array, v))
