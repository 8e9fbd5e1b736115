"""Lesson 5: Noisy feedback.

Afterwards you can derive a Kalman gain, Adam and its ε, and say when a belief is worth having.

90 minutes: 20 of talk, 50 of exercises, 20 of discussion. Needs lesson 1 and probability.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Lesson 5: Noisy feedback")

with app.setup:
    import marimo as mo
    import numpy as np
    import plotly.graph_objects as go
    import sympy as sp

    from course import check, symbol_table
    from plasticity import FadingMemory, Objective, OrnsteinUhlenbeck, contest, derive, rules
    from plasticity.limits import small_discount

    GAMMA = sp.Symbol("gamma", positive=True)
    PROCESS = OrnsteinUhlenbeck(time_constant=2.0, stationary_std=1.0, observation_noise=0.5)


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    # 5 Noisy feedback

    No synapse reads the gradient $g$. It reads something noisy, late and partial. A learner that knows this replaces
    the gradient by a **belief**: what the observations so far say about it. Which belief depends on what it assumes
    about how the gradient changes and how noisy its observations are. Two famous answers: the Kalman filter and Adam.

    *To begin, run all cells: ▶ at the bottom right.*
    """)
    return


@app.cell(hide_code=True)
def _():
    names = "gradient belief_mean belief_curvature belief_variance decay discount plasticity loss_weight learning_rate"
    mo.md(symbol_table(*names.split()))
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 5.1 A gradient that comes and goes

    Let the gradient be an Ornstein–Uhlenbeck process,
    $\mathrm{d}g = -g/\tau\,\mathrm{d}t + \sigma\sqrt{2/\tau}\,\mathrm{d}W$, seen as $g$ plus white noise of strength
    $\sigma_o$. The belief is Gaussian, with mean $m$ and variance $S$ (Kalman & Bucy 1961):

    $$ \dot m = -\frac{m}{\tau} + \frac{S}{\sigma_o^2}\,(g_\mathrm{seen} - m), \qquad
       \dot S = -\frac{2S}{\tau} + \frac{2\sigma^2}{\tau} - \frac{S^2}{\sigma_o^2} . $$

    $S/\sigma_o^2$ is the **gain**. Below, $\tau = 2$ s, $\sigma = 1$ and $\sigma_o = 0.5$.
    """)
    return


@app.function
def kalman_gain():
    """Return the gain S/σ_o² after a long time, to three digits."""
    # solution
    noise = 0.25
    return float(max(np.roots([1.0 / noise, 1.0, -1.0]))) / noise
    # end


@app.cell(hide_code=True)
def _():
    check.judge(kalman_gain, check_kalman_gain)
    return


@app.function
def predict_fading():
    """Predict: two learners have the same estimate of the gradient. One knows that it will fade, one thinks it stays.

    Return "the one who knows moves slower", "the one who knows moves faster" or "both move alike".
    """
    # solution
    return "the one who knows moves slower"
    # end


@app.cell(hide_code=True)
def _():
    check.judge(predict_fading, check_predict_fading)
    return


@app.function
def fading_flow():
    """Return dw/dt of the learner who knows, in m, v, eta, k, gamma and tau, as text.

    Follow lesson 1 with V = ½ p δ² + q m δ, where E[dm] = −m/τ dt.
    """
    # solution
    return "-eta*k*m/(gamma/2 + sqrt(gamma**2/4 + eta*k*v) + 1/tau)"
    # end


@app.cell(hide_code=True)
def _():
    check.judge(fading_flow, check_fading_flow)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 5.2 Memories

    A learner without a model of the noise can average. A **fading memory** forgets a share $1 - \beta$ of its evidence
    per step: at observation $t$ its estimate moves by a gain times (new − old).
    """)
    return


@app.function
def memory_gain():
    """Return the gain at observation t, in b (for β) and t, as text. All evidence counts, weighed by b**age."""
    # solution
    return "(1 - b)/(1 - b**t)"
    # end


@app.cell(hide_code=True)
def _():
    check.judge(memory_gain, check_memory_gain)
    return


@app.function
def adam_path(gradients):
    """Return the weights (an array) after each of the gradients (an array), from w = 0.

    Adam: memories of g (β = 0.9) and of g² (β = 0.999) with the gain above, w −= 0.01·m/(sqrt(s) + 1e-8).
    """
    # solution
    w = m = s = 0.0
    path = []
    for t, g in enumerate(gradients, 1):
        m += 0.1 / (1 - 0.9**t) * (g - m)
        s += 0.001 / (1 - 0.999**t) * (g**2 - s)
        w -= 0.01 * m / (np.sqrt(s) + 1e-8)
        path.append(w)
    return np.array(path)
    # end


@app.cell(hide_code=True)
def _():
    check.judge(adam_path, check_adam_path)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 5.3 What is ε?

    Take the rule of lesson 1, and let the mean square gradient $s$ stand for the curvature (the empirical Fisher
    information):

    $$ \Delta w \propto \frac{-g}{\gamma/2 + \sqrt{\gamma^2/4 + \eta k\, s}} . $$

    For a long but finite horizon expand the *slowness* $1/\Delta w$ to first order in $\gamma$. Compare with
    $-\alpha\, g/(\sqrt s + \varepsilon)$.
    """)
    return


@app.function
def epsilon():
    """Return Adam's ε in gamma, eta and k, as text."""
    # solution
    return "gamma/(2*sqrt(eta*k))"
    # end


@app.cell(hide_code=True)
def _():
    check.judge(epsilon, check_epsilon)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 5.4 When is a belief worth having?

    Two weights follow optima that wander, and see noisy gradients (`plasticity.contest`). The *excess* is the cost
    beyond that of the exact learner. Gradient descent takes the steps that would be best without noise.
    """)
    return


@app.function
def predict_noise():
    """Predict: in much noise (5 for a gradient seen for 1 s), gradient descent costs … than not learning at all.

    Return "more" or "less".
    """
    # solution
    return "more"
    # end


@app.cell(hide_code=True)
def _():
    predicted = check.judge(predict_noise, check_predict_noise)
    mo.stop(not predicted.begun, mo.md("🔒 *The slider unlocks when you have predicted.*"))
    condition = mo.ui.slider(1.0, 100.0, 1.0, value=10.0, label="ratio of the curvatures", show_value=True)
    mo.vstack([predicted, condition])
    return (condition,)


@app.cell(hide_code=True)
def _(condition):
    def noise_figure(ratio):
        """Excess against noise of three learners."""
        noises = np.geomspace(0.1, 5.0, 7)
        problems = [contest.Contest(noise=noise, condition=ratio) for noise in noises]
        best = [contest.best_cost(problem) for problem in problems]
        figure = go.Figure()
        for learner, name, colour, dash in (
            (contest.gradient_descent, "gradient descent", "#D55E00", "solid"),
            (contest.kalman_gradient, "Kalman filter of the gradient", "#0072B2", "solid"),
            (contest.still, "no learning", "#000000", "dot"),
        ):
            costs = [float(contest.exact_cost(problem, learner(problem))) for problem in problems]
            line = {"color": colour, "dash": dash, "width": 3}
            figure.add_scatter(x=noises, y=np.subtract(costs, best), name=name, mode="lines+markers", line=line)
        figure.update_xaxes(type="log", title="noise of a gradient seen for 1 s")
        figure.update_yaxes(type="log", title="excess cost per second")
        title = f"Worth of a belief, curvatures 1 : {ratio:g}"
        figure.update_layout(height=400, margin={"l": 50, "r": 10, "t": 40, "b": 40}, title=title)
        return figure

    mo.ui.plotly(noise_figure(condition.value))
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 5.5 Discussion

    1. Adam's $\varepsilon$ is usually $10^{-8}$, "to avoid a division by zero". What horizon does that state?
    2. $s$ contains the noise of $g$. What does Adam take noise for, and is that good or bad?
    3. Where could a synapse keep $m$, $s$ and $S$?

    *Sources: Kalman & Bucy (1961); Kingma & Ba (2015); Vastola, Gershman & Rajan (2025), the section on partial
    observability.*
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
def check_kalman_gain(answer):
    """Zero of the variance's flow in the engine's rule."""
    rule = derive(Objective(GAMMA), gradient_belief=PROCESS)
    variance = next(state for state in rule.states if state.name == "belief_variance")
    values = {p.symbol: p.value for p in rule.parameters if p.value is not None}
    rest = max(sp.Poly(variance.flow.subs(values), variance.symbol).nroots())
    noise = PROCESS.observation_noise**2
    hints = {
        "That is the variance S; divide by σ_o².": float(rest),
        "σ_o is a standard deviation: divide by its square.": float(rest) / PROCESS.observation_noise,
    }
    return check.number(answer, float(rest) / noise, others=hints)


@app.function(hide_code=True)
def check_predict_fading(answer):
    """Speeds of two rules at the same estimate, with numbers."""
    fades = derive(Objective(1.0), gradient_belief=PROCESS).weight_flow
    stays = derive(Objective(1.0), gradient_belief=OrnsteinUhlenbeck(1e6, 1.0, 0.5)).weight_flow
    numbers = dict.fromkeys(("belief_mean", "curvature", "loss_weight", "plasticity", "discount"), 1.0)
    speeds = [
        abs(float(flow.subs({s: numbers.get(s.name, tau) for s in flow.free_symbols})))
        for flow, tau in ((fades, 2.0), (stays, 1e6))
    ]
    options = {
        "the one who knows moves slower": speeds[0] < speeds[1],
        "the one who knows moves faster": speeds[0] > speeds[1],
        "both move alike": speeds[0] == speeds[1],
    }
    return check.prediction(answer, options, "A gradient that will soon be gone is not worth a costly step.")


@app.function(hide_code=True)
def check_fading_flow(answer):
    """The engine's rule with a belief about the gradient."""
    hints = {
        "So moves one who thinks that the gradient stays.": "-eta*k*m/(gamma/2 + sqrt(gamma**2/4 + eta*k*v))",
        "The gradient fades, it does not grow: the sign of 1/τ is wrong.": (
            "-eta*k*m/(gamma/2 + sqrt(gamma**2/4 + eta*k*v) - 1/tau)"
        ),
    }
    names = {"m": "belief_mean", "tau": "tau_gradient"}
    return check.formula(answer, derive(Objective(GAMMA), gradient_belief=PROCESS), hints, names)


@app.function(hide_code=True)
def check_memory_gain(answer):
    """How much an observed gradient moves the engine's memory."""
    updates = derive(Objective(sp.oo), gradient_belief=FadingMemory(decay=0.9)).events["clock"]
    moved = next(update.expression for update in updates if update.target == "belief_mean")
    gradient = next(s for s in moved.free_symbols if s.name == "gradient")
    hints = {
        "That is the gain after many observations; the first must count fully.": "1 - decay_mean",
        "That is the plain average, which forgets nothing.": "1/count",
    }
    return check.formula(answer, sp.diff(moved, gradient), hints, {"b": "decay_mean", "t": "count"})


@app.function(hide_code=True)
def check_adam_path(answer):
    """The updates of the derived rule, one after another."""

    def engine(correct):
        def path(gradients):
            rule = rules.adam(learning_rate=0.01, bias_correction=correct)
            names = {state.name: 0.0 for state in rule.states} | {"w": 0.0}
            weights = []
            for gradient in gradients:
                for update in rule.events["clock"]:
                    known = names | rule.values | {"gradient": gradient}
                    step = update.expression.subs({s: known[s.name] for s in update.expression.free_symbols})
                    names[update.target] = float(step)
                weights.append(names["w"])
            return np.array(weights)

        return path

    hints = {"The first observations must count fully: use the gain above.": engine(False)}
    return check.code(answer, engine(True), lambda random: (random.normal(size=4),), 2, error=1e-9, others=hints)


@app.function(hide_code=True)
def check_epsilon(answer):
    """Slowness of the engine's rule, first order in γ, as a line in √s."""
    rule = small_discount(derive(Objective(GAMMA), curvature_belief=FadingMemory(decay=0.999)))
    step = rule.events["clock"][-1].expression
    moving = step.as_independent(next(s for s in step.free_symbols if s.name == "gradient"), as_Add=True)[1]
    square = next(s for s in moving.free_symbols if s.name == "belief_curvature")
    root = sp.Symbol("root", positive=True)
    slowness = sp.Poly(sp.expand(sp.simplify(1 / moving).subs(square, root**2)), root)
    right = sp.simplify(slowness.coeff_monomial(1) / slowness.coeff_monomial(root))
    hints = {
        "Take the whole first order: √(γ²/4 + …) does not contribute, γ/2 does.": "gamma/sqrt(eta*k)",
        "Divide by √(ηk), too, so that α comes out in front.": "gamma/2",
    }
    return check.formula(answer, right, hints)


@app.function(hide_code=True)
def check_predict_noise(answer):
    """Exact costs of two learners."""
    problem = contest.Contest(noise=5.0)
    descent, still = (
        float(contest.exact_cost(problem, learner(problem))) for learner in (contest.gradient_descent, contest.still)
    )
    words = f"The costs are {descent:.3g} and {still:.3g} per second: it runs after noise."
    return check.prediction(answer, {"more": descent > still, "less": descent < still}, words)


@app.function
def mistakes():
    """Wrong answers that students give, with words of the hints."""

    def uncorrected(gradients):
        w = m = s = 0.0
        path = []
        for g in gradients:
            m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
            path.append(w := w - 0.01 * m / (s**0.5 + 1e-8))
        return np.array(path)

    return {
        "kalman_gain": [(0.3904, "variance S"), (0.781, "square"), (3.12, "twice")],
        "predict_fading": [("both move alike", "slower"), ("the one who knows moves faster", "slower")],
        "fading_flow": [
            ("-eta*k*m/(gamma/2 + sqrt(gamma**2/4 + eta*k*v))", "stays"),
            ("-eta*k*m/(gamma/2 + sqrt(gamma**2/4 + eta*k*v) - 1/tau)", "sign of 1/τ"),
            ("-eta*k*g/(gamma/2 + sqrt(gamma**2/4 + eta*k*v) + 1/tau)", "does not depend on gradient"),
        ],
        "memory_gain": [("1 - b", "first must count"), ("1/t", "plain average"), ("(1 - b)/(1 + b**t)", "right value")],
        "adam_path": [(uncorrected, "gain above"), (lambda gradients: -0.01 * np.cumsum(gradients), "is right")],
        "epsilon": [("gamma/sqrt(eta*k)", "whole first order"), ("gamma/2", "√(ηk)"), ("2*sqrt(eta*k)/gamma", "unit")],
        "predict_noise": [("less", "runs after noise"), ("equal", "Choose")],
    }


@app.cell(hide_code=True)
def teacher_mistakes():
    mo.ui.table(check.hints(mistakes(), globals()), selection=None, label="Wrong answers and what a student reads")
    return


if __name__ == "__main__":
    app.run()
