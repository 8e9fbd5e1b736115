"""Lesson 4: Leaving a minimum.

Afterwards you can plan a path over a barrier, find the critical discount, and say when staying is optimal.

90 minutes: 20 of talk, 50 of exercises, 20 of discussion. Needs lesson 1.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Lesson 4: Leaving a minimum")

with app.setup:
    import marimo as mo
    import numpy as np
    import xarray as xr
    from plotly.subplots import make_subplots

    from course import check, symbol_table
    from plasticity import DoubleWell, Objective, critical_discount, explain, from_expression, plan

    WELL = from_expression("(x**2 - 1)**2 - x/2", "x")
    SHALLOW, DEEP = (minimum[:1] for minimum in DoubleWell(tilt=0.5).minima)
    DURATION, N_POINTS = 20.0, 201
    TIMES = np.linspace(0.0, DURATION, N_POINTS)
    DISCOUNT = 0.3


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    # 4 Leaving a minimum

    Gradient descent ends in the nearest minimum. A learner that minimises

    $$ J = \int_0^\infty e^{-\gamma t} \left[ \frac{\dot x^2}{2\eta} + k\,L(x) \right] dt $$

    may leave it: it pays for the climb now and gains a smaller loss later. No noise is needed. Whether that pays
    depends on how far it looks ahead. Take one weight and

    $$ L(x) = (x^2 - 1)^2 - c\,x , $$

    with a shallow minimum on the left and, for $c > 0$, a deeper one on the right. In the code `WELL` is $L$ for
    $c = \tfrac12$, and `SHALLOW` and `DEEP` are its minima; $\eta = k = 1$.

    *To begin, run all cells: ▶ at the bottom right.*
    """)
    return


@app.cell(hide_code=True)
def _():
    mo.md(symbol_table("loss", "discount", "plasticity", "loss_weight", "J", "critical_discount", "escape_path"))
    return


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## 4.1 The landscape
    """)
    return


@app.function
def two_minima(tilt):
    """Return the two minima of (x² − 1)² − tilt·x, an array, from left to right; tilt is a number between 0 and 1."""
    # solution
    roots = np.sort(np.roots([4.0, 0.0, -4.0, -tilt]).real)
    return roots[[0, 2]]
    # end


@app.cell(hide_code=True)
def _():
    check.judge(two_minima, check_two_minima)
    return


@app.function
def cost_of_staying():
    """Return J of a learner that stays in the shallow minimum for ever (c = 1/2), at γ = 0.3. Three digits."""
    # solution
    return float(WELL.loss(SHALLOW)) / 0.3
    # end


@app.cell(hide_code=True)
def _():
    check.judge(cost_of_staying, check_cost_of_staying)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 4.2 The cost of a path

    A computer knows a path as numbers $x_0, x_1, \dots$ at times $h$ apart. Take the speed in each interval, the loss
    at its middle $(x_i + x_{i+1})/2$, and discount to the middle of its time.
    """)
    return


@app.function
def action(x, h, discount):
    """Return J of a path x (an array) with the time h between its points; the loss is WELL.

    WELL.loss(points) takes an array of shape (n, 1).
    """
    # solution
    speed, middle = np.diff(x) / h, (x[1:] + x[:-1]) / 2
    weight = np.exp(-discount * h * (np.arange(len(middle)) + 0.5)) * h
    return float(np.sum(weight * (speed**2 / 2 + WELL.loss(middle[:, None]))))
    # end


@app.cell(hide_code=True)
def _():
    check.judge(action, check_action)
    return


@app.function
def drawn_path():
    """Draw a path from SHALLOW that is better than staying, at γ = 0.3: an array with a value for each of TIMES.

    It must save 90 % of what the best path saves.
    """
    # solution
    rise = 1 / (1 + np.exp(-2.8 * (TIMES - 1.0)))
    rise = (rise - rise[0]) / (1 - rise[0])
    return SHALLOW[0] + (DEEP[0] - SHALLOW[0]) * rise
    # end


@app.cell(hide_code=True)
def _():
    check.judge(drawn_path, check_drawn_path)
    return


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## 4.3 Who leaves?
    """)
    return


@app.function
def predict_escape():
    """Predict: one learner has γ = 0.3, another γ = 2. Both start at rest in the shallow minimum. Who leaves it?

    Return "the far-sighted", "the short-sighted", "both" or "neither".
    """
    # solution
    return "the far-sighted"
    # end


@app.cell(hide_code=True)
def _():
    predicted = check.judge(predict_escape, check_predict_escape)
    mo.stop(not predicted.begun, mo.md("🔒 *The slider unlocks when you have predicted.*"))
    discounting = mo.ui.slider(0.1, 1.5, 0.05, value=0.3, label="γ", show_value=True)
    mo.vstack([predicted, discounting])
    return (discounting,)


@app.cell(hide_code=True)
def _(discounting):
    def crossing(discount):
        """The best path that ends in the deep minimum."""
        first = SHALLOW + (DEEP - SHALLOW) / (1 + np.exp(-2.5 * (TIMES - 1.6)))[:, None]
        first[0] = SHALLOW
        return plan(Objective(discount), WELL, SHALLOW, DURATION, end=DEEP, initial_path=first, n_points=N_POINTS)

    def figure_of_crossing(discount):
        """Path and costs of crossing, beside those of staying."""
        path = crossing(discount)
        parts = explain(path, Objective(discount), WELL)
        stay = float(WELL.loss(SHALLOW)) / discount
        go_on = float(parts.action) + float(WELL.loss(DEEP)) / discount * np.exp(-discount * DURATION)
        figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.08)
        figure.add_scatter(x=TIMES, y=path.theta.values[:, 0], name="x of the best crossing", line={"color": "#0072B2"})
        figure.add_hline(y=SHALLOW[0], line_dash="dot", row=1, col=1)
        effort = parts.effort.values[:, 0]
        figure.add_scatter(x=parts.time, y=effort, name="cost of change", line={"color": "#D55E00"}, row=2, col=1)
        loss = {"color": "#117733", "dash": "dash"}
        figure.add_scatter(x=parts.time, y=parts.loss, name="loss", line=loss, row=2, col=1)
        figure.update_xaxes(range=[0, 8], title_text="t (s)", row=2, col=1)
        better = "crossing is better" if go_on < stay else "staying is better"
        title = f"J: crossing {go_on:.3f}, staying {stay:.3f}: {better}"
        figure.update_layout(height=430, margin={"l": 40, "r": 10, "t": 40, "b": 40}, title=title)
        return figure

    mo.ui.plotly(figure_of_crossing(discounting.value))
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 4.4 The critical discount

    At $\gamma_c$ crossing and staying cost the same. The path then takes for ever to leave and to arrive, and obeys
    $\ddot x = \gamma \dot x + \eta k L'(x)$: the equation of a *front* that invades a medium with two states, with
    $\gamma$ as its speed. For a quartic the speed has a closed form: with the stationary points $a < m < b$ of
    $(x^2-1)^2 - c\,x$ try $\dot x = s\,(x - a)(b - x)$.
    """)
    return


@app.function
def critical(tilt):
    """Return γ_c of (x² − 1)² − tilt·x at eta = k = 1, a number; tilt is a number between 0 and 1."""
    # solution
    a, m, b = np.sort(np.roots([4.0, 0.0, -4.0, -tilt]).real)
    return np.sqrt(2) * (a + b - 2 * m)
    # end


@app.cell(hide_code=True)
def _():
    check.judge(critical, check_critical)
    return


@app.function
def cheaper_change():
    """By which factor is γ_c larger if change becomes nine times cheaper (eta = 9 in place of 1)?"""
    # solution
    return 3.0
    # end


@app.cell(hide_code=True)
def _():
    check.judge(cheaper_change, check_cheaper_change)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 4.5 Discussion

    1. A noisy learner leaves a minimum by chance, this one by plan. Which measurement of weights would tell them apart?
    2. The planner must know the whole landscape. Which learner could act as if it knew it?
    3. What happens to $\gamma_c$ when the minima become equally deep? Why does the height of the barrier not matter
       for the answer?

    *Sources: Vastola, Gershman & Rajan (2025), figure 1; Muratov & Novaga (2008) on fronts.*
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
def tilted(tilt):
    """Landscape and its minima, for any tilt."""
    return from_expression(f"(x**2 - 1)**2 - {float(tilt)!r}*x", "x"), DoubleWell(tilt=tilt).minima[:, :1]


@app.function(hide_code=True)
def cost(path, discount):
    """Action of a path at TIMES that rests at its end."""
    record = xr.Dataset({"theta": ("time", np.asarray(path, dtype=float))}, {"time": TIMES})
    return float(explain(record, Objective(discount), WELL).action)


@app.function(hide_code=True)
def check_two_minima(answer):
    """Minima of the engine's landscape."""
    return check.code(
        answer,
        lambda tilt: DoubleWell(tilt=tilt).minima[:, 0],
        lambda random: (round(random.uniform(0.1, 0.9), 2),),
        others={"Those are the minima without a tilt.": lambda tilt: np.array([-1.0, 1.0])},
    )


@app.function(hide_code=True)
def check_cost_of_staying(answer):
    """Value of a plan that ends where it begins, in the limit of a long window."""
    window = plan(Objective(DISCOUNT), WELL, SHALLOW, DURATION, end=SHALLOW, n_points=N_POINTS).attrs["action"]
    right = window / (1 - np.exp(-DISCOUNT * DURATION))
    hints = {
        "That is the loss there; it is paid at every time.": float(WELL.loss(SHALLOW)),
        "That is the cost of staying in the deep minimum.": float(WELL.loss(DEEP)) / DISCOUNT,
    }
    return check.number(answer, right, others=hints)


@app.function(hide_code=True)
def check_action(answer):
    """The engine's account of the same path; it discounts whole intervals, which differs by (γh)²/24 < 1e-3."""

    def account(x, h, discount):
        record = xr.Dataset({"theta": ("time", x)}, {"time": h * np.arange(len(x))})
        return explain(record, Objective(discount), WELL)

    def problem(random):
        return np.cumsum(random.normal(size=30)) / 10, 0.1, round(random.uniform(0.1, 1.0), 2)

    def twice_the_effort(x, h, discount):
        parts = account(x, h, discount)
        return float(parts.action + parts.effort_paid)

    hints = {
        "The cost of change is half the squared speed.": twice_the_effort,
        "The cost of change is missing.": lambda x, h, discount: float(account(x, h, discount).loss_paid),
        "The future is not discounted.": lambda x, h, discount: float(account(x, h, 0.0).action),
    }
    return check.code(
        answer, lambda *numbers: float(account(*numbers).action), problem, n_problems=5, error=1e-3, others=hints
    )


@app.function(hide_code=True)
def check_drawn_path(answer):
    """Share of what the best plan saves over staying."""
    if np.shape(answer) != TIMES.shape:
        return check.Verdict(False, f"An array with {len(TIMES)} values is asked for, one for each of TIMES.")
    if abs(answer[0] - SHALLOW[0]) > 1e-3:
        return check.Verdict(False, f"The path must begin at SHALLOW, {SHALLOW[0]:.4f}.")
    stay = cost(np.full(N_POINTS, SHALLOW[0]), DISCOUNT)
    best = plan(Objective(DISCOUNT), WELL, SHALLOW, DURATION, n_points=N_POINTS).attrs["action"]
    share = (stay - cost(answer, DISCOUNT)) / (stay - best)
    words = f"It saves {100 * share:.0f} % of what the best path saves over staying."
    hint = " Leave at once, and be neither slow nor abrupt." if share < 0.9 else ""
    return check.Verdict(bool(share >= 0.9), words + hint)


@app.function(hide_code=True)
def check_predict_escape(answer):
    """Where the best plans end."""
    ends = [plan(Objective(g), WELL, SHALLOW, DURATION, n_points=N_POINTS).theta.values[-1, 0] for g in (0.3, 2.0)]
    far, short = (abs(end - DEEP[0]) < 0.1 for end in ends)
    options = {
        "the far-sighted": far and not short,
        "the short-sighted": short and not far,
        "both": far and short,
        "neither": not (far or short),
    }
    return check.prediction(answer, options, "Only a long horizon counts enough of the time in the deeper minimum.")


@app.function(hide_code=True)
def check_critical(answer):
    """The engine's critical discount, to four of its six digits."""

    def engine(tilt):
        landscape, (shallow, deep) = tilted(tilt)
        return critical_discount(Objective(0), landscape, shallow, deep)

    hints = {"The speed s is missing: compare the terms in x³.": lambda tilt: engine(tilt) / np.sqrt(2)}
    return check.code(answer, engine, lambda random: (round(random.uniform(0.2, 0.8), 2),), 2, error=1e-4, others=hints)


@app.function(hide_code=True)
def check_cheaper_change(answer):
    """Ratio of two critical discounts."""
    cheap, dear = (critical_discount(Objective(0, plasticity=eta), WELL, SHALLOW, DEEP) for eta in (9.0, 1.0))
    hints = {
        "A discount is a rate; change that is 9 times cheaper is √9 times faster.": 9.0,
        "Cheaper change makes leaving easier.": 1 / 3,
        "It is not independent of the cost of change.": 1.0,
    }
    return check.number(answer, cheap / dear, error=1e-4, others=hints)


@app.function
def mistakes():
    """Wrong answers that students give, with words of the hints."""
    late = SHALLOW[0] + (DEEP[0] - SHALLOW[0]) / (1 + np.exp(-2.5 * (TIMES - 8.0)))
    return {
        "two_minima": [
            (lambda tilt: np.array([-1.0, 1.0]), "without a tilt"),
            (lambda tilt: np.sort(np.roots([4.0, 0.0, -4.0, -tilt]).real), "shape"),
        ],
        "cost_of_staying": [(-1.72, "deep"), (0.483, "every time"), (2.0, "large")],
        "action": [
            (lambda x, h, discount: 0.0, "is right"),
            (
                lambda x, h, discount: float(
                    np.sum(np.diff(x) ** 2 / 2 / h + h * WELL.loss((x[1:, None] + x[:-1, None]) / 2))
                ),
                "not discounted",
            ),
        ],
        "drawn_path": [
            (np.full(N_POINTS, SHALLOW[0]), "saves 0 %"),
            (late, "at once"),
            (np.linspace(SHALLOW[0], DEEP[0], N_POINTS), "saves"),
            (TIMES, "begin at SHALLOW"),
        ],
        "predict_escape": [("both", "far-sighted"), ("the short-sighted", "far-sighted")],
        "critical": [
            (lambda tilt: float(np.sum(np.sort(np.roots([4, 0, -4, -tilt]).real) * [1, -2, 1])), "speed s"),
            (lambda tilt: tilt, "is right"),
        ],
        "cheaper_change": [(9.0, "√9"), (0.333, "easier"), (1.0, "independent")],
    }


@app.cell(hide_code=True)
def teacher_mistakes():
    mo.ui.table(check.hints(mistakes(), globals()), selection=None, label="Wrong answers and what a student reads")
    return


if __name__ == "__main__":
    app.run()
