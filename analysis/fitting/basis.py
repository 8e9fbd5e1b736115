"""What parameters can do to predictions, as an orthonormal basis."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["orthonormal"]

SINGULAR = 1e-8  # smallest relative singular value of a direction that the data determine


def orthonormal(design: NDArray) -> NDArray[np.float64]:
    """Orthonormal basis (n, rank) of the columns of `design` (n, k), which may have any units.

    Directions that the data do not determine are left out.

    Examples
    --------
    >>> orthonormal(np.array([[1.0, 1e-9], [0.0, 0.0], [0.0, 0.0]])).shape  # the columns are parallel
    (3, 1)
    """
    norm = np.linalg.norm(design, axis=0)
    directions, size, _ = np.linalg.svd(design[:, norm > 0] / norm[norm > 0], full_matrices=False)
    return np.asarray(directions[:, size > SINGULAR * size.max(initial=0.0)], float)
