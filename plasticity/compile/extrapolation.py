"""Integrate an ordinary differential equation to near machine precision by extrapolation.

Gragg's modified midpoint rule with 2, 4, … 16 substeps has an error in even powers of the step; Richardson
extrapolation removes them one by one. `integrate` is pasted into generated modules, where ``slope`` is the
flow of a rule; it stays in the subset of Python that numba compiles, and loops over numbers, as numba takes seconds
to compile an assignment to a slice.
"""

from __future__ import annotations

import numpy as np

COLUMNS = 8
TOLERANCE = 1e-13


def slope(s, start, y, p, out):  # pragma: no cover - replaced in generated modules
    """Flow of the variables `y` at time `s` after the event; here the decay dy/ds = −p·y, for tests."""
    for i in range(y.size):
        out[i] = -p[i] * y[i]


def integrate(start, y, length, p):
    """Advance `y` in place over `length`; return False if it leaves the finite numbers or gets too stiff."""
    n = y.size
    table = np.empty((COLUMNS, n))
    last = np.empty(n)
    middle = np.empty(n)
    k = np.empty(n)
    done = 0.0
    step = length
    while done < length:
        step = min(step, length - done)
        error = 0.0
        for row in range(COLUMNS):
            substeps = 2 * (row + 1)
            h = step / substeps
            for i in range(n):
                last[i] = y[i]
            slope(done, start, last, p, k)
            for i in range(n):
                middle[i] = y[i] + h * k[i]
            for m in range(1, substeps):
                slope(done + m * h, start, middle, p, k)
                for i in range(n):
                    following = last[i] + 2.0 * h * k[i]
                    last[i] = middle[i]
                    middle[i] = following
            slope(done + step, start, middle, p, k)
            before = 0.0
            for i in range(n):
                value = 0.5 * (middle[i] + last[i] + h * k[i])
                for column in range(row):
                    ratio = (substeps / (2.0 * (row - column))) ** 2
                    previous = table[column, i]
                    table[column, i] = value
                    value = value + (value - previous) / (ratio - 1.0)
                if row == COLUMNS - 1:
                    scale = max(abs(y[i]), abs(value)) + 1e-3
                    before = max(before, abs(value - table[row - 1, i]) / scale)
                table[row, i] = value
            error = before
        if not error < TOLERANCE:
            step *= 0.5
            if step < 1e-10 * length:
                return False
            continue
        done = length if step >= length - done else done + step
        for i in range(n):
            y[i] = table[COLUMNS - 1, i]
        step *= 2.0
    return True
