"""A fixed sequence of gradients instead of a landscape, to compare rules on the same observations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.errors import InputError
from plasticity.landscapes import LandscapeSequence


@dataclass(frozen=True, eq=False)
class GradientSequence(LandscapeSequence):
    """Landscape whose gradient at step t is row t of `gradients`, wherever the learner stands.

    The loss at step t is linear, ``L_t(θ) = gradients[t]·θ``; after the last row it stays as it is.

    Parameters
    ----------
    gradients : (n_steps, n) array

    Raises
    ------
    InputError
        If `gradients` is not two-dimensional or not finite.

    Examples
    --------
    >>> GradientSequence([[1.0, 0.0], [0.0, 2.0]]).at(1).gradient([5.0, 5.0])
    array([0., 2.])
    """

    gradients: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Check the gradients."""
        gradients = np.array(self.gradients, dtype=float)
        if gradients.ndim != 2 or not gradients.size:
            raise InputError(f"gradients must have shape (n_steps, n), got {gradients.shape}")
        if not np.all(np.isfinite(gradients)):
            raise InputError("gradients must be finite")
        object.__setattr__(self, "gradients", gradients)

    @property
    def n(self) -> int:
        """Number of parameters."""
        return self.gradients.shape[1]

    @property
    def n_steps(self) -> int:
        """Number of steps for which there is a gradient."""
        return self.gradients.shape[0]

    def at(self, step: int) -> Linear:
        """The landscape at one step."""
        return Linear(self.gradients[min(step, self.n_steps - 1)])


@dataclass(frozen=True, eq=False)
class Linear:
    """Linear loss ``L = slope·θ``.

    Parameters
    ----------
    slope : (n,) array

    Examples
    --------
    >>> Linear(np.array([1.0, 2.0])).loss([1.0, 1.0])
    np.float64(3.0)
    """

    slope: NDArray[np.float64]

    def loss(self, theta: ArrayLike) -> NDArray[np.float64]:
        """L at θ (..., n), shape (...)."""
        return np.asarray(theta, dtype=float) @ self.slope

    def gradient(self, theta: ArrayLike) -> NDArray[np.float64]:
        """∂L/∂θ at θ (..., n), shape (..., n)."""
        return np.broadcast_to(self.slope, np.shape(theta))

    def hessian(self, theta: ArrayLike) -> NDArray[np.float64]:
        """∂²L/∂θ², which is 0, shape (..., n, n)."""
        return np.zeros((*np.shape(theta), self.slope.size))
