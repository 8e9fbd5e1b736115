"""The table of rules and data sets: every candidate model fitted, cross-validated, recovered, and summarised."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from analysis.benchmarks import BENCHMARKS, benchmark
from analysis.fit import Fit, fit
from analysis.fitted_run import as_dataset
from analysis.fitting.scores import LEVEL
from analysis.leave_out import LeftOut, leave_out
from analysis.linear_confusion import LinearModel, linear_confusion
from analysis.pages.bibliography import citation
from analysis.pages.figure_parts import agreement, png
from analysis.pages.render import fixed, probability, signed, write_pages
from analysis.recover import recover
from analysis.verdicts import Cell, standing
from plasticity.dataset import check_writable, write
from plasticity.errors import DivergedError, InputError
from plasticity.support.checks import checked, require_whole
from plasticity.support.ending import orderly_end
from plasticity.support.progress import progress
from plasticity.support.workers import run_in_processes, usable_cores

__all__ = ["attempt", "make_cell", "make_cells", "table", "write_page"]

N_STARTS = 10
MORE = 0.05  # by which another rule must be chosen more often than the one that made the data to be named
N_SETS = 50  # synthetic data sets for the recovery of parameters
MISS = 2.0  # standard errors from which the worst protocol is named


@checked
def table(
    directory: str | os.PathLike, names: Sequence[str] = (), workers: int | None = None, seed: int = 0
) -> list[Cell]:
    """Fit every candidate model to every benchmark and write the table, its page and all runs to a folder.

    Parameters
    ----------
    directory : str or path
        Folder, made if needed: ``table.html``, ``table.md``, figures, and ``runs/BENCHMARK/NUMBER.nc``.
    names : sequence of str
        Benchmarks, see `analysis.benchmarks.BENCHMARKS`; all by default.
    workers : int, optional
        Processes; by default as many as there are processors.
    seed : int
        The same seed gives the same numbers, whatever the number of workers.

    Returns
    -------
    list of Cell
        In the order of the benchmarks and their candidates.

    Raises
    ------
    UnknownNameError
        If there is no such benchmark.
    InputError
        If the folder cannot be written.
    """
    check_writable(Path(directory) / "table.html")
    jobs = [(b.name, i) for b in map(benchmark, names or BENCHMARKS) for i in range(len(b.candidates))]
    cells = make_cells(jobs, workers, seed)
    for (name, i), cell in zip(jobs, cells, strict=True):
        write(cell.run, Path(directory, "runs", name, f"{i + 1:02d}_{cell.run.attrs['rule']}.nc"))
    write_page(cells, directory)
    return cells


def make_cell(name: str, index: int, seed: int = 0) -> Cell:
    """Fit the candidate number `index` of a benchmark, cross-validate it and recover its parameters.

    Examples
    --------
    >>> make_cell("sjostrom_2001", 0).label
    'pair, all spikes'
    """
    bench = benchmark(name)
    candidate = bench.candidates[index]
    fitted = fit(candidate.make(), bench.load(), candidate.free, candidate.bounds, N_STARTS, seed, bench.noise)
    enough = fitted.n_protocols - len(fitted.free) > 1
    left = leave_out(fitted, bench.unit, n_starts=2, seed=seed) if enough else None
    recovery = recover(fitted, N_SETS, n_starts=1, seed=seed) if candidate.recovery else None
    run = as_dataset(fitted, left, recovery=recovery)
    run = run.assign_attrs(label=candidate.label, derived=int(candidate.is_derived))
    other = float("nan")
    if bench.other is not None:
        other = fit(candidate.make(), bench.other(), candidate.free, candidate.bounds, N_STARTS, seed).error
    n_free = len(fitted.free) + bool(fitted.noise.estimated)
    linear = LinearModel(fitted.predictions, fitted.slope, fitted.noise, n_free)
    return Cell(name, candidate.label, run, fitted.error, left, _sentence(fitted, left, recovery), linear, other)


def make_cells(jobs: Sequence[tuple[str, int]], workers: int | None = None, seed: int = 0) -> list[Cell]:
    """`make_cell` of every (benchmark, index), in that order, by several processes.

    Raises
    ------
    InputError
        If a candidate cannot be fitted; the message names it.
    """
    workers = require_whole("workers", usable_cores() if workers is None else workers, low=1)
    if workers == 1:
        return [make_cell(name, index, seed) for name, index in progress(jobs, "table")]
    cells: dict[tuple[str, int], Cell] = {}
    tasks = [(*job, seed) for job in jobs]
    with orderly_end(), closing(run_in_processes("analysis.table:attempt", tasks, min(workers, len(jobs)))) as answers:
        for (name, index, _), cell, ending in progress(answers, "table", len(jobs)):
            if ending or isinstance(cell, str):
                label = benchmark(name).candidates[index].label
                raise InputError(f"{label} on {name}: {cell or f'its worker {ending}'}")
            cells[name, index] = cell
    return [cells[job] for job in jobs]


def attempt(job: tuple[str, int, int]) -> Cell | str:
    """Return `make_cell` of a (benchmark, index, seed), or in words why it cannot be made."""
    try:
        return make_cell(*job)
    except (InputError, DivergedError) as error:
        return str(error)


def _sentence(fitted: Fit, left: LeftOut | None, recovery: xr.Dataset | None) -> str:
    """Whether the fit is rejected, worst protocol, prediction of left-out data, identifiability."""
    k, p = len(fitted.free), fitted.p_value
    parts = [f"Rejected (p = {probability(p)})" if p < LEVEL else "Not rejected" if p == p else "Cannot be tested"]
    residual = (fitted.predictions - fitted.data.value.values) / fitted.data.sem.values
    worst = int(np.argmax(np.abs(residual)))
    if abs(residual[worst]) > MISS:
        name = fitted.data.protocol.values[worst]
        parts.append(f"worst for {name} ({signed(residual[worst])} standard errors)")
    if left is not None and left.error > 2 * max(fitted.error, 1.0):
        parts.append(f"worse on what it has not seen (E {left.error:.2g})")
    if fitted.lone:
        parts.append(f"the best fit was found by {fitted.lone} starts only")
    if fitted.at_bound:
        parts.append(f"{' and '.join(fitted.at_bound)} on a bound")
    if recovery is not None:
        known = int(recovery.identifiable.sum())
        parts.append("all parameters identifiable" if known == k else f"{known} of {k} parameters identifiable")
    else:
        parts.append("parameters not recovered from synthetic data, as that takes long")
    return "; ".join(parts) + "."


def write_page(cells: Sequence[Cell], directory: str | os.PathLike) -> None:
    """Write ``table.md``, ``table.html`` and one picture per benchmark to a folder.

    References
    ----------
    pfister_2006 (the error E); vehtari_2017 (standard error of the score)
    """
    sections = [_section(name, list(group)) for name, group in groupby(cells, key=lambda cell: cell.benchmark)]
    texts = [cell.run.attrs["references"] for cell in cells] + [s["data"].attrs["references"] for s in sections]
    keys = {"vehtari_2017", *(key for text in texts for key in text.split())}
    content = {
        "sections": sections,
        "assumptions": {c.run.attrs["rule_title"]: c.run.attrs["assumptions"].splitlines() for c in cells if c.derived},
        "references": [citation(key) for key in sorted(keys)],
    }
    write_pages("table", directory, {f"{s['benchmark'].name}.png": s["picture"] for s in sections}, content)


def _section(name: str, cells: list[Cell]) -> dict[str, Any]:
    """Variables of the template for one benchmark."""
    ranked = sorted(cells, key=lambda cell: cell.error)
    labels = [f"{cell.label} ({cell.n_free})" for cell in ranked]
    left_out = [cell.left_out.error if cell.left_out else float("nan") for cell in ranked]
    shares = linear_confusion([cell.linear for cell in ranked])
    figure = agreement(labels, [cell.error for cell in ranked], left_out, [cell.derived for cell in ranked])
    bench = benchmark(name)
    return {
        "benchmark": bench,
        "data": bench.load(),
        "cells": ranked,
        "standing": [*standing(cells), _confused(shares)],
        "rows": [_row(cell, _taken_for(i, shares, ranked)) for i, cell in enumerate(ranked)],
        "picture": png(figure),
        "warnings": [f"{c.label}: {warning}." for c in ranked for warning in c.run.attrs["warnings"].splitlines()],
    }


def _confused(shares: NDArray[np.float64]) -> str:
    """How often the choice by AIC is right on average."""
    return (
        f"If one of these {len(shares)} had made the data, the choice among them by AIC would find it in "
        f"{100 * np.diag(shares).mean():.0f} % of repetitions of the experiment."
    )


def _taken_for(i: int, shares: NDArray[np.float64], cells: Sequence[Cell]) -> str:
    """Share in which a rule is found among synthetic data that it made, and the one it is more often taken for."""
    other = int(np.argmax(shares[i]))
    more = shares[i, other] - shares[i, i] > MORE
    words = "" if not more else f" ({cells[other].label}: {shares[i, other]:.2f})"
    return f"{shares[i, i]:.2f}{words}"


def _row(cell: Cell, share: str) -> tuple[str, ...]:
    left = cell.left_out
    scores = (fixed(left.score, 1), fixed(left.standard_error, 1), fixed(left.error, 2)) if left else ("–", "–", "–")
    other = [] if np.isnan(cell.other_error) else [f"{cell.other_error:.3f}"]
    numbers = (str(cell.n_free), f"{cell.error:.3f}", probability(cell.p_value), *other, *scores)
    return (cell.label, "derived" if cell.derived else "by hand", *numbers, share, cell.sentence)
