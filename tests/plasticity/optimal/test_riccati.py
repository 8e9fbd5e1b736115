"""The doubling solver against scipy, and where scipy cannot go."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.linalg import solve_continuous_are

from plasticity.optimal.riccati import NoFiniteOptimum, decomposed_riccati, reachable_basis, value_matrix


def riccati(a, b, q, discount):
    return value_matrix(decomposed_riccati(a, b, q, discount))


def residual(p, a, s, q, discount):
    shifted = a - discount / 2 * np.eye(len(a))
    return np.abs(shifted.T @ p + p @ shifted - p @ s @ p + q).max() / np.abs(p).max()


@pytest.mark.parametrize("n", [1, 2, 3, 6, 12, 30, 60])
@pytest.mark.parametrize("full_rank", [True, False])
def test_agrees_with_scipy_on_random_problems(n, full_rank):
    rng = np.random.default_rng(n)
    a = rng.standard_normal((n, n)) / np.sqrt(n)
    b = rng.standard_normal((n, max(1, n // 2))) / np.sqrt(n)
    root = rng.standard_normal((n, n if full_rank else max(1, n // 2))) / np.sqrt(n)
    q = root @ root.T
    p = riccati(a, b, q, discount=0.1)
    oracle = solve_continuous_are(a - 0.05 * np.eye(n), b, q, np.eye(b.shape[1]))
    assert residual(p, a, b @ b.T, q, 0.1) < 1e-12
    assert_allclose(p, oracle, atol=1e-10 * np.abs(oracle).max())


def test_residual_at_two_hundred_parameters():
    rng = np.random.default_rng(0)
    a = rng.standard_normal((200, 200)) / np.sqrt(200)
    b = rng.standard_normal((200, 100)) / np.sqrt(200)
    p = riccati(a, b, np.eye(200), discount=0.1)
    assert residual(p, a, b @ b.T, np.eye(200), 0.1) < 1e-12


def test_growing_mode_out_of_reach_has_no_solution():
    with pytest.raises(NoFiniteOptimum):
        riccati(np.diag([1.0, 1.0]), np.diag([1.0, 0.0]), np.eye(2), discount=0.5)


def test_concave_and_growing_has_no_solution_although_the_equation_has():
    # roots of 0.1 = (2·0.5) p − p² are real and positive, but the cost of longer windows goes to −∞
    with pytest.raises(NoFiniteOptimum):
        riccati(np.eye(1), np.eye(1), -0.1 * np.eye(1), discount=1.0)


def test_reachable_directions_of_a_hidden_chain():
    turn = np.linalg.qr(np.random.default_rng(2).standard_normal((5, 5)))[0]
    chain = np.diag(np.ones(2), -1)
    a = turn @ np.block([[chain, np.zeros((3, 2))], [np.zeros((2, 3)), np.eye(2)]]) @ turn.T
    basis, rank, _ = reachable_basis(a, turn[:, :1])
    assert rank == 3
    assert_allclose(basis[:, :3] @ basis[:, :3].T, turn[:, :3] @ turn[:, :3].T, atol=1e-12)
    assert_allclose(basis.T @ basis, np.eye(5), atol=1e-14)
