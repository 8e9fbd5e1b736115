"""Lesson 7: A synapse that counts spikes.

Afterwards you can read a rule as equations of events, compute its window, and write a rule of your own.

90 minutes: 20 of talk, 50 of exercises, 20 of discussion. Needs spikes and exponentials.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Lesson 7: A synapse that counts spikes")

with app.setup:
    import marimo as mo
    import numpy as np
    import plotly.graph_objects as go
    import sympy as sp

    from analysis import datasets, stdp_window
    from course import check, symbol_table
    from plasticity import WEIGHT, Parameter, Rule, Update, jump, pairing, replay, rules, time_constant, trace
    from plasticity.compile.mean_field import on_rates

    TAU_PLUS, TAU_MINUS = 16.8e-3, 33.7e-3  # s, Bi & Poo 2001


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    # 7 A synapse that counts spikes

    A synapse sees spikes of its two neurons, one after another. It has little to remember them by: **traces** that jump
    at a spike and decay in between. A rule of such a synapse is a list of events. *Pair STDP* reads:

    | at a … spike | the weight changes by | then the trace |
    |---|---|---|
    | pre | $-A_-\,r_\mathrm{post}$ | $r_\mathrm{pre} \to r_\mathrm{pre} + 1$ |
    | post | $+A_+\,r_\mathrm{pre}$ | $r_\mathrm{post} \to r_\mathrm{post} + 1$ |

    with $\dot r_\mathrm{pre} = -r_\mathrm{pre}/\tau_+$ and $\dot r_\mathrm{post} = -r_\mathrm{post}/\tau_-$.

    *To begin, run all cells: ▶ at the bottom right.*
    """)
    return


@app.cell(hide_code=True)
def _():
    mo.md(symbol_table("w", "trace", "pre_rate", "post_rate"))
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 7.1 The window

    One pre and one post spike, the post spike a time `delay` later (earlier, if it is negative). The plot of the change
    of the weight against the delay is the *window* of the rule. `TAU_PLUS` and `TAU_MINUS` are the time constants.
    """)
    return


@app.function
def window(delay, a_plus, a_minus):
    """Return the change of the weight by one pair of spikes; all arguments are numbers, delay is in seconds."""
    # solution
    if delay > 0:
        return a_plus * np.exp(-delay / TAU_PLUS)
    return -a_minus * np.exp(delay / TAU_MINUS)
    # end


@app.cell(hide_code=True)
def _():
    check.judge(window, check_window)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 7.2 Spikes without a relation

    Let both neurons fire independently, at random, with the rates $x$ (pre) and $y$ (post). The mean of a trace is its
    jump times rate times time constant.
    """)
    return


@app.function
def mean_drift():
    """Return the mean dw/dt in x, y, A_plus, A_minus, tau_plus and tau_minus, as text."""
    # solution
    return "x*y*(A_plus*tau_plus - A_minus*tau_minus)"
    # end


@app.cell(hide_code=True)
def _():
    check.judge(mean_drift, check_mean_drift)
    return


@app.function
def balance():
    """Return A_minus/A_plus with which random spikes leave the weight where it is, to three digits."""
    # solution
    return TAU_PLUS / TAU_MINUS
    # end


@app.cell(hide_code=True)
def _():
    check.judge(balance, check_balance)
    return


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## 7.3 Forty-two cells

    Bi & Poo (1998) paired 60 spikes at 1 Hz in cultured neurons of the hippocampus, one delay per cell.
    """)
    return


@app.function
def predict_frequency():
    """Predict: 60 pairs, the post spike 10 ms after the pre spike. Pair STDP potentiates at 20 Hz … than at 1 Hz.

    Return "more", "less" or "just as much".
    """
    # solution
    return "less"
    # end


@app.cell(hide_code=True)
def _():
    predicted = check.judge(predict_frequency, check_predict_frequency)
    mo.stop(not predicted.begun, mo.md("🔒 *The slider unlocks when you have predicted.*"))
    width = mo.ui.slider(10, 200, 5, value=34, label="τ₋ (ms)", show_value=True)
    mo.vstack([predicted, width])
    return (width,)


@app.cell(hide_code=True)
def _(width):
    def window_figure(tau_minus):
        """Measured changes and the window of pair STDP with the amplitudes that fit best."""
        data = datasets.load("bi_poo_1998")
        delays = np.concatenate([np.linspace(-0.1, -0.001, 60), np.linspace(0.001, 0.1, 60)])
        unit = stdp_window(rules.pair_stdp(A_plus=1.0, A_minus=1.0, tau_minus=tau_minus), delays).weight_change.values
        cells = np.interp(data.interval.values, delays, unit)
        amplitudes = [
            cells[side] @ data.value.values[side] / (cells[side] @ cells[side])
            for side in (data.interval.values < 0, data.interval.values > 0)
        ]
        figure = go.Figure()
        dots = {"color": "#000000", "size": 7}
        figure.add_scatter(x=1e3 * data.interval, y=100 * data.value, mode="markers", name="one cell each", marker=dots)
        for side, amplitude, colour in ((delays < 0, amplitudes[0], "#D55E00"), (delays > 0, amplitudes[1], "#0072B2")):
            y = 100 * amplitude * unit[side]
            name = f"per pair {100 * amplitude:.2f} %"
            figure.add_scatter(x=1e3 * delays[side], y=y, name=name, line={"color": colour, "width": 3})
        figure.update_layout(
            height=400, margin={"l": 50, "r": 10, "t": 40, "b": 40}, legend={"orientation": "h", "y": -0.25}
        )
        figure.update_layout(xaxis_title="delay (ms)", yaxis_title="change by 60 pairs (%)")
        figure.update_layout(title=f"Bi & Poo 1998 and pair STDP, τ₋ = {1e3 * tau_minus:g} ms")
        return figure

    mo.ui.plotly(window_figure(width.value / 1000))
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 7.4 A rule of your own

    Here is pair STDP as the program knows it. Change it so that a trace remembers the *nearest* spike only: it jumps
    **to** 1 in place of **by** 1.
    """)
    return


@app.cell
def _():
    def pair_rule():
        """Pair STDP in which all spikes count."""
        tau_plus, tau_minus = time_constant("tau_plus", TAU_PLUS, "pre"), time_constant("tau_minus", TAU_MINUS, "post")
        a_plus, a_minus = Parameter("A_plus", 0.005), Parameter("A_minus", 0.002)
        pre, post = trace("pre_trace", tau_plus), trace("post_trace", tau_minus)
        events = {
            "pre": (Update("w", WEIGHT - a_minus.symbol * post.symbol), jump(pre, "all_to_all")),
            "post": (Update("w", WEIGHT + a_plus.symbol * pre.symbol), jump(post, "all_to_all")),
        }
        return Rule(
            "pair_rule",
            "Pair rule",
            states=(pre, post),
            events=events,
            parameters=(a_plus, a_minus, tau_plus, tau_minus),
        )

    pair_rule()
    return


@app.function
def nearest_rule():
    """Return a Rule like pair_rule (same parameters and values) in which only the nearest spikes count."""
    # solution
    return rules.pair_stdp(A_plus=0.005, A_minus=0.002, interaction="nearest_spike")
    # end


@app.cell(hide_code=True)
def _():
    check.judge(nearest_rule, check_nearest_rule)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 7.5 Discussion

    1. A pair rule predicts less potentiation at 20 Hz than at 1 Hz. Visual cortex does the opposite (lesson 8). What
       could a synapse count beside pairs?
    2. The data leave $\tau_-$ almost open: slide it. Which delays would you measure next?
    3. What does the window say about the purpose of the rule? What would you have to assume to derive it?

    *Sources: Bi & Poo (1998, 2001); Song, Miller & Abbott (2000).*
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
def check_window(answer):
    """Exact replay of one pair of spikes."""

    def engine(delay, a_plus, a_minus):
        rule = rules.pair_stdp(A_plus=a_plus, A_minus=a_minus, tau_plus=TAU_PLUS, tau_minus=TAU_MINUS)
        return float(replay(rule, pre_spikes=[0.2], post_spikes=[0.2 + delay]).weight[-1]) - 1.0

    def problem(random):
        delay = round(random.choice([-1, 1]) * random.uniform(0.001, 0.08), 4)
        return delay, round(random.uniform(0.1, 1.0), 3), round(random.uniform(0.1, 1.0), 3)

    hints = {
        "Pre before post potentiates: the delay has the other sign.": lambda delay, plus, minus: engine(
            -delay, plus, minus
        ),
        "A pair depresses or potentiates; here both branches have one sign.": lambda *pair: abs(engine(*pair)),
    }
    return check.code(answer, engine, problem, error=1e-9, others=hints)


@app.function(hide_code=True)
def check_mean_drift(answer):
    """Mean of the rule over independent Poisson spikes."""
    names = {"x": "pre_rate", "y": "post_rate"}
    hints = {
        "Depression has the other sign.": "x*y*(A_plus*tau_plus + A_minus*tau_minus)",
        "A trace is 1 at a spike, but its mean is rate times time constant.": "x*y*(A_plus - A_minus)",
    }
    return check.formula(answer, on_rates(rules.pair_stdp()).weight_flow, hints, names)


@app.function(hide_code=True)
def check_balance(answer):
    """Root of the mean drift."""
    rule = rules.pair_stdp(tau_plus=TAU_PLUS, tau_minus=TAU_MINUS)
    plus, minus = (p.symbol for p in rule.parameters if p.name in ("A_plus", "A_minus"))
    ratio = (sp.solve(on_rates(rule).weight_flow, minus)[0] / plus).subs(
        {p.symbol: p.value for p in rule.parameters if p.name.startswith("tau")}
    )
    hints = {"That is A_plus/A_minus.": float(1 / ratio), "Equal amplitudes have unequal areas.": 1.0}
    return check.number(answer, float(ratio), others=hints)


@app.function(hide_code=True)
def check_predict_frequency(answer):
    """Replay of both protocols."""

    def change(frequency):
        pre, post = pairing(0.01, frequency, 60)
        return float(replay(rules.pair_stdp(), pre_spikes=pre, post_spikes=post).weight[-1]) - 1.0

    slow, fast = change(1.0), change(20.0)
    words = (
        f"Changes: {100 * slow:.1f} % at 1 Hz, {100 * fast:.1f} % at 20 Hz: each pre spike also follows a post spike."
    )
    return check.prediction(answer, {"more": fast > slow, "less": fast < slow, "just as much": fast == slow}, words)


@app.function(hide_code=True)
def check_nearest_rule(answer):
    """Replay of random spike trains."""
    if not isinstance(answer, Rule):
        return check.Verdict(False, f"A Rule is asked for, not {answer!r:.60}.")

    def of(rule):
        def weight(pre, post):
            return float(replay(rule, pre_spikes=pre, post_spikes=post).weight[-1])

        return weight

    def problem(random):
        return tuple(np.sort(random.uniform(0.0, 1.0, 20).round(4)) for _ in range(2))

    amplitudes = {"A_plus": 0.005, "A_minus": 0.002}
    right, everything = (rules.pair_stdp(**amplitudes, interaction=kind) for kind in ("nearest_spike", "all_to_all"))
    return check.code(of(answer), of(right), problem, 5, others={"In that rule all spikes count.": of(everything)})


@app.function
def mistakes():
    """Wrong answers that students give, with words of the hints."""

    def swapped(delay, a_plus, a_minus):
        return a_plus * np.exp(delay / TAU_PLUS) if delay < 0 else -a_minus * np.exp(-delay / TAU_MINUS)

    def positive(delay, a_plus, a_minus):
        return a_plus * np.exp(-delay / TAU_PLUS) if delay > 0 else a_minus * np.exp(delay / TAU_MINUS)

    return {
        "window": [
            (swapped, "other sign"),
            (positive, "one sign"),
            (lambda delay, plus, minus: plus * np.exp(-abs(delay) / TAU_PLUS), "is right"),
        ],
        "mean_drift": [
            ("x*y*(A_plus*tau_plus + A_minus*tau_minus)", "Depression"),
            ("x*y*(A_plus - A_minus)", "time constant"),
            ("A_plus*tau_plus - A_minus*tau_minus", "also depends on"),
        ],
        "balance": [(2.006, "A_plus/A_minus"), (1.0, "areas"), (0.5, "2 digits")],
        "predict_frequency": [("more", "20 Hz"), ("just as much", "20 Hz")],
        "nearest_rule": [
            (rules.pair_stdp(A_plus=0.005, A_minus=0.002), "all spikes count"),
            (rules.pair_stdp(A_plus=0.01, A_minus=0.002, interaction="nearest_spike"), "is right"),
            ("nearest_spike", "A Rule"),
        ],
    }


@app.cell(hide_code=True)
def teacher_mistakes():
    mo.ui.table(check.hints(mistakes(), globals()), selection=None, label="Wrong answers and what a student reads")
    return


if __name__ == "__main__":
    app.run()
