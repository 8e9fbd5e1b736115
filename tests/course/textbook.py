"""Answers from textbooks and closed forms, none of them by the engine."""

import numpy as np
import sympy as sp
from scipy.optimize import least_squares

from course import check
from plasticity import Objective, Parameter, Rule, State, Update, local, time_constant
from plasticity.dataset import make_dataset


def scalar_rate(discount, curvature):
    """Root of R² + γR = v, the scalar Riccati equation of a linear-quadratic regulator with discount."""
    return float(max(np.roots([1.0, discount, -curvature])))


ANSWERS = {
    "objective": {
        "finite_horizon": "g*(gamma - sqrt(gamma**2 + 4*eta*k*v))/(2*v)",  # Riccati, its other form
        "short_horizon": "-eta*k*g/gamma",  # gradient descent
        "long_horizon": "-g*sqrt(eta*k)/sqrt(v)",  # Kalman 1964: the undiscounted regulator, K = √(q/r)
        "rate": scalar_rate,
        "predict_path": "straighter",
        "discount_of_ratio_three": 2.0412414523,  # 5/√6: R² + γR = 1 and 9R² + 3γR = 4
        "damping_ratio": 0.7071067812,  # the double integrator with a cost of position: poles at 45°
    },
}


def metric_elsewhere(metric, transform):
    """Amari 1998: lengths are the same, dθ'ᵀG'dθ' = dθᵀG dθ for the steps along all pairs of axes."""
    back = np.linalg.solve(transform, np.eye(2))
    return np.array([[back[:, i] @ metric @ back[:, j] for j in range(2)] for i in range(2)])


ANSWERS["geometry"] = {
    "natural_flow": "-eta*k*g/(gamma*G)",  # Amari 1998
    "natural_long_horizon": "-g*sqrt(eta*k)/sqrt(G*v)",  # Kalman 1964, with the cost of control G/η
    "straight_metric": [[8.0, 2.0], [2.0, 2.0]],  # any multiple of the Hessian
    "diagonal_speed": 3.0,  # eigenvalues 1 ± 1/2 of [[1, 1/2], [1/2, 1]]
    "fisher_poisson": "T*exp(w*x)*x*x",  # variance of a Poisson count times (∂ log r/∂w)²
    "metric_elsewhere": metric_elsewhere,
    "predict_invariance": "natural",
}


def reachable(direction, curvatures, optimum):
    """Least squares with weights: the normal equation of one regressor, solved by NumPy on scaled rows."""
    root = np.sqrt(curvatures)
    return direction * np.linalg.lstsq((root * direction)[:, None], root * optimum, rcond=None)[0][0]


ANSWERS["control"] = {
    "decaying_flow": "a*w - eta*k*g/gamma",  # gradient descent with weight decay
    "rest_of_decay": lambda discount, decay: 1 / (decay**2 + decay * discount + 1),  # costate and weight at rest
    "rate_of_decay": 1.41421356,  # √(j² + ηkv): the regulator of a first-order lag
    "predict_turning": "just as fast",
    "rest_of_turning": 0.8,  # 1/(1 + q²) of the optimum remains
    "curl_of_turning": -2.0,  # −q
    "reachable": reachable,
    "smallest_rank": 2,  # Parseval: the cosines are orthogonal
}


def front_speed(tilt):
    """Speed of the front of a cubic reaction between its stable states a and b, with m in between (Muratov 2008)."""
    a, m, b = np.sort(np.roots([4.0, 0.0, -4.0, -tilt]).real)
    return 2 * 2**0.5 * ((a + b) / 2 - m)


def minima(tilt):
    """Cardano: x = 2/√3 cos((φ + 2πk)/3) with cos φ = 3√3 tilt/8 solves x³ − x = tilt/4."""
    angle = np.arccos(3 * 3**0.5 * tilt / 8)
    return 2 / 3**0.5 * np.cos((angle + 2 * np.pi * np.array([1, 0])) / 3)


def trapezoid_free_action(x, h, discount):
    """Sum over intervals, one after another."""
    total = 0.0
    for i in range(len(x) - 1):
        y = 0.5 * (x[i] + x[i + 1])
        rate = 0.5 * ((x[i + 1] - x[i]) / h) ** 2 + (y * y - 1) ** 2 - y / 2
        total += h * np.exp(-discount * h * (i + 0.5)) * rate
    return total


def front_path():
    """The path at the critical discount, a logistic one, begun 1.4 s before its middle."""
    (a, b), s = minima(0.5), 2**0.5
    t = np.linspace(0.0, 20.0, 201)
    rise = 1 / (1 + np.exp(-s * (b - a) * (t - 1.0)))
    rise[0] = 0.0
    return a + (b - a) * rise


ANSWERS["escape"] = {
    "two_minima": minima,
    "cost_of_staying": ((0.9304029274**2 - 1) ** 2 + 0.9304029274 / 2) / 0.3,  # L/γ
    "action": trapezoid_free_action,
    "drawn_path": front_path(),
    "predict_escape": "the far-sighted",
    "critical": front_speed,
    "cheaper_change": 3.0,  # a discount is a rate, and √(ηk) the only one
}


def adam(gradients):
    """Algorithm 1 of Kingma & Ba 2015, with sums that are corrected at the end of each step."""
    first = second = weight = 0.0
    path = []
    for t, gradient in enumerate(gradients, 1):
        first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
        weight -= 0.01 * (first / (1 - 0.9**t)) / ((second / (1 - 0.999**t)) ** 0.5 + 1e-8)
        path.append(weight)
    return np.array(path)


ANSWERS["noise"] = {
    "kalman_gain": 1 / 2.0 * ((1 + 2 * 2.0 / 0.25) ** 0.5 - 1),  # Kalman & Bucy 1961: (√(1 + 2τσ²/σ_o²) − 1)/τ
    "predict_fading": "the one who knows moves slower",
    "fading_flow": "-2*eta*k*m*tau/(tau*gamma + tau*sqrt(gamma**2 + 4*eta*k*v) + 2)",
    "memory_gain": "1/((1 - b**t)/(1 - b))",  # Kingma & Ba 2015: one over the sum of a geometric series
    "adam_path": adam,
    "epsilon": "gamma/sqrt(4*eta*k)",
    "predict_noise": "more",
}


def nearest_rule():
    """Morrison, Diesmann & Gerstner's nearest-neighbour scheme: traces are set to 1."""
    w, r, o, plus, minus = sp.symbols("w r o plus minus", real=True)
    taus = (time_constant("slow", 33.7e-3, "post"), time_constant("fast", 16.8e-3, "pre"))
    return Rule(
        name="nearest",
        title="Nearest spikes",
        states=(State("r", -r / sp.Symbol("fast"), "1"), State("o", -o / sp.Symbol("slow"), "1")),
        events={
            "pre": (Update("w", w - minus * o), Update("r", 1)),
            "post": (Update("w", w + plus * r), Update("o", 1)),
        },
        parameters=(Parameter("plus", 0.005), Parameter("minus", 0.002), *taus),
    )


ANSWERS["synapse"] = {
    "window": lambda delay, plus, minus: (  # Song, Miller & Abbott 2000, eq. 1
        plus * 2.718281828459045 ** (-delay / 0.0168) if delay > 0 else -minus * 2.718281828459045 ** (delay / 0.0337)
    ),
    "mean_drift": "A_plus*tau_plus*x*y - x*y*A_minus*tau_minus",  # area of the window times both rates
    "balance": 16.8 / 33.7,
    "predict_frequency": "less",
    "nearest_rule": nearest_rule(),
}


SJOSTROM = (  # pairs per second, change pre first, its standard error, post first, its standard error
    (0.1, -0.04, 0.05, -0.29, 0.08),
    (10.0, 0.14, 0.10, -0.41, 0.11),
    (20.0, 0.29, 0.14, -0.34, 0.10),
    (40.0, 0.53, 0.11, 0.56, 0.32),
    (50.0, 0.56, 0.26, 0.75, 0.19),
)


def chi_square(potentiation):
    """Least squares in two amplitudes: `potentiation` of a train, and depression by every post-pre pair."""
    rows, values = [], []
    for frequency, *measured in SJOSTROM:
        for delay, change, error in ((0.01, *measured[:2]), (-0.01, *measured[2:])):
            pre = np.arange(60) / frequency
            post = pre + delay
            depression = sum(np.exp(-(t - post[post < t]) / 0.0337).sum() for t in pre)
            rows.append([potentiation(pre, post) / error, -depression / error])
            values.append(change / error)
    return float(np.linalg.lstsq(np.array(rows), np.array(values), rcond=None)[1][0])


def pairs(pre, post):
    """Every pre spike before every post spike."""
    return sum(np.exp(-(t - pre[pre < t]) / 0.0168).sum() for t in post)


def triplets(pre, post):
    """The same, times the earlier post spikes."""
    return sum(np.exp(-(t - pre[pre < t]) / 0.0168).sum() * np.exp(-(t - post[post < t]) / 0.114).sum() for t in post)


ANSWERS["triplets"] = {
    "bcm_gradient": "-x*y*(y - theta)",  # Intrator & Cooper 1992, fixed threshold
    "triplet_amplitude": "alpha/tau_plus/tau_y",
    "pair_amplitude": "theta*alpha/tau_minus",
    "threshold_of_cortex": 7.1 * 33.7 / (6.5 * 16.8 * 114) * 1000,  # Pfister & Gerstner 2006, table 4
    "poisson_drift": "alpha*(x*y**2 - theta*x*y)",  # the BCM rule; Pfister & Gerstner 2006
    "predict_order": "the derived rule",
    "fitted_threshold": 19.22,  # that of Pfister & Gerstner's own fit
    "worse_by": chi_square(pairs) - chi_square(triplets),  # both have two parameters
    "predict_flat": "of the same size",
}


def information_form(mean, covariance, seen):
    """The same step with precisions: P⁻¹ + ccᵀ/r, which needs no gain."""
    a = np.array([0.8, 0.99])
    prior = np.linalg.inv(np.outer(a, a) * covariance + np.diag([0.2, 0.002]))
    return np.linalg.solve(prior + np.ones((2, 2)), prior @ (a * mean) + seen)


def riccati_by_trials():
    """Gain of a scalar filter after a thousand trials."""
    p = 0.0
    for _ in range(1000):
        p = 0.81 * p * (1 - p / (p + 1)) + 0.1
    return p / (p + 1)


ANSWERS["tasks"] = {
    "rest_between_tasks": "mu + h*(mu_0 - mu)/(G + h)",  # mean of both, weighed by the rates of leaving and of planning
    "predict_reset": "the far-sighted",
    "share_followed": "1 - 1/(1 + G*tau)",  # discounted mean of e^(−t/τ) at the rate Γ
    "kalman_trial": information_form,
    "steady_gain": riccati_by_trials(),
    "predict_recovery": "goes up and then down",  # Smith, Ghazizadeh & Shadmehr 2006
}


def unseen(directions, targets):
    """Loss along the directions that are orthogonal to all rows, which a singular value decomposition completes."""
    rest = np.linalg.svd(directions)[2][len(directions) :]
    return sum(0.5 * float(np.dot(row, y)) ** 2 for row in rest for y in targets) / len(targets)


def williams_rule():
    """REINFORCE with a decaying trace (Williams 1992), the learning rate within the trace."""
    rho, slope, psp, reward = map(local, ("escape_rate", "escape_slope", "pre_psp", "reward_deviation"))
    tau, alpha = time_constant("tau", 0.1, "memory"), Parameter("alpha", 0.1, unit="Hz")
    e = sp.Symbol("scored", real=True)
    return Rule(
        name="reinforce",
        title="REINFORCE",
        weight_flow=reward * e,
        states=(State("scored", -alpha.symbol * slope * psp - e / tau.symbol, "Hz"),),
        events={"post": (Update("scored", e + alpha.symbol * slope * psp / rho),)},
        parameters=(alpha, tau),
    )


ANSWERS["networks"] = {
    "error_flow": "-e*alpha*x*x",
    "longest_delay": 0.3926990817,  # ẏ(t) = −r y(t − d) is stable for rd < π/2 (Hayes 1950)
    "predict_faster": "doubles",
    "halving_noise": 2**-0.5,  # eight Ornstein–Uhlenbeck processes, each of variance ασ²/2
    "loss_left": unseen,
    "score_of_spike": "psp*slope*rho**(-1)",  # Williams 1992: the derivative of the log probability
    "three_factor_rule": williams_rule(),
    "predict_late_reward": "does not learn",
}


CURVATURES, AWAY = (
    np.array([0.2, 5.0]),
    np.array([[2.0, 1.5], [-2.5, 1.0], [1.5, -1.5], [-2.0, -1.0]]),
)  # from the optimum
TIMES = np.arange(41) / 5.0


def decays(discount, gain, starts=AWAY):
    """Riccati: both weights decay at the rates R² + γR = gain·h."""
    rates = [scalar_rate(discount, gain * h) for h in CURVATURES]
    return starts[:, None, :] * np.exp(-np.multiply.outer(TIMES, rates))


def from_rates(rates, curvatures):
    """γ from R² + γR = gain·h, linear in γ and the gain."""
    rates = np.asarray(rates)
    return float(np.linalg.solve(np.stack([rates, -np.asarray(curvatures)], axis=1), -(rates**2))[0])


def discount_of(name):
    """Least squares by SciPy on the learner of a student, the starts unknown, too."""
    own = check.personal(name, "learner", discount=(0.4, 1.2), plasticity=(0.7, 1.5))
    seed = int(check.personal(name, "noise", seed=(1.0, 999.0))["seed"])
    records = decays(own["discount"], own["plasticity"]) + 0.01 * np.random.default_rng(seed).normal(size=(4, 41, 2))

    def off(u):
        return (decays(np.exp(u[0]), np.exp(u[1]), u[2:].reshape(4, 2)) - records).ravel()

    return float(np.exp(least_squares(off, np.r_[0.0, 0.0, records[:, 0].ravel()]).x[0]))


def cramer_rao(discount, gain):
    """Error of ln γ by the bound of Cramér and Rao, the starts unknown, too."""

    def path(u):
        return decays(*np.exp(u[:2]), u[2:].reshape(4, 2)).ravel()

    u = np.r_[np.log([discount, gain]), AWAY.ravel()]
    design = np.stack([path(u + e) - path(u - e) for e in 1e-5 * np.eye(u.size)], axis=1) / (2e-5 * 0.01)
    return float(np.linalg.inv(design.T @ design)[0, 0] ** 0.5)


def best_protocol():
    """(a − b)²/(2·error²) of two rules that are known, by the sums over spikes of lesson 8."""
    factors = {}
    for interval in (-0.02, -0.01, 0.01, 0.02):
        for frequency in (1, 10, 20, 40, 50):
            if abs(interval) <= 0.5 / frequency:
                pre = np.arange(60) / frequency
                post = pre + interval
                depression = sum(np.exp(-(t - post[post < t]) / 0.0337).sum() for t in pre)
                pair = 0.00472 * pairs(pre, post) - 0.0008 * depression
                triplet = 6.5e-3 * triplets(pre, post) - 7.1e-3 * depression
                factors[f"{1000 * interval:+.0f}ms_{frequency}Hz"] = (pair - triplet) ** 2 / (2 * 0.11**2)
    return max(factors.items(), key=lambda item: item[1])


def end_of_aim(name):
    """Fixed point of belief and correction, with the gain of a thousand trials and a discrete Riccati equation."""
    own = check.personal(name, "person", discount=(0.2, 0.9), time_constant=(10.0, 40.0))
    a, p = np.exp(-1 / own["time_constant"]), 0.0
    for _ in range(1000):
        p = a**2 * p * (1 - p / (p + 100)) + 100 * (1 - a**2)
    gain, discount = p / (p + 100), np.exp(-own["discount"])
    carried = a * gain * 30 / (1 - a * (1 - gain))
    left = discount * min(np.roots([discount, -2 - discount, 1]))  # e^(−γ−R): both steps cost alike
    return carried * (1 - left) / (1 - a * left)


def optimal_run():
    """Exponential path on the loss, in the form of the program's output."""
    objective = Objective(0.5)
    return objective, make_dataset(
        {"theta": (("trial", "time", "parameter"), decays(0.5, 1.0)[:1] + np.array([1.0, -0.5]), "1", "weights")},
        {"time": ("time", TIMES, "s", "time")},
        title="by hand",
    )


TEACHER = "Ada Lovelace"
ANSWERS["project"] = {
    "my_name": "Alan Turing",
    "discount_of_rates": from_rates,
    "predict_round": "nothing",
    "my_discount": discount_of(TEACHER),
    "expected_error": cramer_rao(0.7, 1.0),
    "telling_protocol": best_protocol(),
    "never_whole": end_of_aim(TEACHER),
    "predict_trials": "no feedback",
    "own_path": optimal_run(),
}
