"""Raster of spikes, with the rates of populations below."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.pages.figure_parts import COLOURS, DASHES, FONT, plain, tidy
from analysis.pages.run_parts import one_run, require_some

__all__ = ["raster"]

ROWS, SPIKES, BINS = 60, 20_000, 80  # neurons of a population, spikes in all, bins of rates that are drawn at most


def raster(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw when neurons fire, some of each population at even distances, and the mean rates of all of its neurons."""
    run = one_run(runs, data)
    populations = list(dict.fromkeys(run.spike_population.values.tolist())) if "spike_time" in run else []
    require_some(populations, run, "spikes", "record populations, such as record=('cells',)")
    figure = Figure(figsize=(7.2, 5.0), layout="constrained")
    spikes, rates = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    end = _end(run)
    edges = np.linspace(0.0, end, 1 + _bins(run, end))
    low, ticks = 0, []
    for index, name in enumerate(populations):
        mine = run.spike_population.values == name
        times, neurons = run.spike_time.values[mine], run.spike_neuron.values[mine]
        size = _size(run, name, neurons)
        shown = np.unique(np.round(np.linspace(0, size - 1, min(size, ROWS))).astype(int))
        style = {"color": COLOURS[index % len(COLOURS)]}
        _marks(spikes, times, np.searchsorted(shown, neurons), np.isin(neurons, shown), low, style["color"])
        count, _ = np.histogram(times, edges)
        label = f"{plain(name)}, {size} neuron{'s' if size > 1 else ''}"
        rates.stairs(count / np.diff(edges) / size, edges, linestyle=DASHES[index % len(DASHES)], label=label, **style)
        part = "" if len(shown) == size else f"\n{len(shown)} of {size}"
        ticks.append((low + len(shown) / 2 - 0.5, f"{plain(name)}{part}"))
        low += len(shown) + 2
    spikes.set_yticks(*zip(*ticks, strict=True))
    spikes.set_ylim(low - 2, -1)
    spikes.set_xlim(0.0, end)
    rates.set_xlabel("time (s)")
    rates.set_ylabel(f"rate (Hz)\nin {1e3 * edges[1]:.3g} ms")
    rates.set_ylim(bottom=0.0)
    tidy([spikes, rates])
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=FONT - 1)
    return figure


def _end(run: xr.Dataset) -> float:
    """End of the axis: that of the run, as far as records and spikes tell."""
    latest = [run[name].values.max() for name in ("spike_time", "time") if name in run and run[name].size]
    return float(max(latest, default=1.0)) or 1.0


def _bins(run: xr.Dataset, end: float) -> int:
    """Number of bins: about one for every ten spikes, within limits."""
    return int(np.clip(run.sizes.get("spike", 0) // 10, 5, BINS)) if end > 0 else 1


def _size(run: xr.Dataset, name: str, neurons: np.ndarray) -> int:
    counted = f"n_spikes_{name}"
    return int(run[counted].size) if counted in run else int(neurons.max(initial=0)) + 1


def _marks(ax: Axes, times: np.ndarray, rows: np.ndarray, shown: np.ndarray, low: int, colour: str) -> None:
    """Marks of spikes; of very many, evenly chosen ones."""
    index = np.flatnonzero(shown)
    index = index[:: 1 + index.size // SPIKES]
    ax.vlines(times[index], low + rows[index] - 0.45, low + rows[index] + 0.45, linewidth=0.9, color=colour)
