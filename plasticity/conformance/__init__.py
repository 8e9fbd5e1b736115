"""Conformance kit: spike sequences and the weights that every rule must have after them, for any simulator."""

from typing import TYPE_CHECKING

from plasticity.support.lazy import export

if TYPE_CHECKING:
    from plasticity.conformance.check import Outcome as Outcome
    from plasticity.conformance.check import check as check
    from plasticity.conformance.check import summary as summary
    from plasticity.conformance.golden import labels as labels
    from plasticity.conformance.golden import make as make
    from plasticity.conformance.golden import read as read
    from plasticity.conformance.golden import write as write
    from plasticity.conformance.records import GoldenRule as GoldenRule
    from plasticity.conformance.records import Kit as Kit
    from plasticity.conformance.records import Sequence as Sequence
    from plasticity.conformance.sequences import sequence_table as sequence_table
    from plasticity.conformance.sequences import sequences as sequences

__all__ = export(__name__)
