"""Spike patterns: intervals, order, number, grid."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from plasticity.errors import InputError
from plasticity.protocols import (
    pairing,
    pairing_name,
    quadruplet,
    quadruplet_name,
    triplet,
    triplet_name,
)

ROUNDING = 1e-9  # s, the rounding of the times


@pytest.mark.parametrize("frequency", [0.1, 10, 20, 40, 50])
@pytest.mark.parametrize("interval", [0.01, -0.01])
def test_pairs_keep_interval_and_period(interval, frequency):
    pre, post = pairing(interval, frequency, n_pairs=60)
    assert pre.size == post.size == 60
    assert_allclose(post - pre, interval, atol=2 * ROUNDING)
    assert_allclose(np.diff(pre), 1 / frequency, atol=2 * ROUNDING)
    assert min(pre[0], post[0]) == 0


@pytest.mark.parametrize("frequency", [0.1, 10, 20, 40, 50])
def test_spikes_lie_on_the_millisecond_grid(frequency):
    for train in pairing(-0.01, frequency, n_pairs=60):
        steps = train / 1e-3
        # a double of the size of the longest train (600 s) in steps resolves 1e-10
        assert_allclose(steps, np.round(steps), rtol=0, atol=1e-9)


@pytest.mark.parametrize(("first", "second"), [(0.005, -0.005), (0.015, -0.005), (0.005, -0.015)])
def test_pre_post_pre_pairings(first, second):
    pre, post = triplet(first, second, n_triplets=60)
    assert (pre.size, post.size) == (120, 60)
    assert_allclose(post - pre[0::2], first, atol=2 * ROUNDING)
    assert_allclose(post - pre[1::2], second, atol=2 * ROUNDING)


@pytest.mark.parametrize(("first", "second"), [(-0.005, 0.005), (-0.015, 0.005), (-0.005, 0.015)])
def test_post_pre_post_pairings(first, second):
    pre, post = triplet(first, second, n_triplets=60)
    assert (pre.size, post.size) == (60, 120)
    assert_allclose(post[0::2] - pre, first, atol=2 * ROUNDING)
    assert_allclose(post[1::2] - pre, second, atol=2 * ROUNDING)


@pytest.mark.parametrize("separation", [-0.0885, 0.02, 0.0837])
def test_quadruplet_separation_is_pre_post_centre_minus_post_pre_centre(separation):
    interval = 0.005
    pre, post = quadruplet(interval, separation, n_quadruplets=2)
    first_is_pre_post = pre[0] < post[0]
    assert first_is_pre_post == (separation < 0)
    centres = (pre[:2] + post[:2]) / 2  # spikes of one pair have the same rank in both trains
    pre_post, post_pre = centres if first_is_pre_post else centres[::-1]
    assert pre_post - post_pre == pytest.approx(separation, abs=2 * ROUNDING)
    assert_allclose(np.abs(post - pre), interval, atol=2 * ROUNDING)
    assert_allclose(pre[2:] - pre[:2], 1.0, atol=2 * ROUNDING)


def test_start_moves_every_spike():
    early, late = quadruplet(0.005, 0.02), quadruplet(0.005, 0.02, start=0.5)
    for before, after in zip(early, late, strict=True):
        assert_allclose(after - before, 0.5, atol=2 * ROUNDING)


def test_names_tell_protocols_apart():
    assert pairing_name(-0.01, 20) == "-10ms_20Hz"
    assert triplet_name(-0.005, 0.015) == "post_pre_post_-5ms_+15ms"
    assert quadruplet_name(0.005, 0.0837) == "quadruplet_5ms_+83.7ms"


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: pairing(0.01, 0), "frequency"),
        (lambda: pairing("soon", 1), "interval"),
        (lambda: pairing(0.01, 1, n_pairs=0), "n_pairs"),
        (lambda: pairing(0.01, 1, n_pairs=2.5), "whole"),
        (lambda: pairing(0.01, 1, start=-1), "start"),
        (lambda: triplet(0.005, 0.005), "opposite"),
        (lambda: triplet(0.3, -0.3, frequency=2), "lower the frequency"),
        (lambda: quadruplet(0.005, 0.004), "separation"),
        (lambda: quadruplet(-0.005, 0.02), "interval"),
        (lambda: quadruplet(0.005, 0.02, frequency=50), "lower the frequency"),
    ],
)
def test_impossible_patterns_are_refused(call, word):
    with pytest.raises(InputError, match=word):
        call()
