"""Fits as labelled runs: a Dataset with predictions, parameters and what is known of their uncertainty."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from plasticity.dataset import encode_json, make_dataset
from plasticity.support.checks import checked

if TYPE_CHECKING:
    from analysis.fit import Fit
    from analysis.leave_out import LeftOut

__all__ = ["as_dataset", "parameter_draws"]

INTERVAL = (0.025, 0.975)  # quantiles of a credible interval of 95 %
N_DRAWS = 400  # of the posterior, for intervals of predictions


def parameter_draws(fitted: Fit, samples: xr.Dataset | None, n_draws: int, seed: int) -> NDArray[np.float64]:
    """Rows of values of the free parameters, drawn from posterior samples; the fit itself without samples.

    Returns
    -------
    (n_draws, n_free) array; one row without samples or free parameters
    """
    if samples is None or not fitted.free:
        return fitted.free_values[None, :]
    pool = np.column_stack([samples[name].values.ravel() for name in fitted.free])
    return pool[np.random.default_rng(seed).choice(len(pool), n_draws, replace=len(pool) < n_draws)]


@checked
def as_dataset(
    fitted: Fit,
    left_out: LeftOut | None = None,
    samples: xr.Dataset | None = None,
    recovery: xr.Dataset | None = None,
) -> xr.Dataset:
    """Turn a fit into a Dataset with ``weight_change(protocol)``, which `analysis.compare` accepts like a run.

    Parameters
    ----------
    fitted : Fit
    left_out : LeftOut, optional
        See `analysis.leave_out`; adds ``left_out_prediction(protocol)`` and the score.
    samples : xarray.Dataset, optional
        See `analysis.posterior`; adds 95 % intervals of the parameters and, as ``weight_change_low`` and
        ``weight_change_high`` (protocol), of the predictions.
    recovery : xarray.Dataset, optional
        See `analysis.recover`; adds the coverage and the verdict on every free parameter.

    Returns
    -------
    xarray.Dataset

    Examples
    --------
    >>> from analysis.fit import fit
    >>> as_dataset(fit("pair_stdp", "wang_2005")).weight_change.sizes["protocol"]
    13
    """
    rule, data = fitted.rule, fitted.data
    units, label = data.value.attrs["units"], data.value.attrs["long_name"]
    variables = {"weight_change": ("protocol", fitted.predictions, units, label)}
    if fitted.noise.stated == "model":
        problem = fitted.problem()
        density, spread = problem.predictions(fitted.free_values[None, :])[0], problem.spread(fitted.free_values)
        variables["log_density"] = ("protocol", density, "1", "log density of the measurement by the model itself")
        variables["own_sd"] = ("protocol", spread, units, "standard deviation of the measurement by the model itself")
    warnings = list(fitted.warnings)
    about: dict[str, object] = {}
    if left_out is not None:
        variables["left_out_prediction"] = ("protocol", left_out.predictions, units, f"{label}, unseen by the fit")
        about |= {f"left_out_{n}": getattr(left_out, n) for n in ("unit", "score", "standard_error", "error")}
        warnings += left_out.warnings
    if samples is not None:
        for side, values in zip(("low", "high"), _prediction_interval(fitted, samples), strict=True):
            variables[f"weight_change_{side}"] = ("protocol", values, units, f"{label}, {side} end of 95 % interval")
        intervals = {name: np.quantile(samples[name].values, INTERVAL).tolist() for name in fitted.free}
        about["intervals"] = json.dumps(intervals)
        warnings += samples.attrs["warnings"].splitlines()
    if recovery is not None:
        for attribute, name in (("coverage", "coverage"), ("verdicts", "verdict")):
            about[attribute] = json.dumps(dict(zip(fitted.free, recovery[name].values.tolist(), strict=True)))
        warnings += recovery.attrs["warnings"].splitlines()
    coordinates = {name: c for name, c in data.coords.items() if c.dims == ("protocol",)}
    return make_dataset(
        variables,
        {str(name): (c.dims, c.values, c.attrs["units"], c.attrs["long_name"]) for name, c in coordinates.items()},
        title=f"{rule.title}, {'fitted to' if fitted.free else 'evaluated on'} {data.attrs['data']}",
        rule=rule.name,
        rule_title=rule.title,
        scenario=data.attrs["scenario"],
        engine="replay",
        seed=fitted.seed,
        parameters={"free": fitted.free, "bounds": fitted.bounds, "n_starts": fitted.n_starts},
        references=rule.references,
        data=data.attrs["data"],
        rule_values=json.dumps(fitted.parameters, default=encode_json),
        rule_units=json.dumps({p.name: p.unit for p in rule.parameters}),
        standard_errors=json.dumps({k: v if np.isfinite(v) else None for k, v in fitted.standard_errors.items()}),
        at_bound=" ".join(fitted.at_bound),
        n_free=len(fitted.free),
        noise=fitted.noise.stated,
        **({f"noise_{fitted.noise.estimated}": fitted.noise.value} if fitted.noise.estimated else {}),
        p_value=fitted.p_value,
        free=" ".join(fitted.free),
        lone=fitted.lone,
        derived=int(bool(rule.steps)),
        assumptions="\n".join(rule.assumptions),
        warnings="\n".join(dict.fromkeys(warnings)),
        **about,
    )


def _prediction_interval(fitted: Fit, samples: xr.Dataset) -> NDArray[np.float64]:
    """95 % interval of every prediction, (2, n_protocols); noise of the measurement is not included."""
    predictions = fitted.problem().means(parameter_draws(fitted, samples, N_DRAWS, seed=0))
    finite = predictions[np.all(np.isfinite(predictions), axis=1)]
    return np.quantile(finite, INTERVAL, axis=0)
