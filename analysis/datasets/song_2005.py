"""Synaptic strengths of layer 5 pairs in rat visual cortex: one log-normal (Song et al. 2005)."""

from __future__ import annotations

import math

import xarray as xr

from analysis.data.record import make_data

__all__ = ["song_2005"]

MEAN, SPREAD = -0.702, 0.9355  # of ln(EPSP/mV), song_2005, as in two public codes


def song_2005() -> xr.Dataset:
    """Log-normal distribution of EPSP amplitudes between pyramidal cells of layer 5.

    Returns
    -------
    xarray.Dataset
        1 protocol of kind ``distribution``, value log10(EPSP/mV).

    Examples
    --------
    >>> f"{10 ** float(song_2005().value[0]):.2f}"  # median [mV]
    '0.50'

    References
    ----------
    song_2005
    """
    unknown = [float("nan")]
    return make_data(
        "distribution",
        ["epsp"],
        [MEAN / math.log(10)],
        unknown,
        unknown,
        {"sd_log": [SPREAD / math.log(10)], "mixture_weight": [1.0], "unit": ["mV"]},
        name="song_2005",
        title="Synaptic strengths of layer 5 pairs (Song et al. 2005)",
        references=("song_2005",),
        citation="Song S, Sjöström PJ, Reigl M, Nelson S, Chklovskii DB (2005) PLoS Biol 3:e68",
        doi="10.1371/journal.pbio.0030068",
        figure="not recorded: the log-normal fit, as coded elsewhere",
        rights="Published measurements quoted as facts with their source; the article is CC BY.",
        provenance="Mean and standard deviation of ln(EPSP/mV) as in two public codes; here divided by ln 10.",
        sem_missing="only the parameters of the fitted log-normal are given",
        caveat="Matching the mean and the spread of a log-normal with two numbers is no test of a rule.",
    )
