"""Published fits of learning rules to the published data sets, to be evaluated beside new ones."""

from __future__ import annotations

from plasticity import rules
from plasticity.errors import UnknownNameError
from plasticity.rule import Rule

__all__ = ["pfister_2006"]

MILLISECOND = 1e-3
TAU_PLUS, TAU_MINUS = 16.8, 33.7  # ms, bi_poo_2001; held fixed in all of these fits

# Fitted values of pfister_2006, as tabulated in public code.
# (data, interaction, model): A2_plus, A3_plus, A2_minus, A3_minus [1], tau_x, tau_y [ms]; None: no such term
TRIPLETS = {
    ("sjostrom_2001", "all_to_all", "full"): (5e-10, 6.2e-3, 7.0e-3, 2.3e-4, 101.0, 125.0),
    ("sjostrom_2001", "all_to_all", "minimal"): (0.0, 6.5e-3, 7.1e-3, 0.0, None, 114.0),
    ("sjostrom_2001", "nearest_spike", "full"): (8.8e-11, 5.3e-2, 6.6e-3, 3.1e-3, 714.0, 40.0),
    ("sjostrom_2001", "nearest_spike", "minimal"): (0.0, 5.0e-2, 8.0e-3, 0.0, None, 40.0),
    ("wang_2005", "all_to_all", "full"): (6.1e-3, 6.7e-3, 1.6e-3, 1.4e-3, 946.0, 27.0),
    ("wang_2005", "all_to_all", "minimal"): (5.3e-3, 8.0e-3, 3.5e-3, 0.0, None, 40.0),
    ("wang_2005", "nearest_spike", "full"): (4.6e-3, 9.1e-3, 3.0e-3, 7.5e-9, 575.0, 47.0),
    ("wang_2005", "nearest_spike", "minimal"): (4.6e-3, 9.1e-3, 3.0e-3, 0.0, None, 48.0),
}


def pfister_2006(data: str, interaction: str = "all_to_all", model: str = "full") -> Rule:
    """Triplet rule with the parameters that were fitted to a data set by Pfister & Gerstner (2006).

    Parameters
    ----------
    data : {"sjostrom_2001", "wang_2005"}
        The data set.
    interaction : {"all_to_all", "nearest_spike"}
        Whether a trace counts all earlier spikes or the nearest only.
    model : {"full", "minimal"}
        Minimal: A3_minus = 0, and for visual cortex A2_plus = 0.

    Returns
    -------
    Rule

    Raises
    ------
    UnknownNameError
        If there is no such fit.

    Examples
    --------
    >>> pfister_2006("wang_2005", "nearest_spike", "minimal").values["tau_y"]
    0.048

    References
    ----------
    pfister_2006
    """
    key = (data, interaction, model)
    if key not in TRIPLETS:
        raise UnknownNameError("published fit", " ".join(key), [" ".join(k) for k in TRIPLETS])
    a2_plus, a3_plus, a2_minus, a3_minus, tau_x, tau_y = TRIPLETS[key]
    slow_pre = {} if tau_x is None else {"tau_x": tau_x * MILLISECOND}
    return rules.load("triplet_stdp")(
        A2_plus=a2_plus,
        A3_plus=a3_plus,
        A2_minus=a2_minus,
        A3_minus=a3_minus,
        tau_plus=TAU_PLUS * MILLISECOND,
        tau_minus=TAU_MINUS * MILLISECOND,
        tau_y=tau_y * MILLISECOND,
        interaction=interaction,
        **slow_pre,
    )
