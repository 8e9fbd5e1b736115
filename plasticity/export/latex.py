"""LaTeX: the card of a rule as a document that compiles as it is; what is between begin and end fits into another."""

from __future__ import annotations

from plasticity.compile.file_head import words
from plasticity.pages.card import card
from plasticity.rule import Rule
from plasticity.support.checks import checked

_BEGIN = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage[margin=25mm]{geometry}
\usepackage{amsmath,graphicx}
\newsavebox{\formula}  % a formula that is wider than the page is made smaller
\def\[#1\]{\sbox{\formula}{$\displaystyle #1$}\leavevmode\par\smallskip{\centering
  \ifdim\wd\formula>\linewidth\resizebox{\linewidth}{!}{\usebox{\formula}}\else\usebox{\formula}\fi\par}\smallskip}
\begin{document}
"""


@checked
def latex(rule: Rule) -> dict[str, str]:
    r"""Text of a LaTeX document with the card of a rule (`plasticity.pages.card`), by file name.

    It needs amsmath and graphicx only.

    Examples
    --------
    >>> from plasticity.rules.pair_stdp import pair_stdp
    >>> print(*[line for line in latex(pair_stdp())["pair_stdp.tex"].splitlines() if "leftarrow" in line][:1])
    \[ w \leftarrow - A^{-} r_{\text{post}} + w \]
    """
    return {f"{words(rule)}.tex": f"{_BEGIN}{card(rule, 'latex')}\\end{{document}}\n"}
