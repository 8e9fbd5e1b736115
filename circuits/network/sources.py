"""Populations that fire at random: Poisson spikes drawn while the network runs, of any number and for any time."""

from __future__ import annotations

from typing import Any

import numpy as np

from circuits.network.population import Population
from circuits.neurons.model import NeuronModel, with_units
from plasticity.errors import InputError
from plasticity.support.checks import checked, require_finite, require_number, require_whole

OWN, COMMON = "draw(t, i)", "draw(t, 2*N)"
CHOICE = "int(draw(t, i + N) < share)"  # 1 where a neuron takes the common number of the step


@checked
def poisson_source(
    name: str,
    rates: Any,
    n: int | None = None,
    step: float | None = None,
    correlation: float = 0.0,
    tau_psp: float = 0.02,
) -> Population:
    """Neurons that fire in a time step with probability ``rate·dt``, independently or together.

    Spikes are drawn in the loop, from the seed of the run and the name: there is no list of them, so that neither the
    number of neurons nor the duration has a limit. `plasticity.poisson_trains` draws lists beforehand, for `replay`.

    Parameters
    ----------
    name : str
        Of the population.
    rates : float, (n,) array or (n_rows, n) array
        Rates [Hz], of all neurons or one each, or rows of them that follow one another every `step`, such as the pixels
        of images; the last row holds until the end. A neuron fires at most once in a time step.
    n : int, optional
        Number of neurons; needed where `rates` is one number.
    step : float, optional
        Time for which a row of rates holds [s].
    correlation : float
        Correlation c of the spike counts of two neurons of equal rates in a time step: each takes a common random
        number with probability √c, else one of its own.
    tau_psp : float
        Time constant of the trace ``pre_psp`` that synapses can read [s].

    Raises
    ------
    InputError
        If a number is out of range, or the shape of the rates and the other arguments do not fit.

    Examples
    --------
    >>> from circuits import Circuit, run
    >>> source = poisson_source("source", [10.0, 40.0])
    >>> run(Circuit("poisson", (source,)), 20.0, device="numpy", seed=3).counts["source"] / 20.0
    array([ 9. , 38.6])
    """
    values = require_finite(f"rates of {name!r}", rates)
    if np.min(values, initial=0.0) < 0:
        raise InputError(f"rates of {name!r} must be >= 0 Hz, got {np.min(values):g}")
    require_number("correlation", correlation, low=0, high=1)
    rows = values.ndim == 2
    fits = n in (None, values.shape[-1]) if values.ndim else n is not None
    if values.ndim > 2 or rows != (step is not None) or not fits:
        raise InputError(
            f"rates of {name!r} have shape {values.shape}, with n = {n} and step = {step}; give a number and n, one "
            "rate for each neuron, or rows of them and the step for which each holds"
        )
    number = OWN if correlation == 0 else f"{CHOICE}*{COMMON} + (1 - {CHOICE})*{OWN}"
    constants = {"tau_psp": tau_psp} | ({} if correlation == 0 else {"share": float(np.sqrt(correlation))})
    model = NeuronModel(
        "poisson_source",
        "dpre_psp/dt = -pre_psp/tau_psp : 1" + ("" if rows else "\nrate : Hz (constant)"),
        threshold=f"{number} < {'rate(t, i)*Hz' if rows else 'rate'}*dt",
        reset="pre_psp += 1",
        parameters=with_units(constants, share="1"),
        initial={} if rows else {"rate": values},
        provides=("pre_psp",),
    )
    size = require_whole("n", n, low=1) if n is not None else values.shape[-1]
    series = {"rate": (values, require_number("step", step, low=0, exclusive=True, unit="s"))} if rows else {}
    return Population(name, neuron=model, n=size, series=series)
