"""Text for Markdown pages: what comes from data, file names and users is shown as it is and makes no structure."""

from __future__ import annotations

import re

_CODE = re.compile(r"(`[\w .,=()-]+`)")
_SPECIAL = re.compile(r"[\\`*<|~$]|\](?=[(\[:])|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)")
_MARKER = re.compile(r"^(?:(?=[-+#=]+(?:\s|$)|\[[ xX]\]|>)|(\d{1,9})(?=[.)](?:\s|$)))")


def markdown(text: str) -> str:
    r"""One line of Markdown that shows `text`: special characters are escaped, line breaks become blanks.

    Names of code in backticks stay what they are.

    Examples
    --------
    >>> print(markdown("pair_stdp, *all* <b>pairs</b>"), markdown("- [x](y)"), markdown("2. by hand"), sep="\n")
    pair_stdp, \*all\* \<b>pairs\</b>
    \- [x\](y)
    2\. by hand
    """
    parts = _CODE.split(" ".join(text.split()))
    line = "".join(part if i % 2 else _SPECIAL.sub(r"\\\g<0>", part) for i, part in enumerate(parts))
    return _MARKER.sub(lambda marker: f"{marker[1] or ''}\\", line)
