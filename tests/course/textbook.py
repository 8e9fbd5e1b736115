"""Answers from textbooks and closed forms, and an engine that is wrong by a factor two."""

import dataclasses

import numpy as np
import sympy as sp

from plasticity import Parameter, Quadratic, Rule, State, Update, local, time_constant
from plasticity.objective import constant_matrix


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


def twice(value):
    """Twice a number or an array, or a rule with twice the flow, and with parameters that are off by a factor two."""
    if not hasattr(value, "weight_flow"):
        return 2 * value

    def off(expression):
        factors = {"plasticity": 2, "observation_variance": 2, "decay_mean": sp.Rational(1, 2)}
        factors |= dict.fromkeys(("tau_plus", "threshold", "learning_rate", "hazard", "tau_optimum"), 2)
        return expression.subs({s: factors.get(s.name, 1) * s for s in expression.free_symbols})

    states = tuple(dataclasses.replace(s, flow=2 * off(s.flow)) for s in value.states)
    events = {
        event: tuple(dataclasses.replace(u, expression=off(u.expression)) for u in updates)
        for event, updates in value.events.items()
    }
    return dataclasses.replace(value, weight_flow=2 * off(value.weight_flow), states=states, events=events)


def misread(signal):
    """Signal in which depression counts twice."""
    steps = tuple(
        dataclasses.replace(s, equation=sp.Eq(s.equation.lhs, 2 * s.equation.rhs))
        if isinstance(s.equation, sp.Eq)
        else s
        for s in signal.steps
    )
    gradient = {event: (2 if event == "pre" else 1) * value for event, value in signal.gradient.items()}
    return dataclasses.replace(signal, steps=steps, gradient=gradient)


class Wrong:
    """A catalogue of which all members are wrong."""

    def __init__(self, catalogue, spoil):
        self.catalogue, self.spoil = catalogue, spoil

    def __getattr__(self, name):
        return lambda *arguments, **named: self.spoil(getattr(self.catalogue, name)(*arguments, **named))


class WrongCircuits:
    """Circuits of which the losses are twice what they are."""

    def __init__(self, module):
        self.module = module

    def __getattr__(self, name):
        return getattr(self.module, name)

    def run(self, *arguments, **named):
        run = self.module.run(*arguments, **named)
        return dataclasses.replace(run, loss=None if run.loss is None else 2 * run.loss)


class WrongFilters:
    """Filters that take the world for twice as changeable."""

    def __init__(self, module):
        self.module = module

    def __getattr__(self, name):
        right = getattr(self.module, name)
        if name not in ("trials", "LinearGaussian"):
            return right

        def made(*arguments):
            learner = right(*arguments)
            return dataclasses.replace(learner, process_covariance=2 * learner.process_covariance)

        return made


def miscurved(objective, landscape):
    """The first weight of a quadratic loss has twice its curvature and optimum; another loss counts twice."""
    if not isinstance(landscape, Quadratic):
        return dataclasses.replace(objective, loss_weight=2 * objective.loss_weight), landscape
    twice_first = np.diag([2.0, *np.ones(landscape.n - 1)])
    root = np.sqrt(twice_first)
    return objective, Quadratic(root @ landscape.hessian_matrix @ root, twice_first @ landscape.optimum)


def mispriced(objective, landscape):
    """The first of several weights is twice as costly; a weight of plasticity 1 is twice as plastic."""
    n = landscape.n if objective.control is None else np.shape(objective.control)[1]
    if n == 1 or not isinstance(landscape, Quadratic):
        return dataclasses.replace(objective, plasticity=1 + objective.plasticity), landscape
    price = np.diag([2.0**0.5, *np.ones(n - 1)])
    metric = price @ constant_matrix("metric", objective.metric, n) @ price
    return dataclasses.replace(objective, metric=metric), landscape


def misfitted(fitted):
    """Fit with twice the values and the difference of its AIC from 0."""
    names = {name: 2 * value for name, value in fitted.rule.values.items()}
    return dataclasses.replace(fitted, rule=fitted.rule.with_parameters(**names), aic=2 * fitted.aic)


def mutated(lesson):
    """Two sets of the engine's functions, wrong by a factor two: in formulas and in curvatures, or in prices."""

    def doubled(function):
        return lambda *arguments, **named: twice(function(*arguments, **named))

    def confused(function, mistake):
        def wrong(objective, landscape, *arguments, **named):
            return function(*mistake(objective, landscape), *arguments, **named)

        return wrong

    present = vars(lesson)
    formulas = {n: doubled(present[n]) for n in ("derive", "fisher_information", "fisher_matrix") if n in present}
    catalogues = {"rules": twice, "signals": misread}
    formulas |= {name: Wrong(present[name], spoil) for name, spoil in catalogues.items() if name in present}
    formulas |= {"filters": WrongFilters(present["filters"])} if "filters" in present else {}
    for mistake in (miscurved, mispriced):
        solvers = ("solve", "plan", "critical_discount")
        wrong = {n: confused(present[n], mistake) for n in solvers if n in present}
        if "circuits" in present:
            wrong["circuits"] = WrongCircuits(present["circuits"])
        if "explain" in present:
            wrong["explain"] = lambda path, *problem, explain=present["explain"], mistake=mistake: explain(
                path, *mistake(*problem)
            )
        if "fit" in present:
            wrong["fit"] = lambda rule, *data, fit=present["fit"]: misfitted(fit(rule, *data))
        if "DoubleWell" in present:
            wrong["DoubleWell"] = lambda tilt, well=present["DoubleWell"]: well(barrier=2.0, tilt=tilt)
        yield formulas | wrong
