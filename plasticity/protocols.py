"""Spike patterns of plasticity experiments: pairs, triplets and quadruplets, repeated at a fixed frequency.

Every function returns ``(pre, post)``, the sorted spike times of the two neurons [s]. The first spike of all
falls on `start`; times are rounded to 1 ns, so that they lie on a grid of 1 ms whenever the numbers allow. An
interval is always ``t_post − t_pre``: positive when the presynaptic spike comes first. A pattern has a name
that is the same wherever the protocol occurs, in data and in simulations.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.errors import InputError
from plasticity.support.checks import checked, require_number, require_whole
from plasticity.support.units import seconds

__all__ = ["pairing", "pairing_name", "quadruplet", "quadruplet_name", "triplet", "triplet_name"]

Trains = tuple[NDArray[np.float64], NDArray[np.float64]]


@checked
def pairing(interval: float, frequency: float, n_pairs: int = 60, start: float = 0.0) -> Trains:
    """Pairs of one presynaptic and one postsynaptic spike in one unbroken train.

    ``t_pre = k/frequency``, ``t_post = k/frequency + interval`` for ``k = 0 … n_pairs − 1``; then all are
    shifted so that the first spike falls on `start`.

    Parameters
    ----------
    interval : float
        t_post − t_pre of a pair [s].
    frequency : float
        Pairs per second [Hz].
    n_pairs : int
        Number of pairs.
    start : float
        Time of the first spike [s].

    Returns
    -------
    pre, post : (n_pairs,) arrays [s]

    Raises
    ------
    InputError
        If a number is out of range.

    Examples
    --------
    >>> pre, post = pairing(interval=-0.01, frequency=20, n_pairs=3)
    >>> pre.tolist(), post.tolist()
    ([0.01, 0.06, 0.11], [0.0, 0.05, 0.1])
    """
    require_number("interval", interval, unit="s")
    onsets = _onsets("n_pairs", n_pairs, frequency)
    return _placed(onsets, onsets + interval, start)


@checked
def triplet(first: float, second: float, n_triplets: int = 60, frequency: float = 1.0, start: float = 0.0) -> Trains:
    """Triplets of spikes: pre-post-pre when `first` is positive, post-pre-post when it is negative.

    The middle spike belongs to both pairings. Pre-post-pre has the postsynaptic spike at ``t`` and
    presynaptic spikes at ``t − first`` and ``t − second``; post-pre-post has the presynaptic spike at ``t``
    and postsynaptic spikes at ``t + first`` and ``t + second``.

    Parameters
    ----------
    first, second : float
        t_post − t_pre of the first and the second pairing [s]; of opposite sign.
    n_triplets : int
        Number of triplets.
    frequency : float
        Triplets per second [Hz].
    start : float
        Time of the first spike [s].

    Returns
    -------
    pre, post : (2 n_triplets,) and (n_triplets,) arrays [s], or the other way round

    Raises
    ------
    InputError
        If the intervals have the same sign, or one triplet does not fit into 1/frequency.

    Examples
    --------
    >>> pre, post = triplet(first=0.005, second=-0.015, n_triplets=1)
    >>> pre.tolist(), post.tolist()
    ([0.0, 0.02], [0.005])

    References
    ----------
    wang_2005
    """
    for name, value in (("first", first), ("second", second)):
        require_number(name, value, unit="s")
    if first * second >= 0:
        raise InputError(
            f"first and second must have opposite signs (pre-post-pre: first > 0 > second), "
            f"got {first:g} s and {second:g} s"
        )
    onsets = _onsets("n_triplets", n_triplets, frequency)
    _check_fits("triplet", abs(first) + abs(second), frequency)
    doubled = np.concatenate([onsets + abs(second), onsets - abs(first)])
    return _placed(doubled, onsets, start) if first > 0 else _placed(onsets, doubled, start)


@checked
def quadruplet(
    interval: float, separation: float, n_quadruplets: int = 60, frequency: float = 1.0, start: float = 0.0
) -> Trains:
    """Two pairs of spikes of opposite order, `separation` apart.

    ``separation = centre of the pre-post pair − centre of the post-pre pair``: when it is positive the pair
    post-pre comes first, when it is negative the pair pre-post.

    Parameters
    ----------
    interval : float
        Time between the two spikes of a pair [s], positive; the same in both pairs.
    separation : float
        Signed time between the centres of the pairs [s]; longer than `interval`.
    n_quadruplets : int
        Number of quadruplets.
    frequency : float
        Quadruplets per second [Hz].
    start : float
        Time of the first spike [s].

    Returns
    -------
    pre, post : (2 n_quadruplets,) arrays [s]

    Raises
    ------
    InputError
        If the pairs interleave, or one quadruplet does not fit into 1/frequency.

    Examples
    --------
    >>> pre, post = quadruplet(interval=0.005, separation=-0.02, n_quadruplets=1)
    >>> pre.tolist(), post.tolist()
    ([0.0, 0.025], [0.005, 0.02])

    References
    ----------
    wang_2005
    """
    require_number("interval", interval, low=0, exclusive=True, unit="s")
    require_number("separation", separation, unit="s")
    if abs(separation) <= interval:
        raise InputError(f"|separation| must be > interval = {interval:g} s, got {separation:g} s")
    onsets = _onsets("n_quadruplets", n_quadruplets, frequency)
    _check_fits("quadruplet", abs(separation) + interval, frequency)
    half = interval / 2
    pre = np.concatenate([onsets + half, onsets + separation - half])
    post = np.concatenate([onsets - half, onsets + separation + half])
    return _placed(pre, post, start)


def pairing_name(interval: float, frequency: float) -> str:
    """Name of a pairing protocol.

    Examples
    --------
    >>> pairing_name(0.01, 0.1)
    '+10ms_0.1Hz'
    """
    return f"{_signed_ms(interval)}_{frequency:.6g}Hz"


def triplet_name(first: float, second: float) -> str:
    """Name of a triplet protocol.

    Examples
    --------
    >>> triplet_name(0.005, -0.015)
    'pre_post_pre_+5ms_-15ms'
    """
    order = "pre_post_pre" if first > 0 else "post_pre_post"
    return f"{order}_{_signed_ms(first)}_{_signed_ms(second)}"


def quadruplet_name(interval: float, separation: float) -> str:
    """Name of a quadruplet protocol.

    Examples
    --------
    >>> quadruplet_name(0.005, -0.0885)
    'quadruplet_5ms_-88.5ms'
    """
    return f"quadruplet_{1e3 * interval:.6g}ms_{_signed_ms(separation)}"


def _signed_ms(time: float) -> str:
    return f"{1e3 * time:+.6g}ms"


def _onsets(name: str, count: int, frequency: float) -> NDArray[np.float64]:
    """Times of the repetitions, counted from zero [s]."""
    require_number("frequency", frequency, low=0, exclusive=True, unit="Hz")
    return np.arange(require_whole(name, count, low=1)) / frequency


def _check_fits(pattern: str, duration: float, frequency: float) -> None:
    if duration >= 1 / frequency:
        raise InputError(
            f"a {pattern} of {duration:g} s does not fit between repetitions at {frequency:g} Hz; "
            f"lower the frequency below {1 / duration:g} Hz"
        )


def _placed(pre: ArrayLike, post: ArrayLike, start: float) -> Trains:
    """Sort both trains and shift them so that the first spike of all falls on `start`."""
    require_number("start", start, low=0, unit="s")
    pre, post = np.sort(pre), np.sort(post)
    shift = start - min(pre[0], post[0])
    first, second = (np.round(train + shift, 9) + 0.0 for train in (pre, post))  # + 0.0 turns -0.0 into 0.0
    return seconds(first), seconds(second)
