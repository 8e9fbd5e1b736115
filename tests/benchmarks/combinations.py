"""Classification of all pairs and triples of assumptions: ``python -m tests.benchmarks.combinations [--quick]``.

Every choice of one, two or three arguments of `derive` at four discounts (a number, a symbol, 0, oo) is derived and
held against an augmented Riccati equation, or refused for a reason in mathematics. One that is neither fails the run.
"""

from __future__ import annotations

import sys
from collections import Counter

from tests.oracles.combinations import DISCOUNTS, REASONS, combinations, error_of

TOLERANCE = {"number": 1e-8, "symbol": 1e-8, "0": 1e-6, "oo": 1e-4}


def main() -> int:
    """Print the table; the status is 1 if a derived rule is wrong or a refusal has no reason."""
    failed = 0
    for size in (1, 2) if "--quick" in sys.argv else (1, 2, 3):
        cases = [(names, discount) for names in combinations(size) for discount in DISCOUNTS]
        counts, worst = Counter(), 0.0
        for names, discount in cases:
            error = error_of(names, discount)
            right = error < TOLERANCE[discount] if isinstance(error, float) else error in REASONS.values()
            if not right:
                print("WRONG", names, discount, error)
                failed += 1
            elif isinstance(error, float):
                worst = max(worst, error / TOLERANCE[discount])
            counts["derived" if isinstance(error, float) else error] += 1
        print(f"{size} of the arguments: {len(cases)} choices; worst error / tolerance {worst:.2g}")
        for what, n in counts.most_common():
            print(f"  {n:5d}  {what}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
