"""STDP window of a rule: weight change by pairs of spikes against the delay between them."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from plasticity.dataset import make_dataset
from plasticity.errors import InputError
from plasticity.protocols import pairing
from plasticity.replay import merge_protocols, replay, run_events
from plasticity.rule import Rule
from plasticity.support.checks import checked, require_number, require_whole

__all__ = ["stdp_window"]

DELAYS = tuple(step * 2.5e-3 for step in range(-40, 41) if step)  # s, up to 100 ms to either side


@checked
def stdp_window(
    rule: Rule,
    delays: ArrayLike = DELAYS,
    n_pairs: int = 60,
    frequency: float = 1.0,
    weight: float = 1.0,
    settle: float = 1.0,
) -> xr.Dataset:
    """Change of a weight by pairs of one pre and one post spike, against their delay, exactly by `plasticity.replay`.

    There is no third factor: a rule that requires one does not change. At delay 0 the pre spike is processed first.

    Parameters
    ----------
    rule : Rule
    delays : (n,) array
        t_post − t_pre of a pair [s], shorter than half the time between pairs; spike times are rounded to 1 ns. By
        default every 2.5 ms up to 100 ms to either side.
    n_pairs : int
        Pairs of each experiment; the default and `frequency` are the protocol of Bi & Poo 1998.
    frequency : float
        Pairs per second [Hz].
    weight : float
        Initial weight [1].
    settle : float
        When the weight is read, counted from the last spike [s].

    Returns
    -------
    xarray.Dataset
        ``weight_change(delay)`` [1]: final minus initial weight.

    Raises
    ------
    InputError
        If a number is out of range, a parameter of the rule has no value, or it cannot run on spikes.
    DivergedError
        If a variable leaves the finite numbers; names it and the time.

    Examples
    --------
    >>> from plasticity.rules.pair_stdp import pair_stdp
    >>> window = stdp_window(pair_stdp(A_plus=0.01, A_minus=0.02, tau_plus=0.02, tau_minus=0.02), [-0.02, 0.02], 1)
    >>> (window.weight_change * np.e).values.round(9)
    array([-0.02,  0.01])

    References
    ----------
    bi_poo_1998 (protocol)
    """
    delays = np.asarray(delays, dtype=float)
    require_number("frequency", frequency, low=0, exclusive=True, unit="Hz")
    if delays.ndim != 1 or not delays.size or not np.all(np.abs(delays) < 0.5 / frequency):
        raise InputError(
            f"delays must be one-dimensional and within ±{0.5 / frequency:g} s, half the time between pairs, got "
            f"{delays.tolist()}; lower the frequency"
        )
    n_pairs, weight = require_whole("n_pairs", n_pairs, low=1), require_number("weight", weight)
    trains = [pairing(delay, frequency, n_pairs) for delay in delays]
    pre, post = [pair[0] for pair in trains], [pair[1] for pair in trains]
    tick = rule.clock_dt if "clock" in rule.events else None
    final = run_events(rule, merge_protocols(pre, post, settle=settle, tick=tick), weight=weight)[0]
    for index in np.flatnonzero(~np.isfinite(final)):  # raises the error that names the variable and the time
        replay(rule, pre[index], post[index], weight, duration=max(pre[index][-1], post[index][-1]) + settle)
    settings = {"n_pairs": n_pairs, "frequency": frequency, "weight": weight, "settle": settle}
    return make_dataset(
        {"weight_change": ("delay", final - weight, "1", f"weight change after {n_pairs} pairs")},
        {"delay": ("delay", delays, "s", "t_post − t_pre")},
        title=f"STDP window: {rule.title}",
        rule=rule.name,
        engine="replay",
        parameters=rule.values | settings,
        references=(*rule.references, "bi_poo_1998"),
    )
