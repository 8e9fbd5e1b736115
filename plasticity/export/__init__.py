"""Rules for other programs: one module per format, with a function of the same name that returns files by name."""

from typing import TYPE_CHECKING

from plasticity.support.lazy import export

if TYPE_CHECKING:
    from plasticity.export.brian2 import brian2 as brian2
    from plasticity.export.formats import FORMATS as FORMATS
    from plasticity.export.formats import files as files
    from plasticity.export.formats import write as write
    from plasticity.export.latex import latex as latex
    from plasticity.export.markdown import markdown as markdown
    from plasticity.export.nestml import nestml as nestml
    from plasticity.export.optax import optax as optax
    from plasticity.export.torch import torch as torch

__all__ = export(__name__)
