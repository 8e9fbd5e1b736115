"""Weight change against pairing frequency, one panel per interval, one line per rule."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.pages.figure_parts import MEASURED, label, legend_below, line_style, require_datasets, tidy
from plasticity.errors import InputError

__all__ = ["pairing_frequency"]

PERCENT = 100.0
PANEL = (3.6, 3.6)  # inches


def pairing_frequency(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw measured and predicted weight changes against the pairing frequency."""
    require_datasets(runs, data)
    datasets = [dataset for dataset in (data, *runs) if dataset is not None]
    if not datasets:
        raise InputError("there is nothing to draw; give a run or data")
    for dataset in datasets:
        for name in ("interval", "frequency"):
            if name not in dataset.coords:
                raise InputError(f"{dataset.attrs['title']!r} has no coordinate {name}; it has {list(dataset.coords)}")
    intervals = sorted({float(i) for dataset in datasets for i in dataset.interval.values}, reverse=True)
    figure = Figure(figsize=(PANEL[0] * len(intervals), PANEL[1]), layout="constrained")
    axes = figure.subplots(1, len(intervals), sharey=True, squeeze=False)[0]
    for ax, interval in zip(axes, intervals, strict=True):
        _panel(ax, interval, runs, data)
    axes[0].set_ylabel("weight change (%)")
    tidy(axes)
    legend_below(figure, axes[0])
    return figure


def _panel(ax: Axes, interval: float, runs: tuple[xr.Dataset, ...], data: xr.Dataset | None) -> None:
    ax.axhline(0, color="0.6", linewidth=0.8, zorder=0)
    for index, run in enumerate(runs):
        frequency, change = _at(run, interval, "weight_change")
        if "weight_change_low" in run:
            low, high = (PERCENT * _at(run, interval, f"weight_change_{side}")[1] for side in ("low", "high"))
            ax.fill_between(frequency, low, high, color=line_style(index)["color"], alpha=0.15, linewidth=0)
        ax.plot(frequency, PERCENT * change, label=label(run), **_size(index, len(runs)), **line_style(index))
    if data is not None:
        frequency, value = _at(data, interval, "value")
        _, sem = _at(data, interval, "sem")
        ax.errorbar(frequency, PERCENT * value, PERCENT * sem, **MEASURED, zorder=3)
    order = "pre before post" if interval > 0 else "post before pre" if interval < 0 else "together"
    ax.set_title(f"{order} ({1e3 * interval:+g} ms)".replace("-", "−"))
    ax.set_xlabel("pairing frequency (Hz)")


def _size(index: int, number: int) -> dict[str, Any]:
    """Sizes that shrink from run to run, so that lines that coincide are all seen."""
    rest = 1 - index / max(number - 1, 1)
    return {"linewidth": 1.4 + 1.8 * rest, "markersize": 4.5 + 4.5 * rest}


def _at(dataset: xr.Dataset, interval: float, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies in rising order, and the values of a variable, of the protocols with one interval."""
    chosen = np.flatnonzero(np.isclose(dataset.interval.values, interval, rtol=0, atol=1e-9))
    chosen = chosen[np.argsort(dataset.frequency.values[chosen])]
    return dataset.frequency.values[chosen], dataset[name].values[chosen]
