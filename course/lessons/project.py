"""Lesson 10: Whose learner is this? A project.

Afterwards you can infer the assumptions of a learner, say what its path leaves open, and plan what would tell.

90 minutes: 20 of talk, 50 of exercises, 20 of discussion; the report is homework. Needs lessons 1 to 8.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Lesson 10: Whose learner is this? A project")

with app.setup:
    import marimo as mo
    import numpy as np
    import plotly.graph_objects as go
    import xarray as xr

    from analysis import Experiment, discriminate, fit, identifiable, infer
    from analysis.inference.trials import horizon_error
    from course import check, symbol_table
    from plasticity import (
        InputError,
        Objective,
        OrnsteinUhlenbeck,
        Quadratic,
        derive,
        derive_trials,
        path_excess,
        rules,
        simulate,
        solve,
    )
    from plasticity.dataset import check_schema

    LOSS = Quadratic([0.2, 5.0], [1.0, -0.5])  # two curvatures, and the optimum
    STARTS = np.array([[3.0, 1.0], [-1.5, 0.5], [2.5, -2.0], [-1.0, -1.5]])
    TIMES = np.linspace(0.0, 8.0, 41)  # s
    ERROR = 0.01  # of every record
    INTERVALS, FREQUENCIES = (-0.02, -0.01, 0.01, 0.02), (1.0, 10.0, 20.0, 40.0, 50.0)  # s, Hz


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    # 10 Whose learner is this? A project

    Nine lessons went from assumptions to a rule. Now somebody gives you a learner, and you want its assumptions. Part
    of them can be read from its path; others *cannot be told*, however long you record, and an honest report says
    which. Everybody has a learner of their own: its numbers come from your name.

    *To begin, run all cells: ▶ at the bottom right.*
    """)
    return


@app.cell(hide_code=True)
def _():
    mo.md(symbol_table("w", "loss", "discount", "plasticity", "loss_weight", "metric", "rate", "J"))
    return


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## 10.1 Your learner
    """)
    return


@app.function
def my_name():
    """Return your name, as text."""
    # solution
    return "Ada Lovelace"
    # end


@app.cell(hide_code=True)
def _():
    named = check.judge(my_name, check_my_name)
    mo.md(named._repr_markdown_())
    return (named,)


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    Your learner has two weights and descends the loss `LOSS` from four `STARTS`. It is optimal for a discount γ and a
    cost of change $G/\eta k$ of its own, the same for both weights. `my_records()` returns its paths, an array
    (4, 41, 2) at `TIMES`, each number with an error of 0.01.

    Along a direction with curvature $h$ an optimal learner decays at the rate $R$ with $R^2 + \gamma R = \eta k h/G$
    (lesson 1).
    """)
    return


@app.function
def discount_of_rates(rates, curvatures):
    """Return γ [1/s] from the rates (2,) along two directions with the curvatures (2,); nobody tells ηk/G."""
    # solution
    (r, s), (h, k) = rates, curvatures
    return (r**2 * k - s**2 * h) / (s * h - r * k)
    # end


@app.cell(hide_code=True)
def _():
    check.judge(discount_of_rates, check_discount_of_rates)
    return


@app.function
def predict_round():
    """Predict: both curvatures are equal. What does the path tell about γ, if neither γ nor ηk/G is known?

    Return "as much", "less" or "nothing".
    """
    # solution
    return "nothing"
    # end


@app.cell(hide_code=True)
def _(named):
    predicted = check.judge(predict_round, check_predict_round)
    mo.stop(
        not (predicted.begun and named.correct),
        mo.md("🔒 *The slider unlocks when you have a name and have predicted.*"),
    )
    guess = mo.ui.slider(0.1, 2.0, 0.05, value=1.5, label="γ (1/s)", show_value=True)
    mo.vstack([predicted, guess])
    return (guess,)


@app.cell(hide_code=True)
def _(guess):
    def guess_figure(discount):
        """Records of both weights from the first start, and an optimal learner whose steep rate is that of yours."""
        paths = my_records()
        away = np.abs(paths[0, :5, 1] - LOSS.optimum[1])
        steep = -np.polyfit(TIMES[:5], np.log(away), 1)[0]
        plasticity = (steep**2 + discount * steep) / 5.0
        model = solve(Objective(discount, plasticity=plasticity), LOSS).trajectory(STARTS, TIMES).theta.values
        off = np.sqrt(np.mean((model - paths) ** 2)) / ERROR
        figure = go.Figure()
        for weight, colour in ((0, "#0072B2"), (1, "#D55E00")):
            dots = {"color": colour, "size": 7}
            figure.add_scatter(x=TIMES, y=paths[0, :, weight], mode="markers", marker=dots, name=f"weight {weight + 1}")
            line = {"color": colour, "width": 2}
            figure.add_scatter(x=TIMES, y=model[0, :, weight], line=line, name=f"optimal, γ = {discount:g}")
        figure.update_layout(height=380, margin={"l": 50, "r": 10, "t": 40, "b": 40})
        figure.update_layout(
            legend={"orientation": "h", "y": -0.25}, title=f"Off by {off:.1f} times the error of a record"
        )
        figure.update_layout(xaxis_title="time (s)", yaxis_title="weight")
        return figure

    mo.ui.plotly(guess_figure(guess.value))
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 10.2 Infer

    `infer(my_records(), LOSS, ("discount", "metric"), times=TIMES, process_noise="none")` returns what the paths tell,
    with `.estimate(name)`, `.interval(name)` and `.verdict(name)`; `print` it.
    """)
    return


@app.function
def my_discount():
    """Return γ [1/s] of your learner, to two digits."""
    # solution
    answer = infer(my_records(), LOSS, ("discount", "metric"), times=TIMES, process_noise="none")
    return answer.estimate("discount")
    # end


@app.cell(hide_code=True)
def _():
    check.judge(my_discount, check_my_discount)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 10.3 Plan an experiment

    Before you record: `identifiable(Experiment(LOSS, STARTS, TIMES), ("discount", "metric"), values, known=…,
    process_noise="none")` states the error that is to be expected at a learner with the `values`
    `{"discount": γ, "metric": G/ηk}`.
    """)
    return


@app.function
def expected_error():
    """Return the expected standard error of ln γ for a learner with γ = 0.7/s and metric 1, to two digits.

    The error of the records is known, measurement_noise 0.01.
    """
    # solution
    values, known = {"discount": 0.7, "metric": 1.0}, {"measurement_noise": ERROR}
    experiment = Experiment(LOSS, STARTS, TIMES)
    return identifiable(experiment, ("discount", "metric"), values, known=known, process_noise="none").error[0]
    # end


@app.cell(hide_code=True)
def _():
    check.judge(expected_error, check_expected_error)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    For synapses: `discriminate(first, second, INTERVALS, FREQUENCIES)` takes two fits, such as `fit("pair_stdp",
    "sjostrom_2001")`, and returns `.expected_log_bayes_factor` of every pairing protocol; `.attrs["best"]` names one.
    """)
    return


@app.function
def telling_protocol():
    """Which protocol tells "pair_stdp" from "derived_bcm" best, and with which log Bayes factor (two digits)?

    Return both, ("name", number).
    """
    # solution
    pair, derived = (fit(name, "sjostrom_2001") for name in ("pair_stdp", "derived_bcm"))
    protocols = discriminate(pair, derived, INTERVALS, FREQUENCIES)
    return protocols.attrs["best"], float(protocols.expected_log_bayes_factor.max())
    # end


@app.cell(hide_code=True)
def _():
    check.judge(telling_protocol, check_telling_protocol)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 10.4 A person

    People learn trial by trial. `derive_trials(objective, belief, approach=1.0)` is a learner who reaches under a
    perturbation, believes that it fades with a time constant (lesson 6), and aims where the discounted future will need
    it; `.run(perturbation).aim` is what he does. Yours has `my_person()`: objective and belief.
    """)
    return


@app.function
def never_whole():
    """A turn of 30° stays for good. Return where the aim [°] of your person ends, to three digits."""
    # solution
    return float(derive_trials(*my_person(), approach=1.0).run(np.full(500, 30.0)).aim[-1])
    # end


@app.cell(hide_code=True)
def _():
    check.judge(never_whole, check_never_whole)
    return


@app.function
def predict_trials():
    """Predict: memory and horizon of a person are unknown. After learning, which 30 trials can tell them apart?

    Return "errors clamped at 0", "no feedback", "both" or "neither".
    """
    # solution
    return "no feedback"
    # end


@app.cell(hide_code=True)
def _():
    check.judge(predict_trials, check_predict_trials)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 10.5 Your own objective

    State an objective, derive, simulate, compare: `simulate(derive(objective), LOSS, STARTS[0], n_steps, dt)` returns a
    Dataset, as `solve(objective, LOSS).trajectory(STARTS[:1], times)` does.
    """)
    return


@app.function
def own_path():
    """Return (objective, run): an Objective of your own, and a path on LOSS from STARTS[0] that is optimal for it.

    Optimal: `path_excess(run, objective, LOSS)` is below 1 %.
    """
    # solution
    objective = Objective(0.3, plasticity=0.8)
    return objective, simulate(derive(objective), LOSS, STARTS[0], 800, 0.01)
    # end


@app.cell(hide_code=True)
def _():
    check.judge(own_path, check_own_path)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 10.6 Your report

    Take your learner, a data set (`analysis.datasets.names()`) or a CSV file of yours (`python -m analysis kinds`).
    `report_inference(answer, "report")`, from `analysis`, writes a page to start from. One page of text:

    | | a good report | points |
    |:---|:---|:---|
    | question | names the assumptions that are asked for, and what is known | 2 |
    | what can be told | verdict on each: identified, a bound, an alias; intervals with their priors | 3 |
    | what cannot | says which other learners have the same path | 2 |
    | check | residuals, left-out trials, or a learner of which the truth is known | 2 |
    | next experiment | which one, by how much it would tell more, what it costs | 2 |
    | honesty | what speaks against the conclusion; what was tried and left out | 2 |

    ## 10.7 Discussion

    1. Your neighbour finds another γ. How do you see whether it is another learner, or another prior?
    2. A path is optimal for some objective. Is it then a goal of the learner?
    3. Which of your assumptions would an experiment on animals never show?

    *Sources: Vastola, Gershman & Rajan (2025); Kalman (1960); Lindley (1956); Smith, Ghazizadeh & Shadmehr (2006).*
    """)
    return


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## Checks

    The right answers are calls of the engine. Look, after you have tried.
    """)
    return


@app.function(hide_code=True)
def numbers(exercise, **bounds):
    """Personal numbers of whoever works on this notebook."""
    try:
        name = my_name()
    except NotImplementedError:
        name = None
    if not isinstance(name, str) or not name.strip():
        raise InputError("Write your name first (10.1): your numbers come from it")
    return check.personal(name, exercise, **bounds)


@app.function(hide_code=True)
def my_records():
    """Paths (4, 41, 2) of your learner, with errors."""
    own = numbers("learner", discount=(0.4, 1.2), plasticity=(0.7, 1.5))
    paths = solve(Objective(**own), LOSS).trajectory(STARTS, TIMES).theta.values
    seed = int(numbers("noise", seed=(1.0, 999.0))["seed"])
    return paths + ERROR * np.random.default_rng(seed).standard_normal(paths.shape)


@app.function(hide_code=True)
def my_person():
    """Objective and belief of your person; times are in trials."""
    own = numbers("person", discount=(0.2, 0.9), time_constant=(10.0, 40.0))
    return Objective(own["discount"]), OrnsteinUhlenbeck(own["time_constant"], 10.0, 10.0)


@app.function(hide_code=True)
def check_my_name(answer):
    """Any name will do."""
    if not isinstance(answer, str) or not answer.strip():
        return check.Verdict(False, f"A name is asked for, as text in quotes, not {answer!r:.40}.")
    return check.Verdict(True, f"The numbers of “{' '.join(answer.split())}” are yours.")


@app.function(hide_code=True)
def check_discount_of_rates(answer):
    """Rates of the engine's optimal learners, of which it knows the discounts."""
    discounts = {}

    def problem(random):
        discount, curvatures = random.uniform(0.2, 2.0), np.sort(random.uniform(0.1, 10.0, 2))
        objective = Objective(discount, plasticity=random.uniform(0.5, 2.0))
        rates = np.sort(solve(objective, Quadratic(curvatures, [0.0, 0.0])).rates)
        discounts[tuple(rates)] = discount
        return rates, curvatures

    hints = {
        "That has the sign of −γ.": lambda rates, curvatures: -discounts[tuple(rates)],
        "That is the horizon 1/γ.": lambda rates, curvatures: 1 / discounts[tuple(rates)],
        "That takes ηk/G = 1, which nobody told.": lambda rates, curvatures: (curvatures[0] - rates[0] ** 2) / rates[0],
    }
    return check.code(answer, lambda rates, curvatures: discounts[tuple(rates)], problem, error=1e-6, others=hints)


@app.function(hide_code=True)
def check_predict_round(answer):
    """Aliases of the discount with equal and with unequal curvatures."""

    def error(loss):
        return identifiable(Experiment(loss, STARTS, TIMES), ("discount", "metric"), process_noise="none").error[0]

    unequal, equal = error(LOSS), error(Quadratic([1.0, 1.0], LOSS.optimum))
    options = {"as much": equal <= unequal, "less": unequal < equal < np.inf, "nothing": bool(np.isinf(equal))}
    words = "One rate has two unknowns, R² + γR = ηkh/G: for every γ there is a cost of change with the same path."
    return check.prediction(answer, options, words)


@app.function(hide_code=True)
def check_my_discount(answer):
    """The engine's inference; another one may differ by the standard deviation of the posterior."""
    inferred = infer(
        my_records(), LOSS, ("discount", "metric"), times=TIMES, process_noise="none", n_draws=1000, check=False
    )
    right, error = inferred.estimate("discount"), float(np.std(inferred.values("discount")))
    hints = {"That is the horizon 1/γ.": 1 / right, "That is ηk/G.": inferred.estimate("metric")}
    hints = {words: wrong for words, wrong in hints.items() if abs(wrong - right) > 4 * error}
    return check.number(answer, right, digits=2, error=error, others=hints)


@app.function(hide_code=True)
def check_expected_error(answer):
    """Fisher information of the records."""
    values = {"discount": 0.7, "metric": 1.0}
    experiment, known = Experiment(LOSS, STARTS, TIMES), {"measurement_noise": ERROR}
    of = identifiable(experiment, ("discount", "metric"), values, known=known, process_noise="none")
    hints = {"That is the error of ln G.": float(of.error[1]), "That is the variance.": float(of.error[0] ** 2)}
    return check.number(answer, float(of.error[0]), digits=2, others=hints)


@app.function(hide_code=True)
def check_telling_protocol(answer):
    """Expected log Bayes factors of all protocols."""
    if not (isinstance(answer, tuple | list) and len(answer) == 2):
        return check.Verdict(False, f"A name and a number are asked for, not {answer!r:.60}.")
    expected = discriminate(
        fit("pair_stdp", "sjostrom_2001"), fit("derived_bcm", "sjostrom_2001"), INTERVALS, FREQUENCIES
    )
    best, factors = expected.attrs["best"], expected.expected_log_bayes_factor
    if answer[0] != best:
        return check.Verdict(False, f"Another protocol tells more than {answer[0]!r:.40}: take the largest factor.")
    hints = {"That is the mean over protocols.": float(factors.mean())}
    return check.number(answer[1], float(factors.max()), digits=2, others=hints)


@app.function(hide_code=True)
def check_never_whole(answer):
    """Aim of the engine's learner after 500 trials."""
    objective, belief = my_person()
    run = derive_trials(objective, belief, approach=1.0).run(np.full(500, 30.0))
    hints = {
        "He believes that the turn fades, and aims short of it.": 30.0,
        "That is his belief; the aim follows what is believed of the future.": float(run.belief[-1]),
        "That is the aim after one trial.": float(run.aim[1]),
    }
    return check.number(answer, float(run.aim[-1]), others=hints)


@app.function(hide_code=True)
def check_predict_trials(answer):
    """Expected errors of the horizon with both kinds of trials at the end."""
    turns = np.r_[np.zeros(10), np.full(60, 30.0), np.zeros(30)]

    def tells(kind):
        kinds = np.r_[np.zeros(70), np.full(30, kind)]
        return bool(np.isfinite(horizon_error((4.5, 99.5), (1.82, 0.0173), 0.3, turns, kinds, 1.5)[0]))

    clamped, none = tells(1), tells(2)
    options = {
        "errors clamped at 0": clamped and not none,
        "no feedback": none and not clamped,
        "both": clamped and none,
        "neither": not (clamped or none),
    }
    words = "Errors, seen or clamped, show two numbers per memory, and with the horizon there is one more unknown."
    return check.prediction(answer, options, words)


@app.function(hide_code=True)
def check_own_path(answer):
    """Form of the Dataset, and its cost beyond the optimum."""
    if not (isinstance(answer, tuple | list) and len(answer) == 2):
        return check.Verdict(False, f"An objective and a run are asked for, not {answer!r:.60}.")
    objective, run = answer
    if not isinstance(objective, Objective) or not isinstance(run, xr.Dataset) or "theta" not in run:
        return check.Verdict(False, "An Objective and a Dataset with theta(trial, time, parameter) are asked for.")
    try:
        check_schema(run)
    except InputError as problem:
        return check.Verdict(False, f"The Dataset does not say what it holds: {problem}.")
    theta = run.theta.values.reshape(-1, *run.theta.shape[-2:])
    if theta.shape[-1] != 2 or not np.allclose(theta[:, 0], STARTS[0]):
        return check.Verdict(False, f"The path must begin at STARTS[0] = {STARTS[0].tolist()}.")
    excess = float(np.max(path_excess(run, objective, LOSS)))
    cost = f"costs {100 * excess:.2g} % more than the optimum"
    return check.Verdict(excess < 0.01, f"The path {cost}{'.' if excess < 0.01 else ' for this objective.'}")


@app.function
def mistakes():
    """Wrong answers that students give, with words of the hints."""
    objective, times = Objective(0.3, plasticity=0.8), np.linspace(0.0, 8.0, 801)
    path = solve(objective, LOSS).trajectory(STARTS[:1], times)
    bare = xr.Dataset({"theta": path.theta.variable}, {"time": times})
    short_sighted = simulate(rules.gradient_descent(0.8 / 0.3), LOSS, STARTS[0], 800, 0.01)
    person = derive_trials(*my_person(), approach=1.0).run(np.full(500, 30.0))
    return {
        "my_name": [(7, "text"), ("  ", "A name")],
        "discount_of_rates": [
            (lambda r, h: (r[0] ** 2 * h[1] - r[1] ** 2 * h[0]) / (r[0] * h[1] - r[1] * h[0]), "sign"),
            (lambda r, h: (h[0] - r[0] ** 2) / r[0], "nobody told"),
            (lambda r, h: r[1] - r[0], "is right"),
        ],
        "predict_round": [("as much", "two unknowns"), ("less", "two unknowns")],
        "my_discount": [
            (infer(my_records(), LOSS, times=TIMES, process_noise="none", check=False).estimate("metric"), "ηk/G"),
            (9.0, "too large"),
        ],
        "expected_error": [(0.00044, "variance"), (0.04, "too large")],
        "telling_protocol": [
            (("+10ms_1Hz", 0.05), "Another"),
            ("+10ms_50Hz", "a number"),
            (("+10ms_50Hz", 157.0), "too large"),
        ],
        "never_whole": [(30.0, "fades"), (float(person.belief[-1]), "belief"), (float(person.aim[1]), "one trial")],
        "predict_trials": [("errors clamped at 0", "one more"), ("both", "one more")],
        "own_path": [
            ((objective, short_sighted), "more than the optimum"),
            ((objective, bare), "title"),
            ((objective, path.isel(time=slice(10, None))), "must begin"),
            (path, "An objective"),
        ],
    }


@app.cell(hide_code=True)
def teacher_mistakes():
    mo.ui.table(check.hints(mistakes(), globals()), selection=None, label="Wrong answers and what a student reads")
    return


if __name__ == "__main__":
    app.run()
