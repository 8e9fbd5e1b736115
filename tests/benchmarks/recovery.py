"""Calibration of inferred assumptions: python -m tests.benchmarks.recovery [LEARNERS [FIRST_SEED]]

Truth is drawn from the prior, so that 90 % intervals cover 90 % of learners and ranks of the truth are uniform if the
likelihood, the search and the sampler are right. Prints, per kind of learner and coordinate, coverage in standard
errors of a binomial and the p-value of uniform ranks (Kolmogorov–Smirnov), and the time per learner.
"""

import sys
import time

import numpy as np
from scipy import stats

from tests.analysis.inference.calibration import KINDS, covered, inferred, rank


def main(n_learners=2000, first=10_000):
    each = n_learners // len(KINDS)
    for name, kind in KINDS.items():
        began = time.process_time()
        results = [inferred(kind, first + seed, n_draws=2000) for seed in range(each)]
        spent = (time.process_time() - began) / each
        inside = np.array([covered(truth, draws) for _, truth, draws, *_ in results])
        ranks = np.array([rank(truth, draws) for _, truth, draws, *_ in results])
        error = np.sqrt(0.09 / each)
        print(f"{name}: {each} learners, {spent:.2f} s CPU each, {sum(r[3] > 1 for r in results)} searches missed")
        for i, label in enumerate(results[0][0]):
            p = stats.kstest(ranks[:, i], "uniform").pvalue
            truth, middle = np.array([(r[1][i], np.median(r[2][:, i])) for r in results]).T
            print(
                f"  {label:24} covered {inside[:, i].mean():.3f} ({(inside[:, i].mean() - 0.9) / error:+.1f} s.e.)  "
                f"ranks p = {p:.3f}  correlation {np.corrcoef(truth, middle)[0, 1]:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main(*(int(x) for x in sys.argv[1:]))
