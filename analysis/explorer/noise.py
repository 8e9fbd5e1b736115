"""View of noise: the optimum wanders and shows in noisy gradients; the learner filters and follows its belief."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import expm

from analysis.explorer.linear import SETTLED, SIX, basis
from analysis.explorer.view import Slider, View, contours, formula, moments, positions, rounded, stored
from plasticity.belief import LinearGaussian, OrnsteinUhlenbeck
from plasticity.derive import derive
from plasticity.landscapes import Quadratic
from plasticity.objective import Objective
from plasticity.optimal.lqg import BeliefPolicy
from plasticity.solve import solve

SLIDERS = (
    Slider("discount", "discount γ", "/s", ("0", "0.25", "0.5", "1", "2", "4", "8"), 3),
    Slider("noise", "noise of the gradient σ", "loss·√s", ("0.05", "0.1", "0.2", "0.5", "1", "2", "4"), 3),
    Slider("memory", "the optimum is forgotten in τ", "s", ("0.5", "1", "2", "4", "8", "16"), 3),
)
BOWL = Quadratic([2.0, 0.5], [0.0, 0.0])
OPTIMUM = np.array([1.2, -0.8])  # where the optimum is at time 0, which the learner does not know yet
PROGRAM = """\
import numpy as np
import steersman as sm

bowl = sm.Quadratic([2.0, 0.5], [0.0, 0.0])
belief = sm.LinearGaussian(-1 / {memory}, 2 / {memory}, [{noise}**2, {noise}**2])  # an optimum of unit variance
policy = sm.solve(sm.Objective({discount}), bowl, belief)
share = np.linalg.solve(-policy.known.closed_loop, policy.tracking)
print("rates of the weights [1/s]:", policy.known.rates)
print("share of the believed optimum:", np.diag(share))
print("gain of the filter:", np.diag(policy.filter_gain))
print("standard deviation of the belief:", np.sqrt(np.diag(policy.covariance)))
print("cost per second:", policy.cost_rate)


def motion(t, state):
    \"\"\"Weights, optimum and belief, on average over the noise.\"\"\"
    weights, optimum, mean = np.split(state, 3)
    seen = policy.filter_gain @ bowl.hessian_matrix @ (optimum - mean)
    return np.concatenate([policy.velocity(weights, mean), -optimum / {memory}, seen - mean / {memory}])


start = np.array([{x}, {y}, 1.2, -0.8, 0.0, 0.0])
"""


def noise() -> View:
    """Kalman gains, targets short of the optimum, and what noise costs."""
    laws = [derive(Objective(g), optimum_belief=OrnsteinUhlenbeck(1.0, 1.0, 1.0)) for g in (0, 1.0)]
    return View(
        name="noise",
        title="Noise",
        question="The optimum wanders (variance 1) and shows only in noisy gradients. How fast to learn, and how far?",
        sliders=SLIDERS,
        frame=2.0,
        start=(-1.0, 1.2),
        optimum=[OPTIMUM.tolist()],
        contours=[contours(lambda theta: BOWL.loss(theta - OPTIMUM), 2.0, 8.0)],
        python=[PROGRAM],
        states=[_state(**values) for values in positions(SLIDERS)],
        how="All curves are means over the noise, combined from stored basis paths of the engine's filter and policy. "
        "The optimum is at + at time 0 and fades to the middle, where the belief begins (dotted: its spread).",
        formulas=[formula("ẇ", law.weight_flow) for law in laws],
    )


def _state(discount: float, noise: float, memory: float) -> dict[str, Any]:
    belief = LinearGaussian(-1 / memory, 2 / memory, [noise**2, noise**2])
    policy = solve(Objective(discount), BOWL, belief)
    share = np.linalg.solve(-policy.known.closed_loop, policy.tracking)
    spread = np.sqrt(np.diag(policy.covariance))
    system = _system(policy, memory)
    duration = SETTLED * max(memory, 1 / policy.known.rates.min()) / 2
    times = moments(duration)
    starts = np.concatenate([SIX[:3], np.tile([*OPTIMUM, 0.0, 0.0], (3, 1))], axis=1)
    paths = np.einsum("tij,kj->kti", expm(times[:, None, None] * system), starts)
    return {
        "name": "a Kalman filter of the optimum μ̂ with feedback on it",
        "formula": int(discount > 0),
        "facts": [
            ["rates of the weights [1/s]", rounded(policy.known.rates)],
            ["share of the believed optimum to head for", rounded(np.diag(share))],
            ["gain of the filter", rounded(np.diag(policy.filter_gain))],
            ["standard deviation of the belief", rounded(spread)],
            ["cost per second", rounded(policy.cost_rate)],
        ],
        "duration": rounded(duration)[0],
        "basis": stored(basis(paths[..., :2])),
        "tracks": [stored(paths[0, :, 2:4]), stored(paths[0, :, 4:])],
        "ellipse": rounded([0.0, 0.0, spread[0], 0.0, 0.0, spread[1]]),
    }


def _system(policy: BeliefPolicy, memory: float) -> np.ndarray:
    """Slopes of the mean motion of weights, optimum and believed optimum."""
    nothing, fading = np.zeros((2, 2)), -np.eye(2) / memory
    seen = policy.filter_gain @ BOWL.hessian_matrix
    return np.block(
        [
            [policy.known.closed_loop, nothing, policy.tracking],
            [nothing, fading, nothing],
            [nothing, seen, fading - seen],
        ]
    )
