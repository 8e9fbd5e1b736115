"""Calibration of inferred assumptions: python -m tests.benchmarks.recovery [LEARNERS [KIND ...]]

Truth is drawn from the prior, so that 90 % intervals cover 90 % of learners and ranks of the truth are uniform if the
likelihood, the search and the sampler are right. By default 2,000 learners of the kind "everything": a coupled metric
of two controls of three weights, decay, process and measurement noise; "all" is every kind of
`tests.analysis.inference.calibration`. Prints, after every 500 learners and per coordinate, coverage with its standard
errors of a binomial, the p-value of uniform ranks (χ² of ten bins) and the correlation of the medians with the truth.
"""

import sys
import time

import numpy as np
from scipy import stats

from tests.analysis.inference.calibration import KINDS, covered, inferred, rank

N_BINS = 10
N_DRAWS = 999  # ranks of 0 to 999, in ten bins of 100
EVERY = 500  # learners between two prints


def main(n_learners=2000, *kinds):
    for name in KINDS if kinds == ("all",) else kinds or ("everything",):
        began, results = time.process_time(), []
        for seed in range(n_learners):
            results.append(inferred(KINDS[name], 10_000 + seed, n_draws=N_DRAWS))
            done = len(results)
            if done % EVERY == 0 or done == n_learners:
                spent = (time.process_time() - began) / done
                missed, few = sum(r[3] > 1 for r in results), sum(r[4] < 100 for r in results)
                print(
                    f"{name}: {done} learners, {spent:.2f} s CPU each; {missed} searches missed, {few} with < 100 draws"
                )
                print_calibration(*zip(*results, strict=True))


def print_calibration(names, truths, draws, *_):
    """A line per coordinate, and the worst of all."""
    inside = np.array([covered(*one) for one in zip(truths, draws, strict=True)]).mean(axis=0)
    z = (inside - 0.9) / np.sqrt(0.09 / len(truths))
    bins = np.floor(
        np.array([rank(*one) for one in zip(truths, draws, strict=True)]) * N_DRAWS / (N_DRAWS + 1) * N_BINS
    )
    counts = np.array([[np.sum(column == k) for k in range(N_BINS)] for column in bins.T])
    p = stats.chisquare(counts, axis=1).pvalue
    middle = np.array([np.median(one, axis=0) for one in draws])
    for i, name in enumerate(names[0]):
        r = np.corrcoef(np.array(truths)[:, i], middle[:, i])[0, 1]
        print(f"  {name:24} covered {inside[i]:.4f} ({z[i]:+.1f} s.e.)  ranks p = {p[i]:.3f}  correlation {r:.2f}")
    print(f"  worst: {np.abs(z).max():.1f} s.e., p = {p.min():.3f} of {len(p)}", flush=True)


if __name__ == "__main__":
    main(*(int(x) for x in sys.argv[1:2]), *sys.argv[2:])
