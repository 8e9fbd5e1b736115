"""Sizes of two synapses between the same two cells: how alike they are (Dorkenwald et al. 2022)."""

from __future__ import annotations

import xarray as xr

from analysis.data.record import make_data

__all__ = ["dorkenwald_2022_pairs"]

UNKNOWN = float("nan")

ROWS = (
    # quantity, value, spread (sd over 100,000 shuffles), pairs, which pairs: dorkenwald_2022, table 3 and text
    ("correlation_of_log_volumes_all", 0.418, UNKNOWN, 160, "same axon and dendrite"),
    ("phi_all", 0.637, UNKNOWN, 160, "same axon and dendrite"),
    ("both_small_all", 0.490, UNKNOWN, 160, "same axon and dendrite"),
    ("one_small_one_large_all", 0.177, UNKNOWN, 160, "same axon and dendrite"),
    ("both_large_all", 0.333, UNKNOWN, 160, "same axon and dendrite"),
    ("phi_nearer_than_46.5_µm", 0.534, UNKNOWN, 80, "same axon and dendrite"),
    ("both_small_nearer_than_46.5_µm", 0.427, UNKNOWN, 80, "same axon and dendrite"),
    ("one_small_one_large_nearer_than_46.5_µm", 0.232, UNKNOWN, 80, "same axon and dendrite"),
    ("both_large_nearer_than_46.5_µm", 0.342, UNKNOWN, 80, "same axon and dendrite"),
    ("phi_farther_than_46.5_µm", 0.745, UNKNOWN, 80, "same axon and dendrite"),
    ("both_small_farther_than_46.5_µm", 0.529, UNKNOWN, 80, "same axon and dendrite"),
    ("one_small_one_large_farther_than_46.5_µm", 0.123, UNKNOWN, 80, "same axon and dendrite"),
    ("both_large_farther_than_46.5_µm", 0.348, UNKNOWN, 80, "same axon and dendrite"),
    ("correlation_shuffled_same_axon", -0.06, 0.06, 141, "same axon"),
    ("phi_shuffled_same_axon", -0.11, 0.08, 141, "same axon"),
    ("correlation_shuffled_same_dendrite", -0.13, 0.05, 89, "same dendrite"),
    ("phi_shuffled_same_dendrite", -0.06, 0.06, 89, "same dendrite"),
)


def dorkenwald_2022_pairs() -> xr.Dataset:
    """Synapses that share both cells, and hence their history of spikes, are alike in size; others are not.

    Every synapse counts as small or large (`dorkenwald_2022` has the sizes of both); phi is the correlation of these
    states. Within a state sizes are not correlated.

    Returns
    -------
    xarray.Dataset
        17 protocols of kind ``quantities``, with the coordinates ``unit``, ``group`` (what the synapses share) and
        ``spread``.

    Examples
    --------
    >>> data = dorkenwald_2022_pairs()
    >>> shares = data.value.sel(protocol=["both_small_all", "one_small_one_large_all", "both_large_all"])
    >>> round(float(shares.sum()), 6)
    1.0

    References
    ----------
    dorkenwald_2022, table 3
    """
    names, value, spread, n, group = zip(*ROWS, strict=True)
    return make_data(
        "quantities",
        names,
        value,
        [UNKNOWN] * len(ROWS),
        n,
        {
            "unit": ["1"] * len(ROWS),
            "group": group,
            "spread": (spread, "1", "standard deviation over shuffled pairs (NaN: none)"),
        },
        name="dorkenwald_2022_pairs",
        title="Sizes of two synapses between the same cells (Dorkenwald et al. 2022)",
        references=("dorkenwald_2022",),
        citation="Dorkenwald S et al. (2022) eLife 11:e76120",
        doi="10.7554/eLife.76120",
        figure="table 3, figure 4 and its supplements 4 and 5",
        rights="Published measurements quoted as facts with their source; the article is CC BY 4.0.",
        provenance="The article's own text and table 3. n is the number of pairs of synapses.",
        sem_missing="the article gives fitted components without errors; spreads of shuffles are no errors of a value",
        caveat="Shares and phi belong to a fitted mixture of two states, not to counted synapses.",
    )
