"""Memory of the states of a rule in a network of rates: a number per synapse, per neuron, or for all synapses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plasticity.compile.owner import rate_ownership
from plasticity.rule import Rule

OWNERS = ("synapse", "post", "pre", "all")  # in the order of the memory


@dataclass(frozen=True)
class Layout:
    """States of a rule, one array after the other: first those of the synapses, then of neurons, then of all.

    Parameters
    ----------
    owners : dict of str to str
        Owner of every state, in the order of the memory.
    """

    owners: dict[str, str]

    def of(self, owner: str) -> list[str]:
        """States of this owner."""
        return [name for name, each in self.owners.items() if each == owner]

    def before(self, name: str) -> list[int]:
        """How many arrays (n_post, n_pre), (n_post,), (n_pre,) and numbers lie before a state."""
        earlier = list(self.owners.values())[: list(self.owners).index(name)]
        return [earlier.count(owner) for owner in OWNERS]

    def start(self, name: str, n_post: int, n_pre: int) -> int:
        """Place of the first number of a state."""
        return int(np.dot(self.before(name), (n_post * n_pre, n_post, n_pre, 1)))

    def size(self, n_post: int, n_pre: int) -> int:
        """Numbers of all states."""
        return sum(int(np.prod(_shape(owner, n_post, n_pre))) for owner in self.owners.values())

    def part(self, numbers: NDArray[np.float64], name: str, n_post: int, n_pre: int) -> NDArray[np.float64]:
        """View of a state in the memory (n_batch, size): (n_batch, n_post or 1, n_pre or 1).

        Examples
        --------
        >>> from plasticity.compile.mean_field import on_rates
        >>> from plasticity.rules.bcm import bcm
        >>> layout = layout_of(on_rates(bcm()))
        >>> memory = np.zeros((1, layout.size(2, 1000)))
        >>> memory.size, layout.part(memory, "threshold", 2, 1000).shape
        (2, (1, 2, 1))
        """
        shape = _shape(self.owners[name], n_post, n_pre)
        start = self.start(name, n_post, n_pre)
        return numbers[:, start : start + int(np.prod(shape))].reshape(len(numbers), *shape)


def layout_of(rule: Rule) -> Layout:
    """Layout of a rule without spikes."""
    owners = {name: state.owner for name, state in rate_ownership(rule).items()}
    return Layout({name: owners[name] for name in sorted(owners, key=lambda name: OWNERS.index(owners[name]))})


def _shape(owner: str, n_post: int, n_pre: int) -> tuple[int, int]:
    return (n_post if owner in ("synapse", "post") else 1, n_pre if owner in ("synapse", "pre") else 1)
