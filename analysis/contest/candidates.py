"""Who competes: rules with their free parameters, one list for each sort of data.

A candidate states its free parameters, so that rules can be compared at equal freedom. Whether it is derived or written
by hand is read from the rule: a derived one carries the steps of its derivation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from plasticity import rules
from plasticity.rule import Rule

__all__ = ["CURVE", "HIPPOCAMPUS", "KERNEL", "PLATEAU", "VISUAL", "WINDOW", "Candidate"]

Bounds = Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Candidate:
    """A rule with its free parameters.

    Parameters
    ----------
    label : str
        What it is called in the table.
    rule : str
        Name in the catalogue of rules.
    free : tuple of str
        Free parameters.
    settings : mapping
        Arguments of the function that makes the rule.
    bounds : mapping of str to (low, high)
        For free parameters whose default bounds do not fit.
    recovery : bool
        Whether its parameters are recovered from synthetic data; off where one prediction takes long.
    """

    label: str
    rule: str
    free: tuple[str, ...]
    settings: Mapping[str, object] = field(default_factory=dict)
    bounds: Bounds = field(default_factory=dict)
    recovery: bool = True

    def make(self) -> Rule:
        """The rule."""
        return rules.resolve(self.rule, self.settings)


NEAREST, EVERY = {"interaction": "nearest_spike"}, {"interaction": "all_to_all"}
TAUS = {"tau_plus": (5e-3, 0.1), "tau_minus": (5e-3, 0.1)}
BCM_BOUNDS = {"learning_rate": (1e-8, 1e-2), "threshold": (0.0, 500.0)}
PAIR_BOUNDS = BCM_BOUNDS | {"pair": (0.0, 500.0)}
MIXED = {"pre_interaction": "nearest_spike"}
ALL_NEAREST = MIXED | {"post_interaction": "nearest_spike", "slow_interaction": "nearest_spike"}


def _pair(settings: Mapping[str, object], words: str) -> tuple[Candidate, ...]:
    return (
        Candidate(f"pair, {words}", "pair_stdp", ("A_plus", "A_minus"), settings),
        Candidate(
            f"pair, {words}, own windows", "pair_stdp", ("A_plus", "A_minus", "tau_plus", "tau_minus"), settings, TAUS
        ),
    )


def _derived(label: str, free: tuple[str, ...], settings: Mapping[str, object] | None = None) -> Candidate:
    """BCM objective at a short horizon; `free` beside the learning rate and the threshold."""
    settings = dict(settings or {})
    names = ("learning_rate", "threshold", *free)
    if "pair" in free:
        settings["pair"] = 10.0  # Hz, where the search starts
    return Candidate(label, "derived_bcm", names, settings, {k: v for k, v in PAIR_BOUNDS.items() if k in names})


CURVATURE_BOUNDS = {"plasticity": (1e-9, 1e3), "discount": (1e-2, 1e5), "threshold": (0.0, 500.0), "pair": (0.0, 500.0)}


def _curvature(label: str, free: tuple[str, ...]) -> Candidate:
    """BCM objective with a curvature belief at a finite horizon; `free` beside learning rate, discount, threshold."""
    names = ("plasticity", "discount", "threshold", *free)
    settings = {"pair": 10.0} if "pair" in free else {}
    return Candidate(label, "curvature_bcm", names, settings, {k: v for k, v in CURVATURE_BOUNDS.items() if k in names})


def _likelihood(settings: Mapping[str, object], words: str) -> Candidate:
    free = ("learning_rate", "after_rate", "tau_plus", "tau_after")
    return Candidate(f"derived likelihood, {words}", "derived_pairing", free, settings, LIKELIHOOD_BOUNDS)


LIKELIHOOD_BOUNDS = {
    "learning_rate": (1e-6, 1.0),
    "after_rate": (0.1, 1e3),
    "tau_plus": (5e-3, 0.1),
    "tau_after": (5e-3, 0.1),
}
SLIDING = Candidate(
    "derived BCM, sliding threshold",
    "sliding_bcm",
    ("learning_rate", "target_rate", "tau_threshold", "tau_y"),
    {},
    {"learning_rate": (1e-8, 1e-2), "target_rate": (0.1, 1e3), "tau_threshold": (0.1, 1e4)},
)
CALCIUM = ("gamma_p", "gamma_d", "pre_calcium", "post_calcium")
VOLTAGE = ("A_LTD", "A_LTP", "tau_after", "tau_x")

VISUAL = (
    *_pair(EVERY, "all spikes"),
    *_pair(NEAREST, "nearest spikes"),
    Candidate("triplet, all spikes", "triplet_stdp", ("A3_plus", "A2_minus", "tau_y"), EVERY),
    Candidate("triplet, nearest spikes", "triplet_stdp", ("A3_plus", "A2_minus", "tau_y"), NEAREST),
    Candidate("triplet, nearest pre", "triplet_stdp", ("A3_plus", "A2_minus", "tau_y"), MIXED),
    Candidate(
        "triplet, all spikes, own windows",
        "triplet_stdp",
        ("A3_plus", "A2_minus", "tau_y", "tau_plus", "tau_minus"),
        EVERY,
        TAUS,
    ),
    Candidate(
        "triplet, nearest pre, own windows",
        "triplet_stdp",
        ("A3_plus", "A2_minus", "tau_y", "tau_plus", "tau_minus"),
        MIXED,
        TAUS,
    ),
    Candidate("calcium", "graupner_calcium", CALCIUM, {"parameter_set": "cortical_slices"}),
    Candidate(
        "calcium, own decay", "graupner_calcium", (*CALCIUM, "tau_calcium"), {"parameter_set": "cortical_slices"}
    ),
    Candidate("voltage", "clopath_voltage", VOLTAGE),
    _derived("derived BCM, fixed threshold", ("tau_y",)),
    _derived("derived BCM, nearest pre", ("tau_y",), MIXED),
    _derived("derived BCM, own windows", ("tau_y", "tau_plus", "tau_minus")),
    _derived("derived BCM, nearest pre, own windows", ("tau_y", "tau_plus", "tau_minus"), MIXED),
    _derived("derived BCM + pair objective", ("tau_y", "pair")),
    SLIDING,
    _curvature("derived BCM, curvature belief", ("tau_y",)),
    _curvature("derived BCM, curvature belief, own window", ("tau_y", "tau_plus")),
    _likelihood({}, "all spikes"),
)
HIPPOCAMPUS = (
    *_pair(EVERY, "all spikes"),
    *_pair(NEAREST, "nearest spikes"),
    Candidate("triplet, all spikes", "triplet_stdp", ("A2_plus", "A3_plus", "A2_minus", "tau_y"), EVERY),
    Candidate("triplet, nearest spikes", "triplet_stdp", ("A2_plus", "A3_plus", "A2_minus", "tau_y"), NEAREST),
    *(
        Candidate(
            f"triplet, {words}, own window",
            "triplet_stdp",
            ("A2_plus", "A3_plus", "A2_minus", "tau_y", "tau_plus"),
            settings,
        )
        for words, settings in (("all spikes", EVERY), ("nearest spikes", NEAREST), ("nearest pre", MIXED))
    ),
    Candidate("calcium", "graupner_calcium", CALCIUM, {"parameter_set": "cortical_slices"}),
    Candidate(
        "calcium, own decay", "graupner_calcium", (*CALCIUM, "tau_calcium"), {"parameter_set": "hippocampal_cultures"}
    ),
    Candidate("voltage", "clopath_voltage", VOLTAGE),
    _derived("derived BCM, own windows", ("tau_y", "tau_plus", "tau_minus")),
    _derived("derived BCM, nearest pre, own windows", ("tau_y", "tau_plus", "tau_minus"), MIXED),
    _derived("derived BCM + pair objective", ("tau_y", "pair")),
    _derived("derived BCM + pair objective, nearest pre", ("tau_y", "pair"), MIXED),
    _derived("derived BCM + pair objective, own window", ("tau_y", "pair", "tau_plus")),
    _derived("derived BCM + pair objective, nearest spikes, own window", ("tau_y", "pair", "tau_plus"), ALL_NEAREST),
    _derived("derived BCM + pair objective, nearest pre, own window", ("tau_y", "pair", "tau_plus"), MIXED),
    _curvature("derived BCM + pair objective, curvature belief", ("pair", "tau_y")),
    _curvature("derived BCM + pair objective, curvature belief, own window", ("pair", "tau_y", "tau_plus")),
    _likelihood({}, "all spikes"),
)
WINDOW = (
    *_pair(EVERY, "all spikes"),
    Candidate("triplet, all spikes", "triplet_stdp", ("A2_plus", "A3_plus", "A2_minus", "tau_y"), EVERY),
    Candidate("calcium", "graupner_calcium", CALCIUM, {"parameter_set": "hippocampal_cultures"}),
    Candidate("voltage", "clopath_voltage", VOLTAGE),
    _derived("derived BCM, fixed threshold", ("tau_y",)),
    _derived("derived BCM + pair objective, own windows", ("pair", "tau_plus", "tau_minus")),
    _likelihood({}, "all spikes"),
)
CURVE = (
    Candidate("pair, all spikes", "pair_stdp", ("A_plus", "A_minus"), EVERY),
    Candidate("triplet, all spikes", "triplet_stdp", ("A3_plus", "A2_minus"), EVERY),
    Candidate("calcium", "graupner_calcium", ("gamma_p", "gamma_d")),
    _derived("derived BCM, fixed threshold", ()),
)
RAMP = {"A_plus": (0.0, 20.0), "A_minus": (0.0, 20.0), "tau_plus": (0.1, 10.0), "tau_minus": (0.1, 10.0)}
SECONDS = {"tau_eligibility": (0.1, 10.0), "tau_instructive": (0.1, 10.0)}
PLATEAU_BOUNDS = {"w_max": (1.0, 100.0)} | SECONDS
KERNEL = (
    Candidate("pair, slow windows", "pair_stdp", ("A_plus", "A_minus", "tau_plus", "tau_minus"), EVERY, RAMP),
    Candidate(
        "two traces",
        "btsp_two_trace",
        ("tau_eligibility", "tau_instructive", "k_pot"),
        {},
        SECONDS,
    ),
    Candidate(
        "derived delta rule at plateaus",
        "derived_plateau",
        ("level", "tau_eligibility", "tau_instructive"),
        {},
        {"level": (1.0, 100.0)} | SECONDS,
    ),
)
PLATEAU = (
    KERNEL[0],
    Candidate(
        "two traces",
        "btsp_two_trace",
        ("tau_eligibility", "tau_instructive", "k_pot", "k_dep", "w_max"),
        {},
        PLATEAU_BOUNDS,
        recovery=False,
    ),
    Candidate(
        "derived delta rule at plateaus",
        "derived_plateau",
        ("learning_rate", "level", "tau_eligibility", "tau_instructive", "tau_slow"),
        {},
        {"level": (1.0, 100.0), "tau_slow": (0.1, 100.0), "learning_rate": (1e-3, 10.0)} | SECONDS,
    ),
)
