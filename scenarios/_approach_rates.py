"""How fast distances vanish: slopes of their logarithms."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def approach_rates(times: Array, away: Array, floor: float = 1e-2) -> Array:
    """Rates (...) [1/s] at which distances (n_times, ...) vanish: slopes of their logarithms, down to a share `floor`.

    Examples
    --------
    >>> import numpy as np
    >>> times = np.linspace(0, 1, 11)
    >>> approach_rates(times, np.exp(-np.outer(times, [1.0, 3.0]))).round(12)
    array([1., 3.])
    """
    import numpy as np

    flat = np.abs(away).reshape(len(times), -1)
    rates = []
    for distance in flat.T:
        seen = distance > floor * distance[0]
        rates.append(-np.polyfit(times[seen], np.log(distance[seen]), 1)[0])
    return np.array(rates).reshape(away.shape[1:])
