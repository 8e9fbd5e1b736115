"""Write a document to a folder as Markdown, as one self-contained page, and its pictures as files."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from analysis.pages.document import Document, Picture, as_html, as_markdown
from plasticity.errors import InputError

__all__ = ["write_document"]


def write_document(document: Document, directory: str | os.PathLike, stem: str) -> dict[str, Path]:
    """Write ``stem.md``, ``stem.html`` and every picture; all are complete before the first appears in the folder.

    Parameters
    ----------
    document : Document
    directory : str or path
        Folder, made if needed; files of the same names are replaced.
    stem : str
        Name of the text and of the page.

    Returns
    -------
    dict of str to Path
        Where each file is, by its name.

    Raises
    ------
    InputError
        If the folder cannot be written.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     print(*write_document(Document("Weights", ()), folder, "text"))
    text.md text.html
    """
    directory = Path(directory)
    contents = {block.file: block.png for block in document.blocks if isinstance(block, Picture)}
    contents |= {f"{stem}.md": as_markdown(document).encode(), f"{stem}.html": as_html(document).encode()}
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{stem}.", suffix=".part", dir=directory) as part:
            for name, content in contents.items():
                if (directory / name).is_dir():
                    raise IsADirectoryError(f"{directory / name} is a folder")
                Path(part, name).write_bytes(content)
            for name in contents:
                os.replace(Path(part, name), directory / name)
    except OSError as error:
        raise InputError(
            f"cannot write the {stem} to {directory}: {error.strerror or error}; choose another folder"
        ) from error
    return {name: directory / name for name in contents}
