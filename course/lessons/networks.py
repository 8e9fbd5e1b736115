"""Lesson 9: The same rule in networks of rates and of spikes.

Afterwards you can run a rule in networks of rates and of spikes, and say what late, noisy and narrow feedback costs.

90 minutes: 20 of talk, 50 of exercises, 20 of discussion. Needs lessons 3 and 7.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Lesson 9: The same rule in networks of rates and of spikes")

with app.setup:
    import dataclasses

    import marimo as mo
    import numpy as np
    import plotly.graph_objects as go
    import sympy as sp

    import circuits
    from course import check, symbol_table
    from plasticity import (
        FeedbackChannel,
        Objective,
        Parameter,
        Rule,
        State,
        Update,
        derive,
        local,
        poisson_trains,
        signals,
        time_constant,
    )

    PAIR = np.array([[1, 1], [1, -1]])
    PATTERNS = np.kron(np.kron(PAIR, PAIR), PAIR)  # eight patterns of eight inputs ±1, orthogonal
    RHO, SLOPE, PSP, REWARD = map(local, ("escape_rate", "escape_slope", "pre_psp", "reward_deviation"))
    ALPHA = Parameter("alpha", 0.1, unit="Hz", meaning="learning rate")
    TRIAL, N_TRIALS = 0.2, 25  # s, and number
    VOTES: dict[float, np.ndarray] = {}  # of the actor, by the delay of its reward


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    # 9 The same rule in networks of rates and of spikes

    A rule says what a synapse does with its gradient $g$. In a network something has to bring that gradient: a *signal*
    that travels with noise, late, or in too few directions. You meet one rule, gradient descent
    $\dot w = -\alpha\, g$ (lesson 1), in two circuits:

    | circuit | what teaches it | gradient of a synapse |
    |:---|:---|:---|
    | layers: inputs $x$, outputs $y = W x$ | errors $e = y - y^*$ | $e\,x$ |
    | spiking neurons that vote for an action | one reward for all | reward × eligibility |

    `circuits.run(circuit, duration, feedback=FeedbackChannel(noise=…, delay=…, projection=…))` runs either.

    *To begin, run all cells: ▶ at the bottom right.*
    """)
    return


@app.cell(hide_code=True)
def _():
    mo.md(symbol_table("w", "gradient", "learning_rate", "feedback_channel", "third_factor"))
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 9.1 Late errors

    One output with one input of constant rate $x$: $y = w\,x$, loss $L = e^2/2$.
    """)
    return


@app.function
def error_flow():
    """Return de/dt in alpha, x and e, as text."""
    # solution
    return "-alpha*x**2*e"
    # end


@app.cell(hide_code=True)
def _():
    check.judge(error_flow, check_error_flow)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    Now the error arrives after a delay $d$: $\dot e(t) = -r\,e(t - d)$. Try $e(t) = \cos\omega t$: at which delay
    does the oscillation neither grow nor decay?
    """)
    return


@app.function
def longest_delay():
    """Return the delay [s] from which on learning diverges, with alpha = 1/s and x = 2. Two digits."""
    # solution
    rate = 1.0 * 2.0**2
    return np.pi / 2 / rate
    # end


@app.cell(hide_code=True)
def _():
    check.judge(longest_delay, check_longest_delay)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 9.2 Noisy errors

    Eight inputs of ±1, one output, eight patterns that are shown in turn; the loss is 1 in the beginning. The error
    comes with white noise of intensity σ: over a time $T$ its mean is off by $\sigma/\sqrt T$. The synapses follow the
    noise, too, so that some loss remains.
    """)
    return


@app.function
def predict_faster():
    """Predict: the same noise, but twice the learning rate. The loss that remains in the end …

    Return "halves", "stays" or "doubles".
    """
    # solution
    return "doubles"
    # end


@app.cell(hide_code=True)
def _():
    predicted = check.judge(predict_faster, check_predict_faster)
    mo.stop(not predicted.begun, mo.md("🔒 *The slider unlocks when you have predicted.*"))
    noise = mo.ui.slider(0.0, 1.5, 0.05, value=0.5, label="σ (√s)", show_value=True)
    mo.vstack([predicted, noise])
    return (noise,)


@app.cell(hide_code=True)
def _(noise):
    def noise_figure(sigma):
        """Mean loss of 20 networks, with its standard error, at two learning rates."""
        figure = go.Figure()
        for alpha, colour in ((0.5, "0,114,178"), (1.0, "213,94,0")):
            run = learn(alpha, sigma, n=20, duration=10.0)
            mean, error = run.loss[:, 1:].mean(axis=0), run.loss[:, 1:].std(axis=0, ddof=1) / 20**0.5
            band, times = np.r_[mean + error, (mean - error)[::-1]], run.times[1:]
            around = {"fill": "toself", "fillcolor": f"rgba({colour},0.3)", "line": {"width": 0}}
            figure.add_scatter(x=np.r_[times, times[::-1]], y=band, showlegend=False, hoverinfo="skip", **around)
            line = {"color": f"rgb({colour})", "width": 3}
            figure.add_scatter(x=times, y=mean, line=line, name=f"α = {alpha:g}/s, ends at {mean[-20:].mean():.2f}")
        figure.update_layout(height=380, margin={"l": 50, "r": 10, "t": 40, "b": 40})
        figure.update_layout(legend={"orientation": "h", "y": -0.25}, title=f"Mean ± standard error, σ = {sigma:g} √s")
        figure.update_layout(xaxis_title="time (s)", yaxis_title="loss", yaxis_rangemode="tozero")
        return figure

    mo.ui.plotly(noise_figure(noise.value))
    return


@app.function
def halving_noise():
    """Return the noise σ [√s] at which half of the loss remains, with alpha = 0.5/s. Two digits.

    The noise on e acts on each of eight weights; without noise each decays to its optimum at the rate alpha.
    """
    # solution
    alpha, n_weights = 0.5, 8
    floor = n_weights * alpha / 4  # loss that remains, over σ²
    return (0.5 / floor) ** 0.5
    # end


@app.cell(hide_code=True)
def _():
    check.judge(halving_noise, check_halving_noise)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 9.3 Few directions

    Several outputs, but the feedback has room for $m$ directions only, the orthonormal rows of $D$: instead of $e$ the
    synapses read $D^\top D\,e$. Each pattern is learned with weights of its own, from outputs of 0.
    """)
    return


@app.function
def loss_left(directions, targets):
    """Return the loss that remains in the end, ½|y − y*|² averaged over the patterns.

    The arguments are D, an array (m, n_outputs), and y*, an array (n_patterns, n_outputs).
    """
    # solution
    unseen = targets - targets @ directions.T @ directions
    return 0.5 * np.mean(np.sum(unseen**2, axis=1))
    # end


@app.cell(hide_code=True)
def _():
    check.judge(loss_left, check_loss_left)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 9.4 Spikes and one reward

    A neuron fires with the probability $\rho(v)\,dt$, and every pre spike adds $w\,\varepsilon$ to its potential $v$
    (`RHO`, `SLOPE` = $\rho'(v)$ and `PSP` = $\varepsilon$ are symbols of this lesson). Its *score* is the derivative of
    the log probability of what it did, by the weight.

    - a spike: probability $\rho\,dt$;
    - no spike in $dt$: probability $1 - \rho\,dt$, so that the score flows at $-\rho'\varepsilon$.
    """)
    return


@app.function
def score_of_spike():
    """Return what a spike adds to the score, in rho, slope and psp, as text."""
    # solution
    return "slope/rho*psp"
    # end


@app.cell(hide_code=True)
def _():
    check.judge(score_of_spike, check_score_of_spike)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    The eligibility $E$ sums the score and forgets it within $\tau_E$. The reward $\mathcal R$ (`REWARD`, minus
    its mean) turns it into a change, $\dot w = \alpha\,\mathcal R\,E$: a rule of three factors, one of them global.
    """)
    return


@app.function
def three_factor_rule():
    """Return the Rule with the parameter ALPHA = 0.1/s and tau_eligibility = 0.1 s, for the actor (as in lesson 7)."""
    # solution
    tau, e = time_constant("tau_eligibility", 0.1, "memory of the score"), sp.Symbol("eligibility", real=True)
    eligibility = State("eligibility", -SLOPE * PSP - e / tau.symbol)
    at_spikes = (Update("eligibility", e + SLOPE / RHO * PSP),)
    return Rule(
        "mine", "My rule of three factors", ALPHA.symbol * REWARD * e, (eligibility,), {"post": at_spikes}, (ALPHA, tau)
    )
    # end


@app.cell(hide_code=True)
def _():
    check.judge(three_factor_rule, check_three_factor_rule)
    return


@app.function
def predict_late_reward():
    """Predict: the reward comes a second late, ten times the memory of the eligibility. In the end the actor …

    Return "learns as well" or "does not learn".
    """
    # solution
    return "does not learn"
    # end


@app.cell(hide_code=True)
def _():
    foreseen = check.judge(predict_late_reward, check_predict_late_reward)
    mo.stop(not foreseen.begun, mo.md("🔒 *The figure unlocks when you have predicted.*"))

    def votes_figure():
        """Votes for the right action minus votes for the wrong one, trial by trial, with and without a delay."""
        figure = go.Figure()
        for delay, colour, symbol in ((0.0, "#0072B2", "circle"), (1.0, "#D55E00", "x")):
            dots = {"color": colour, "symbol": symbol, "size": 9}
            figure.add_scatter(y=votes(delay), mode="markers", marker=dots, name=f"reward {delay:g} s late")
        figure.add_hline(0.0, line_color="#666666", line_width=1)
        figure.update_layout(height=360, margin={"l": 50, "r": 10, "t": 40, "b": 40})
        figure.update_layout(
            legend={"orientation": "h", "y": -0.25}, title="Ten spiking neurons vote: right if above 0"
        )
        figure.update_layout(xaxis_title="trial", yaxis_title="right minus wrong votes")
        return figure

    mo.vstack([foreseen, mo.ui.plotly(votes_figure())])
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## 9.5 Discussion

    1. Noise of the feedback leaves a loss in proportion to α, delay bounds α. Which α would you choose if the time
       is limited?
    2. One reward teaches all synapses. How should its noise grow with their number? (Compare 2 and 10 neurons.)
    3. The eligibility must wait for the reward. What does a longer memory cost?
    4. Which of these could a brain repair by a *belief* about the gradient (lesson 5)?

    *Sources: Williams (1992); Frémaux & Gerstner (2016); Lillicrap et al. (2016) for feedback in wrong directions.*
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
def descent(learning_rate=1.0):
    """Short-sighted learner that reads errors."""
    return derive(Objective(sp.oo)).with_signal(signals.exact_error()).with_parameters(learning_rate=learning_rate)


@app.function(hide_code=True)
def learn(alpha, sigma, n, duration, dt=5e-3):
    """Run of `n` networks, eight inputs and one output, with noisy errors; the loss is 1 in the beginning."""
    targets = PATTERNS[:, :2] @ [[1.0], [-1.0]]
    start = [np.zeros((n, 1, 8))]
    network = circuits.feedforward_rate(
        (8, 1), descent(alpha), patterns=PATTERNS, targets=targets, hold=dt, weights=start, n_batch=n
    )
    return circuits.run(network, duration, dt, record_every=0.1, feedback=FeedbackChannel(noise=sigma))


@app.function(hide_code=True)
def remaining(alpha, sigma, n):
    """Loss that remains in the end, and its standard error over `n` networks."""
    loss = learn(alpha, sigma, n, 14.0 / alpha).loss[:, int(50 / alpha) :].mean(axis=1)
    return float(loss.mean()), float(loss.std(ddof=1) / n**0.5)


@app.function(hide_code=True)
def actor(rule, n_trials, delay=0.0):
    """Actor of ten neurons: half of the inputs fire when +1 is right, the others when −1 is; and its run."""
    random, step = np.random.default_rng(0), 2e-3
    right = np.where(random.random(n_trials) < 0.5, 1, -1)
    trains = []
    for i, train in enumerate(poisson_trains(60.0, 20, n_trials * TRIAL, step)):
        speaks = (right[(train / TRIAL + 1e-9).astype(int)] > 0) == (i < 10)
        trains.append(train[speaks])
    circuit = circuits.actor(trains, right, TRIAL, rule, weight=0.15)
    late = FeedbackChannel(delay=delay)
    run = circuits.run(circuit, n_trials * TRIAL, step, device="numpy", record=("actor",), feedback=late)
    return right, run


@app.function(hide_code=True)
def rewarded():
    """Short-sighted learner whose spikes are rewarded."""
    rule = derive(Objective(sp.oo)).with_signal(signals.reward_modulated(0.1))
    return rule.with_parameters(learning_rate=0.1)


@app.function(hide_code=True)
def votes(delay):
    """Right minus wrong votes (n_trials,) of the actor; a delay is computed once."""
    if delay not in VOTES:
        right, run = actor(rewarded(), N_TRIALS, delay)
        times, neurons = run.spikes["actor"]
        counts = np.zeros(N_TRIALS)
        trials = np.minimum((times / TRIAL + 1e-9).astype(int), N_TRIALS - 1)
        np.add.at(counts, trials, np.where(neurons < 5, 1, -1))
        VOTES[delay] = right * counts
    return VOTES[delay]


@app.function(hide_code=True)
def check_error_flow(answer):
    """The derived rule, with the gradient e·x, times x."""
    e, x = sp.Symbol("error", real=True), sp.Symbol("pre_rate", positive=True)
    flow = derive(Objective(sp.oo)).weight_flow
    gradient = next(s for s in flow.free_symbols if s.name == "gradient")
    change = flow.subs(gradient, e * x)
    hints = {"That is dw/dt; y depends on w by a factor x.": change}
    return check.formula(answer, change * x, hints, {"e": "error", "x": "pre_rate"})


@app.function(hide_code=True)
def check_longest_delay(answer):
    """Delay at which late errors are as large as early ones; the time step counts as half a step of delay."""
    step, delays = 5e-3, np.arange(1, 25) * 0.02
    start = [np.zeros((delays.size, 1, 1))]
    network = circuits.feedforward_rate(
        (1, 1), descent(), patterns=[[2.0]], targets=[[1.0]], hold=20.0, weights=start, n_batch=delays.size
    )
    late = [FeedbackChannel(delay=delay) for delay in delays]
    loss = circuits.run(network, 20.0, step, record_every=0.05, feedback=late).loss[:, 1:]
    quarter = loss.shape[1] // 4
    early, last = (loss[:, n * quarter : (n + 1) * quarter].max(axis=1) + 1e-99 for n in (1, 3))
    growth = np.log(last / early)
    first = np.argmax(growth > 0)
    right = float(np.interp(0.0, growth[first - 1 : first + 1], delays[first - 1 : first + 1]))
    rate = 4.0
    hints = {
        "That is the time 1/r of the decay without delay.": 1 / rate,
        "There it begins to oscillate; the oscillation still decays.": 1 / (np.exp(1.0) * rate),
    }
    return check.number(answer, right, digits=2, error=step / 2, others=hints)


@app.function(hide_code=True)
def check_predict_faster(answer):
    """Networks at two learning rates."""
    slow, fast = (remaining(alpha, 0.5, 20)[0] for alpha in (0.5, 1.0))
    ratio = fast / slow
    options = {"halves": ratio < 0.7, "stays": 0.7 <= ratio <= 1.4, "doubles": ratio > 1.4}
    words = f"{slow:.2f} and {fast:.2f} remain: half as long is averaged over the noise."
    return check.prediction(answer, options, words)


@app.function(hide_code=True)
def check_halving_noise(answer):
    """Sixty networks with noise 1; the loss goes with its square."""
    loss, error = remaining(0.5, 1.0, 60)
    right = (0.5 / loss) ** 0.5
    hints = {
        "That is σ²; the loss goes with the square of the noise.": right**2,
        "There all of the loss remains.": 2**0.5 * right,
        "That is for one weight; there are eight.": 8**0.5 * right,
    }
    return check.number(answer, right, digits=2, error=0.5 * right * error / loss, others=hints)


@app.function(hide_code=True)
def check_loss_left(answer):
    """Networks with feedback in few directions, run until nothing changes."""

    def engine(directions, targets):
        size = targets.shape[1]
        network = circuits.feedforward_rate(
            (8, size),
            descent(),
            patterns=PATTERNS,
            targets=targets,
            hold=0.02,
            weights=[np.zeros((size, 8))],
        )
        channel = FeedbackChannel(projection=directions.T @ directions)
        run = circuits.run(network, 16.0, 0.02, record_every=0.16, feedback=channel)
        return float(run.loss[0, -1])

    def problem(random):
        size = int(random.integers(3, 6))
        directions = np.linalg.qr(random.normal(size=(size, 2)))[0].T
        return directions, random.normal(size=(8, size))

    hints = {
        "That is the loss along the directions that are seen.": lambda d, y: (
            np.mean(np.sum(y**2, axis=1)) / 2 - engine(d, y)
        ),
        "Its mean over directions is right, but these are the directions.": lambda d, y: (
            (1 - len(d) / y.shape[1]) * np.mean(np.sum(y**2, axis=1)) / 2
        ),
    }
    return check.code(answer, engine, problem, n_problems=4, error=1e-4, others=hints)


@app.function(hide_code=True)
def check_score_of_spike(answer):
    """Factor of the spike train in the score of the engine's signal."""
    score = next(s.equation.rhs for s in signals.reward_modulated().steps if s.title.startswith("Score"))
    train = next(s for s in score.free_symbols if s.name == "S")
    hints = {
        "That is the slope of ρ; a spike has the score of log ρ.": SLOPE * PSP,
        "Between spikes the score flows like that.": -SLOPE * PSP,
        "That is the score by the potential; ∂v/∂w is ε.": SLOPE / RHO,
    }
    names = {"slope": "escape_slope", "rho": "escape_rate", "psp": "pre_psp"}
    return check.formula(answer, score.coeff(train), hints, names)


@app.function(hide_code=True)
def check_three_factor_rule(answer):
    """Weights of the actor after two trials, against those by the derived rule."""
    if not isinstance(answer, Rule):
        return check.Verdict(False, f"A Rule is asked for, not {answer!r:.60}.")

    def change(rule):
        return actor(rule, 2)[1].final["synapses"] - 0.15

    def without_flow(rule):
        [e] = rule.states
        return dataclasses.replace(rule, states=(dataclasses.replace(e, flow=e.flow.subs(PSP, 0)),))

    right, mine = change(rewarded()), change(answer)
    if np.allclose(mine, right, rtol=1e-6, atol=1e-9):
        return check.Verdict(True, "The weights of the actor are those of the derived rule, to a millionth.")
    if np.allclose(mine, change(without_flow(rewarded())), rtol=1e-6, atol=1e-9):
        return check.Verdict(False, "The score between spikes, −ρ'ε, is missing: its mean would be 0.")
    if float(np.sum(mine * right)) < 0:
        return check.Verdict(False, "The sign is wrong: the actor unlearns what is rewarded.")
    return check.Verdict(False, f"The weights differ by up to {np.abs(mine - right).max():.2g} after two trials.")


@app.function(hide_code=True)
def check_predict_late_reward(answer):
    """Majority for the right action in the second half."""
    at_once, late = (float(np.mean(votes(delay)[N_TRIALS // 2 :])) for delay in (0.0, 1.0))
    options = {"learns as well": late > at_once / 2, "does not learn": late <= at_once / 2}
    words = f"In the second half the right action leads by {at_once:.1f} votes, with late rewards by {late:.1f}."
    return check.prediction(answer, options, words)


@app.function
def mistakes():
    """Wrong answers that students give, with words of the hints."""
    tau, e = time_constant("tau_eligibility", 0.1, "memory of the score"), sp.Symbol("eligibility", real=True)

    def rule(flow, leak):
        eligibility = State("eligibility", leak - e / tau.symbol)
        at_spikes = (Update("eligibility", e + SLOPE / RHO * PSP),)
        return Rule("wrong", "A wrong rule", flow, (eligibility,), {"post": at_spikes}, (ALPHA, tau))

    return {
        "error_flow": [("-alpha*x*e", "factor x"), ("alpha*x**2*e", "sign"), ("-alpha*x**2", "also depends")],
        "longest_delay": [(0.25, "without delay"), (0.092, "oscillate"), (0.785, "twice")],
        "predict_faster": [("halves", "remain"), ("stays", "remain")],
        "halving_noise": [(0.5, "square"), (1.0, "all of the loss"), (2.0, "eight")],
        "loss_left": [
            (lambda d, y: 0.5 * np.mean(np.sum((y @ d.T) ** 2, axis=1)), "are seen"),
            (lambda d, y: 0.5 * (1 - len(d) / y.shape[1]) * np.mean(np.sum(y**2, axis=1)), "Its mean"),
            (lambda d, y: 0.0, "is right"),
        ],
        "score_of_spike": [("slope*psp", "log"), ("-slope*psp", "Between"), ("slope/rho", "potential")],
        "three_factor_rule": [
            (rule(ALPHA.symbol * REWARD * e, 0), "missing"),
            (rule(-ALPHA.symbol * REWARD * e, -SLOPE * PSP), "unlearns"),
            (rule(2 * ALPHA.symbol * REWARD * e, -SLOPE * PSP), "differ"),
            ("REWARD*E", "A Rule"),
        ],
        "predict_late_reward": [("learns as well", "late rewards"), ("it depends", "Choose one")],
    }


@app.cell(hide_code=True)
def teacher_mistakes():
    mo.ui.table(check.hints(mistakes(), globals()), selection=None, label="Wrong answers and what a student reads")
    return


if __name__ == "__main__":
    app.run()
