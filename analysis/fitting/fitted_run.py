"""A fit as a run: predictions, and what is known about their uncertainty, in one Dataset that can be compared."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from analysis.fit import Fit
from analysis.fitting.synthetic import problem_of
from plasticity.dataset import encode_json, make_dataset

if TYPE_CHECKING:
    from analysis.leave_out import LeftOut

__all__ = ["as_dataset"]

LEVEL = 0.95  # of credible intervals
N_DRAWS = 400  # of the posterior, for intervals of predictions


def as_dataset(
    fitted: Fit,
    left_out: LeftOut | None = None,
    samples: xr.Dataset | None = None,
    recovery: xr.Dataset | None = None,
) -> xr.Dataset:
    """Turn a fit into a Dataset with ``weight_change(protocol)``, which `analysis.compare` takes like a run.

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
    labels = {
        str(name): (c.dims, c.values, c.attrs["units"], c.attrs["long_name"])
        for name, c in fitted.data.coords.items()
        if c.dims == ("protocol",)
    }
    units = fitted.data.value.attrs["units"]
    label = fitted.data.value.attrs["long_name"]
    variables = {"weight_change": ("protocol", fitted.predictions, units, label)}
    warnings = list(fitted.warnings)
    about: dict[str, object] = {}
    if left_out is not None:
        variables["left_out_prediction"] = ("protocol", left_out.predictions, units, f"{label}, unseen by the fit")
        about |= _about_left_out(left_out)
        warnings += left_out.warnings
    if samples is not None:
        for side, values in zip(("low", "high"), _prediction_interval(fitted, samples), strict=True):
            variables[f"weight_change_{side}"] = ("protocol", values, units, f"{label}, {side} end of 95 % interval")
        about["intervals"] = json.dumps({name: _interval(samples[name].values) for name in fitted.free})
        warnings += samples.attrs["warnings"].splitlines()
    if recovery is not None:
        about["coverage"] = json.dumps(dict(zip(fitted.free, recovery.coverage.values.tolist(), strict=True)))
        about["verdicts"] = json.dumps(dict(zip(fitted.free, recovery.verdict.values.tolist(), strict=True)))
        warnings += recovery.attrs["warnings"].splitlines()
    return make_dataset(
        variables,
        labels,
        title=f"{fitted.rule.title}, {'fitted to' if fitted.free else 'evaluated on'} {fitted.data.attrs['data']}",
        rule=fitted.rule.name,
        rule_title=fitted.rule.title,
        scenario=fitted.data.attrs["scenario"],
        engine="replay",
        seed=fitted.seed,
        parameters={"free": fitted.free, "bounds": fitted.bounds, "n_starts": fitted.n_starts},
        references=fitted.rule.references,
        data=fitted.data.attrs["data"],
        rule_values=json.dumps(fitted.parameters, default=encode_json),
        rule_units=json.dumps({p.name: p.unit for p in fitted.rule.parameters}),
        standard_errors=json.dumps({k: v if np.isfinite(v) else None for k, v in fitted.standard_errors.items()}),
        at_bound=" ".join(fitted.at_bound),
        n_free=len(fitted.free),
        free=" ".join(fitted.free),
        derived=int(bool(fitted.rule.steps)),
        assumptions="\n".join(fitted.rule.assumptions),
        warnings="\n".join(dict.fromkeys(warnings)),
        **about,
    )


def _about_left_out(left_out: LeftOut) -> dict[str, object]:
    return {
        "left_out_unit": left_out.unit,
        "left_out_score": left_out.score,
        "left_out_standard_error": left_out.standard_error,
        "left_out_error": left_out.error,
    }


def _interval(values: np.ndarray) -> list[float]:
    tail = (1 - LEVEL) / 2
    return [float(q) for q in np.quantile(values, [tail, 1 - tail])]


def _prediction_interval(fitted: Fit, samples: xr.Dataset) -> np.ndarray:
    """Ends of the 95 % interval of every prediction, (2, n_protocols); noise of the measurement is not in it."""
    from analysis.posterior import parameter_draws

    predictions = problem_of(fitted).predictions(parameter_draws(fitted, samples, N_DRAWS, seed=0))
    finite = predictions[np.all(np.isfinite(predictions), axis=1)]
    tail = (1 - LEVEL) / 2
    return np.quantile(finite, [tail, 1 - tail], axis=0)
