"""What a rule predicts for a data set: one function per kind of data, called with many parameter vectors at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from analysis.data_record import spike_trains
from plasticity.compile.loop import loop_module
from plasticity.errors import InputError
from plasticity.replay import merge_protocols, run_events
from plasticity.rule import Rule

__all__ = ["Predictor", "predictor"]

Predictor = Callable[[NDArray[np.float64]], NDArray[np.float64]]  # (n_vectors, n_parameters) → (n_vectors, n_protocols)


def predictor(rule: Rule, data: xr.Dataset) -> Predictor:
    """Function that predicts the values of `data` for rows of parameter values in the order of ``rule.parameters``.

    Everything that does not depend on the parameters (merged spikes, compiled code) is made once, here.

    Raises
    ------
    InputError
        If a rule cannot predict this kind of data.

    Examples
    --------
    >>> from analysis.datasets import load
    >>> from plasticity.rules.pair_stdp import pair_stdp
    >>> predict = predictor(pair_stdp(), load("sjostrom_2001"))
    >>> predict(np.array([[0.01, 0.0, 0.02, 0.02]])).round(3)[0, :5].tolist()  # 60·0.01·e^{−1/2} for lone pairs
    [0.364, 0.366, 0.396, 0.507, 0.57]
    """
    kind = data.attrs["kind"]
    if kind not in _PREDICTORS:
        raise InputError(f"data of kind {kind!r} cannot be predicted by a rule (these can: {', '.join(_PREDICTORS)})")
    return _PREDICTORS[kind](rule, data)


def _from_spikes(rule: Rule, data: xr.Dataset) -> Predictor:
    """Fractional weight change ``(w_final − w_initial)/w_initial``; the weight starts at 1 and is replayed exactly."""
    events, loop = merge_protocols(*spike_trains(data)), loop_module(rule)
    return lambda vectors: run_events(rule, events, vectors, 1.0, loop) - 1.0


_PREDICTORS: Mapping[str, Callable[[Rule, xr.Dataset], Predictor]] = {"spikes": _from_spikes}
