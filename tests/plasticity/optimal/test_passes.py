"""Passes of a landscape: their number agrees with theory, and the best one decides the critical discount."""

import numpy as np
import pytest

from plasticity import Objective, critical_discount, from_expression
from plasticity.critical_discount import crossings
from plasticity.errors import InputError
from plasticity.optimal.passes import chains, passes, stationary_points

HILLS = "(x**2-1)**2 - 0.4*x + y**2/4 + 2*exp(-(x**2+(y+0.15)**2)/0.3) + 3*exp(-(x**2+(y-1.2)**2)/0.5)"
MINIMA = np.array([[-1.01173468, -0.09152195], [1.08162025, -0.07441691]])


def test_indices_of_a_confining_loss_add_up():
    """Morse: on a loss that grows in all directions, minima − saddles + maxima = 1."""
    points = stationary_points(from_expression(HILLS, "x y"), MINIMA)
    assert sum((-1) ** p.index for p in points) == 1
    assert [p.index for p in points].count(0) == 2
    assert all(np.linalg.norm(from_expression(HILLS, "x y").gradient(p.position)) < 1e-9 for p in points)


def test_descent_from_a_saddle_never_climbs():
    landscape = from_expression(HILLS, "x y")
    links = passes(landscape, MINIMA)
    assert len(links) == 3
    for link in links:
        top = int(np.argmax(landscape.loss(link.path)))
        np.testing.assert_allclose(link.path[top], link.saddle.position)
        assert np.all(np.diff(landscape.loss(link.path[: top + 1])) > -1e-9)
        assert np.all(np.diff(landscape.loss(link.path[top:])) < 1e-9)


@pytest.mark.parametrize("mirror", ["", "mirrored"])
def test_the_best_of_two_ways_round_a_hill(mirror):
    """A relaxation of 601 points from a path below the hill gives 0.3174–0.3188; the straight line leads above it."""
    text, minima = HILLS, MINIMA
    if mirror:
        text, minima = HILLS.replace("y", "(-y)"), MINIMA * [1, -1]
    landscape = from_expression(text, "x y")
    ways = crossings(Objective(0), landscape, *minima)
    assert 0.3174 < ways[0].discount < 0.3188
    assert abs(ways[0].top[1]) == pytest.approx(0.874, abs=0.01)
    assert ways[1].discount == pytest.approx(0.27463, abs=1e-4)


def test_stages_are_named():
    """A chain of wells: between the first and the third is the second, and the answer belongs to each stage."""
    landscape = from_expression("0.02*x**2 - 0.3*x - 0.6*cos(3*x)", "x")
    wells = [p.position for p in stationary_points(landscape, [[-2.0], [5.0]]) if p.index == 0]
    first, second, third = sorted((w for w in wells if -2.5 < w[0] < 2.5), key=lambda w: w[0])
    with pytest.raises(InputError, match=r"minimum at \[0.0554\]"):
        critical_discount(Objective(0), landscape, first, third)
    assert critical_discount(Objective(0), landscape, first, second) > 0
    links = passes(landscape, np.stack([first, third]))
    assert [len(chain) for chain in chains(links, first, third)] == [2]
