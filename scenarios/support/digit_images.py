"""Images of handwritten digits: a bundled set of 8×8 pixels, or the user's own files in the formats of MNIST.

The bundled set, digits_8x8.npz, is the test part of "Optical Recognition of Handwritten Digits" by E. Alpaydin and
C. Kaynak (1998; UCI Machine Learning Repository, data set 80, licence CC BY 4.0), as scikit-learn distributes it.
"""

from __future__ import annotations

import gzip
import math
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plasticity.errors import InputError

BUNDLED = "bundled"
HELD_OUT = 0.2  # fraction of the images of the bundled set for the test, and of the others for validation
CLASSES = 1000  # at most: every class is an output unit
ARRAYS = ("x_train", "y_train", "x_test", "y_test")
IDX_FILES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}
IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


@dataclass(frozen=True, eq=False)
class Part:
    """Images (n, pixels), between 0 and 1, and their labels (n,)."""

    images: NDArray[np.float64]
    labels: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Digits:
    """Images to learn from, to tune on and to test on, and the number of classes."""

    train: Part
    validation: Part
    test: Part
    n_classes: int


def load_digits(data: str, n_images: int, random: np.random.Generator) -> Digits:
    """Read images, split them at random and scale them by the brightest pixel to learn from.

    Parameters
    ----------
    data : str
        ``"bundled"``; or an .npz file with x_train, y_train, x_test, y_test; or a folder with MNIST's four idx
        files, which may be gzipped. The bundled set has no test part: a fifth is put aside.
    n_images : int
        Use so many of the images that are not for the test, a fifth of them for validation; 0 for all.
    random : numpy.random.Generator

    Raises
    ------
    InputError
        If the file is missing or broken, or its arrays do not fit together.
    """
    x, y, x_test, y_test = _bundled(random) if data == BUNDLED else _from_files(Path(data))
    if n_images > len(x):
        raise InputError(f"n_images is {n_images}, but there are {len(x)} images to learn from in {data}; use fewer")
    chosen = random.permutation(len(x))[: n_images or len(x)]
    held_out, rest = np.split(chosen, [round(HELD_OUT * chosen.size)])
    if min(held_out.size, rest.size) == 0:
        raise InputError(f"n_images is {chosen.size}, too few to learn from and to tune on; use at least 3")
    scale = float(x[rest].max()) or 1.0
    return Digits(
        train=Part(x[rest] / scale, y[rest]),
        validation=Part(x[held_out] / scale, y[held_out]),
        test=Part(x_test / scale, y_test),
        n_classes=int(max(y.max(), y_test.max())) + 1,
    )


def _bundled(random: np.random.Generator) -> tuple[NDArray, ...]:
    with np.load(Path(__file__).with_name("digits_8x8.npz")) as file:
        images, labels = file["images"].astype(float), file["labels"].astype(np.int64)
    held_out, rest = np.split(random.permutation(len(images)), [round(HELD_OUT * len(images))])
    return images[rest], labels[rest], images[held_out], labels[held_out]


def _from_files(path: Path) -> tuple[NDArray, ...]:
    if not path.exists():
        raise InputError(
            f"data is {str(path)!r}, which does not exist; use 'bundled', an .npz file or a folder of idx files"
        )
    arrays = _read_idx_folder(path) if path.is_dir() else _read_npz(path)
    parts: list[NDArray] = []
    for part in ("train", "test"):
        parts += _checked(path, part, arrays[f"x_{part}"], arrays[f"y_{part}"])
    if parts[0].shape[1] != parts[2].shape[1]:
        raise InputError(
            f"{path}: images of x_train have {parts[0].shape[1]} pixels, of x_test {parts[2].shape[1]}; they must agree"
        )
    return tuple(parts)


def _read_npz(path: Path) -> dict[str, NDArray]:
    try:
        with np.load(path, allow_pickle=False) as file:
            missing = [name for name in ARRAYS if name not in file]
            if missing:
                raise InputError(f"{path} has no array {missing[0]}; it must have {', '.join(ARRAYS)}")
            return {name: file[name] for name in ARRAYS}
    except (OSError, ValueError, TypeError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path} is no .npz file of numbers: {error}") from error


def _read_idx_folder(folder: Path) -> dict[str, NDArray]:
    arrays = {}
    for name, stem in IDX_FILES.items():
        path = next((p for p in (folder / stem, folder / f"{stem}.gz") if p.is_file()), None)
        if path is None:
            raise InputError(f"{folder} has no file {stem} or {stem}.gz; it must have MNIST's four idx files")
        arrays[name] = _read_idx(path)
    return arrays


def _read_idx(path: Path) -> NDArray:
    """Array in an idx file: two zeros, type, number of dimensions, sizes (big-endian, 4 bytes each), values."""
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"cannot read {path}: {error}") from error
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in IDX_TYPES:
        raise InputError(f"{path} is no idx file: it starts with {content[:4]!r}")
    kind, start = np.dtype(IDX_TYPES[content[2]]), 4 + 4 * content[3]
    if len(content) < start:
        raise InputError(f"{path} ends within its header; download it again")
    shape = tuple(np.frombuffer(content, ">u4", content[3], 4).tolist())
    expected = math.prod(shape) * kind.itemsize
    if len(content) - start != expected:
        raise InputError(
            f"{path} should hold {expected} bytes of values, got {len(content) - start}; download it again"
        )
    return np.frombuffer(content, kind, offset=start).reshape(shape)


def _checked(path: Path, part: str, images: NDArray, labels: NDArray) -> tuple[NDArray, NDArray]:
    """Images (n, pixels) and labels (n,), or an error that names the array."""
    if images.dtype.kind not in "uif" or images.ndim < 2 or not images.size:
        raise InputError(
            f"{path}: x_{part} must be numbers of shape (images, …pixels), got {images.dtype}{images.shape}"
        )
    if (
        labels.dtype.kind not in "ui"
        or labels.shape != images.shape[:1]
        or not 0 <= labels.min() <= labels.max() < CLASSES
    ):
        raise InputError(
            f"{path}: y_{part} must be {len(images)} whole numbers from 0 to {CLASSES - 1}, one per image, "
            f"got {labels.dtype}{labels.shape}"
        )
    flat = images.reshape(len(images), -1).astype(float)
    if not np.all(np.isfinite(flat)) or flat.min() < 0:
        raise InputError(f"{path}: x_{part} must be finite and not negative")
    return flat, labels.astype(np.int64)
