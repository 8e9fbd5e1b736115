"""Lesson 6: Changing tasks.

Afterwards you can relate a reset and a memory with two rates to optimal learning in a changing world.

90 minutes: 20 of talk, 50 of exercises, 20 of discussion. Needs lesson 5.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Lesson 6: Changing tasks")

with app.setup:
    import marimo as mo
    import numpy as np
    import plotly.graph_objects as go
    import sympy as sp

    from course import check, symbol_table
    from plasticity import Objective, OrnsteinUhlenbeck, Quadratic, derive, filters, solve

    GAMMA = sp.Symbol("gamma", positive=True)
    RETENTION, PROCESS, NOISE = (0.8, 0.99), (0.2, 0.002), 1.0


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    # 6 Changing tasks

    What was right yesterday may be wrong tomorrow. A learner that knows this acts differently *today*: it does not go
    all the way to the present optimum, and it tells lasting changes from passing ones.

    *To begin, run all cells: ▶ at the bottom right.*
    """)
    return


@app.cell(hide_code=True)
def _():
    names = "w gradient curvature discount hazard prior_mean effective_discount rate"
    mo.md(symbol_table(*names.split()))
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 6.1 Tasks that are replaced

    At the hazard $h$ (a rate) the task is replaced: the optimum $\mu$ of $\tfrac12 v\,(w - \mu)^2$ becomes a new one,
    which is $\mu_0$ on average. The change is announced. With $\Gamma = \gamma + R$, where $R$ is the rate of lesson 1,
    the rule is

    $$ \dot w = -\frac{\eta k v}{\Gamma + h} \left[ (w - \mu) + \frac{h}{\Gamma} (w - \mu_0) \right] . $$
    """)
    return


@app.function
def rest_between_tasks():
    """Return where the weight rests as long as the task lasts, in G (for Γ), h, mu and mu_0, as text."""
    # solution
    return "(G*mu + h*mu_0)/(G + h)"
    # end


@app.cell(hide_code=True)
def _():
    check.judge(rest_between_tasks, check_rest_between_tasks)
    return


@app.function
def predict_reset():
    """Predict: which learner is drawn more strongly to μ_0, the mean of the tasks to come?

    Return "the far-sighted", "the short-sighted" or "both alike".
    """
    # solution
    return "the far-sighted"
    # end


@app.cell(hide_code=True)
def _():
    check.judge(predict_reset, check_predict_reset)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 6.2 An optimum that wanders back

    Now nothing is announced. The optimum is $m$ away from its usual place (0) and returns with the time constant
    $\tau$, on average $m\,e^{-t/\tau}$. A learner that pays for its changes does not run after all of it: its
    target is a share of $m$.
    """)
    return


@app.function
def share_followed():
    """Return the target as a share of m, in G (for Γ = γ + R) and tau, as text."""
    # solution
    return "G/(G + 1/tau)"
    # end


@app.cell(hide_code=True)
def _():
    check.judge(share_followed, check_share_followed)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 6.3 Two rates of memory

    People who adapt a reach to a disturbance show two processes: one learns and forgets fast, one slowly (Smith,
    Ghazizadeh & Shadmehr 2006). An observer shows them, too, if the disturbance is a sum of components that last short
    and long: $p_i \leftarrow a_i\,p_i$ plus noise of variance $q_i$, seen through noise of variance $r$. It is a
    Kalman filter per trial:

    1. predict: $m \leftarrow A m$, $P \leftarrow A P A^\top + Q$;
    2. correct, with $c = (1, 1)$ and the gain $K = P c / (c^\top P c + r)$: $m \leftarrow m + K (y - c^\top m)$,
       $P \leftarrow P - K c^\top P$.
    """)
    return


@app.function
def kalman_trial(mean, covariance, seen):
    """Return the mean (an array of size 2) after one trial in which `seen` (a number) was observed.

    mean and covariance are those before the trial; A = diag(0.8, 0.99), Q = diag(0.2, 0.002), r = 1.
    """
    # solution
    a = np.diag([0.8, 0.99])
    m, p = a @ mean, a @ covariance @ a.T + np.diag([0.2, 0.002])
    gain = p.sum(axis=1) / (p.sum() + 1.0)
    return m + gain * (seen - m.sum())
    # end


@app.cell(hide_code=True)
def _():
    check.judge(kalman_trial, check_kalman_trial)
    return


@app.function
def steady_gain():
    """One component with a = 0.9, q = 0.1 and r = 1: return the gain after many trials, to three digits."""
    # solution
    a, q, r = 0.9, 0.1, 1.0
    p = max(np.roots([1.0, r * (1 - a**2) - q, -q * r]))
    return float(p / (p + r))
    # end


@app.cell(hide_code=True)
def _():
    check.judge(steady_gain, check_steady_gain)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 6.4 Spontaneous recovery

    A disturbance of 1 lasts for 100 trials, then −1 for a few, until the output is near 0. Then nothing is seen.
    """)
    return


@app.function
def predict_recovery():
    """Predict: what does the output (the sum of both components) do in the trials after that?

    Return "stays at 0", "goes up and then down" or "goes down and then up".
    """
    # solution
    return "goes up and then down"
    # end


@app.cell(hide_code=True)
def _():
    predicted = check.judge(predict_recovery, check_predict_recovery)
    mo.stop(not predicted.begun, mo.md("🔒 *The slider unlocks when you have predicted.*"))
    opposed = mo.ui.slider(0, 20, 1, value=3, label="trials with −1", show_value=True)
    mo.vstack([predicted, opposed])
    return (opposed,)


@app.cell(hide_code=True)
def _(opposed):
    def recovery_figure(n_opposed):
        """Output and both components by trial."""
        belief = adaptation(n_opposed)
        figure = go.Figure()
        lines = ((belief.sum(axis=1), "output", "#000000", "solid"), (belief[:, 0], "fast", "#D55E00", "dash"))
        for values, name, colour, dash in (*lines, (belief[:, 1], "slow", "#0072B2", "dash")):
            line = {"color": colour, "dash": dash, "width": 3}
            figure.add_scatter(y=values, name=name, mode="lines", line=line)
        figure.add_vrect(100, 100 + n_opposed, fillcolor="#888888", opacity=0.3, line_width=0)
        peak = belief[100 + n_opposed :].sum(axis=1).max()
        title = f"After {n_opposed} trials with −1 the output comes back to {peak:.2f}"
        figure.update_layout(height=400, margin={"l": 50, "r": 10, "t": 40, "b": 40}, title=title)
        figure.update_layout(xaxis_title="trial", yaxis_title="adaptation", legend={"orientation": "h", "y": -0.25})
        return figure

    mo.ui.plotly(recovery_figure(opposed.value))
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 6.5 Discussion

    1. Is the pull to $\mu_0$ forgetting, or knowledge?
    2. Two rates in behaviour: two processes in the brain, or one observer of a world with two time scales? What
       would tell?
       (`analysis.state_space`, `analysis.trial_learner` and the data set `thart_reach` may help.)
    3. Which tasks would a learner with one rate handle as well?

    *Sources: Smith, Ghazizadeh & Shadmehr (2006); Kalman (1960); Vastola, Gershman & Rajan (2025), the section on
    continual
    learning.*
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
def in_effective_discount(flow):
    """Expression in which the root in γ + R = γ/2 + √(…) is replaced, so that Γ stands for the sum."""
    total = sp.Symbol("effective_discount", positive=True)
    roots = [power for power in flow.atoms(sp.Pow) if power.exp == sp.Rational(1, 2) and power.has(GAMMA)]
    own = next(s for s in flow.free_symbols if s.name == "gamma")
    return flow.subs(dict.fromkeys(roots, total - own / 2))


@app.function(hide_code=True)
def check_rest_between_tasks(answer):
    """Zero of the engine's rule with a hazard."""
    flow = derive(Objective(GAMMA, hazard=0.5, prior_mean=0.0)).weight_flow
    named = {s.name: s for s in flow.free_symbols}
    optimum = sp.Symbol("optimum", positive=True)
    moving = in_effective_discount(flow).subs(named["gradient"], named["curvature"] * (named["w"] - optimum))
    [rest] = sp.solve(moving, named["w"])
    hints = {
        "There it would go if nothing changed.": "optimum",
        "The weights are exchanged.": "(hazard*optimum + effective_discount*prior_mean)/(effective_discount + hazard)",
    }
    names = {"G": "effective_discount", "h": "hazard", "mu": "optimum", "mu_0": "prior_mean"}
    return check.formula(answer, sp.factor(rest), hints, names)


@app.function(hide_code=True)
def check_predict_reset(answer):
    """Rest points at two horizons; the present optimum is 1, the tasks to come are 0 on average."""

    def rest(discount):
        return solve(Objective(discount, hazard=0.5, prior_mean=0.0), Quadratic([1.0], [1.0])).rest_point[0]

    far, short = rest(0.1), rest(10.0)
    options = {"the far-sighted": far < short, "the short-sighted": far > short, "both alike": far == short}
    return check.prediction(answer, options, f"They rest at {far:.2f} and {short:.2f}; the present optimum is 1.")


@app.function(hide_code=True)
def check_share_followed(answer):
    """Ratio of the factors of the believed optimum and of the weight in the engine's rule."""
    flow = derive(Objective(GAMMA), optimum_belief=OrnsteinUhlenbeck(2.0, 1.0, 0.5)).weight_flow
    named = {s.name: s for s in flow.free_symbols}
    ratio = -sp.diff(flow, named["belief_optimum"]) / sp.diff(flow, named["w"])
    hints = {
        "That is the share that is not followed.": "1/(1 + effective_discount*tau_optimum)",
        "1/τ is a rate, τ is none: the unit does not fit.": "effective_discount/(effective_discount + tau_optimum)",
    }
    names = {"G": "effective_discount", "tau": "tau_optimum"}
    return check.formula(answer, sp.simplify(in_effective_discount(ratio)), hints, names)


@app.function(hide_code=True)
def observer(mean=(0.0, 0.0), covariance=None):
    """The engine's filter of a disturbance in trials, from any belief on."""
    start = filters.trials(RETENTION, PROCESS, NOISE)
    p = start.covariance if covariance is None else covariance
    parts = (start.transition, start.process_covariance, start.observation, start.observation_covariance)
    return filters.LinearGaussian(*parts, mean, p, start.rest)


@app.function(hide_code=True)
def check_kalman_trial(answer):
    """Predict and correct, by the engine's filter."""

    def engine(mean, covariance, seen):
        learner = observer(mean, covariance)
        return learner.update(learner.predict(learner.init()), np.array([seen]))[0].mean

    def unpredicted(mean, covariance, seen):
        learner = observer(mean, covariance)
        return learner.update(learner.init(), np.array([seen]))[0].mean

    def problem(random):
        root = random.normal(size=(2, 2))
        return random.normal(size=2), root @ root.T, float(random.normal())

    hints = {
        "The prediction is missing: between trials the components decay and get uncertain.": unpredicted,
        "The observation is not used.": lambda mean, covariance, seen: np.array(RETENTION) * mean,
    }
    return check.code(answer, engine, problem, error=1e-8, others=hints)


@app.function(hide_code=True)
def check_steady_gain(answer):
    """Gain of the engine's filter after a long time."""
    learner = filters.trials([0.9], [0.1], 1.0)
    right = float(filters.steady_gain(learner)[0, 0])
    variance = right / (1 - right)  # K = P/(P + r), r = 1
    lasting = float(filters.steady_gain(filters.trials([1 - 1e-9], [0.1], 1.0))[0, 0])
    hints = {
        "That is the variance before the observation; the gain is P/(P + r).": variance,
        "That is the gain for a component without memory loss: a is missing.": lasting,
    }
    return check.number(answer, right, others=hints)


@app.function(hide_code=True)
def adaptation(n_opposed):
    """Belief (n_trials, 2) over 100 trials with 1, some with −1, and 60 in which nothing is seen."""
    seen = np.concatenate([np.ones(100), -np.ones(n_opposed), np.full(60, np.nan)])
    return filters.track(filters.trials(RETENTION, PROCESS, NOISE), seen[:, None]).belief.values


@app.function(hide_code=True)
def check_predict_recovery(answer):
    """Output of the engine's filter after the number of opposed trials that brings it nearest to 0."""
    n_opposed = min(range(1, 20), key=lambda n: abs(adaptation(n)[99 + n].sum()))
    after = adaptation(n_opposed)[99 + n_opposed :].sum(axis=1)
    rises, falls = after.max() - after[0] > 0.05, after[0] - after.min() > 0.05
    options = {
        "stays at 0": not (rises or falls),
        "goes up and then down": bool(rises),
        "goes down and then up": bool(falls),
    }
    words = (
        f"From {after[0]:.2f} to {after.max():.2f}: the fast component forgets the −1, the slow one remembers the 1."
    )
    return check.prediction(answer, options, words)


@app.function
def mistakes():
    """Wrong answers that students give, with words of the hints."""
    return {
        "rest_between_tasks": [
            ("mu", "nothing changed"),
            ("(h*mu + G*mu_0)/(G + h)", "exchanged"),
            ("(G*mu + h*mu_0)/G", "right value"),
        ],
        "predict_reset": [("the short-sighted", "rest at"), ("both alike", "rest at")],
        "share_followed": [("1/(1 + G*tau)", "not followed"), ("G/(G + tau)", "unit"), ("G*tau", "right value")],
        "kalman_trial": [
            (lambda mean, covariance, seen: np.array(RETENTION) * mean, "not used"),
            (lambda mean, covariance, seen: mean + 0.5 * (seen - mean.sum()), "is right"),
        ],
        "steady_gain": [(0.274, "variance"), (0.27, "memory loss"), (0.431, "twice")],
        "predict_recovery": [("stays at 0", "remembers"), ("goes down and then up", "remembers")],
    }


@app.cell(hide_code=True)
def teacher_mistakes():
    mo.ui.table(check.hints(mistakes(), globals()), selection=None, label="Wrong answers and what a student reads")
    return


if __name__ == "__main__":
    app.run()
