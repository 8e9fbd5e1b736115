"""Rules by the names of textbooks that are no members of the catalogue, for `python -m plasticity explain`."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import sqrtm

from plasticity.support.checks import checked, require_array

SYNONYMS = {"decay": "weight_decay", "momentum": "heavy_ball"}  # names of members of the catalogue
TURN = np.pi / 4  # rad by which fixed feedback is turned against the weights that it replaces


@checked
def feedback_alignment(hessian: ArrayLike, feedback: ArrayLike | None = None) -> NDArray[np.float64]:
    """Slopes ``R = FW`` of a linear layer whose error comes back through fixed weights.

    The layer ``y = Wθ`` with the loss ``|W(θ − μ)|²/2`` has the curvature ``H = WᵀW``; its weights are taken to be
    ``W = H^½``. Gradient descent sends the error back by ``Wᵀ``, feedback alignment by a fixed F:
    ``θ̇ = −FW(θ − μ)``.

    Parameters
    ----------
    hessian : (n, n) array
        H [loss].
    feedback : (n, n) array, optional
        F [1/s]; by default Wᵀ turned by 45° between the first two parameters.

    Returns
    -------
    (n, n) array
        R [1/s].

    Examples
    --------
    >>> feedback_alignment([[4.0, 0.0], [0.0, 4.0]]).round(3)
    array([[ 2.828, -2.828],
           [ 2.828,  2.828]])

    References
    ----------
    lillicrap_2016.
    """
    readout = np.real(sqrtm(require_array("hessian", hessian)))
    if feedback is None:
        turn = np.eye(len(readout))
        turn[:2, :2] = [[np.cos(TURN), -np.sin(TURN)], [np.sin(TURN), np.cos(TURN)]]
        return turn @ readout.T @ readout
    return require_array("feedback", feedback) @ readout
