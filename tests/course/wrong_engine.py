"""An engine that is wrong by a factor two: in formulas, curvatures, prices, losses or fits."""

import dataclasses

import numpy as np
import sympy as sp

from plasticity import Quadratic
from plasticity.objective import constant_matrix


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


def misjudged(identifiable):
    """Expected errors that are twice what they are."""

    def wrong(*experiment, **named):
        found = identifiable(*experiment, **named)
        return dataclasses.replace(found, error=2 * found.error)

    return wrong


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
        if "path_excess" in present:
            wrong["path_excess"] = lambda run, *problem, cost=present["path_excess"], mistake=mistake: cost(
                run, *mistake(*problem)
            )
        if "infer" in present:
            wrong["infer"] = lambda *data, times, infer=present["infer"], **named: infer(
                *data, times=2 * times, **named
            )
        if "identifiable" in present:
            wrong["identifiable"] = misjudged(present["identifiable"])
        if "derive_trials" in present:
            wrong["derive_trials"] = lambda objective, *belief, of=present["derive_trials"], **named: of(
                dataclasses.replace(objective, discount=2 * objective.discount), *belief, **named
            )
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
