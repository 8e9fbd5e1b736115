"""A multilayer perceptron as a loss landscape: cross-entropy of labelled images, with its gradient by backpropagation.

All parameters of the network lie in one vector θ, layer after layer: the weights (inputs, outputs), then the biases.
Everything is batched over the leading axes of θ.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.landscapes import LandscapeSequence
from plasticity.metrics import Blocks, Kronecker
from scenarios.support.digit_images import Part


@dataclass(frozen=True)
class Perceptron:
    """Network of tanh layers with a softmax at the end.

    Parameters
    ----------
    sizes : tuple of int
        Units per layer, from the inputs to the classes.

    Examples
    --------
    >>> Perceptron((64, 32, 10)).n
    2410
    """

    sizes: tuple[int, ...]

    @property
    def n(self) -> int:
        """Number of weights and biases."""
        return sum((a + 1) * b for a, b in zip(self.sizes, self.sizes[1:], strict=False))

    def start(self, random: np.random.Generator) -> NDArray[np.float64]:
        """Normal weights with standard deviation ``1/sqrt(inputs)``, biases 0; shape (n,)."""
        layers = zip(self.sizes, self.sizes[1:], strict=False)
        parts = [(random.standard_normal((a, b)) / np.sqrt(a), np.zeros(b)) for a, b in layers]
        return np.concatenate([part.ravel() for layer in parts for part in layer])

    def on(self, part: Part) -> CrossEntropy:
        """Loss of the network on labelled images, as a landscape."""
        return CrossEntropy(self, part.images, part.labels)

    def layers(self, theta: NDArray) -> Iterator[tuple[NDArray, NDArray]]:
        """Weights (..., inputs, outputs) and biases (..., 1, outputs) of every layer, as views of θ (..., n)."""
        low = 0
        for a, b in zip(self.sizes, self.sizes[1:], strict=False):
            weights = theta[..., low : low + a * b].reshape(*theta.shape[:-1], a, b)
            low += (a + 1) * b
            yield weights, theta[..., None, low - b : low]


@dataclass(frozen=True, eq=False)
class CrossEntropy:
    """Landscape ``L(θ) = −mean over images of log softmax(output)[label]``, without a Hessian.

    Parameters
    ----------
    perceptron : Perceptron
    images : (n_images, n_inputs) array
    labels : (n_images,) array of int

    References
    ----------
    rumelhart_1986.
    """

    perceptron: Perceptron
    images: NDArray[np.float64]
    labels: NDArray[np.int64]

    def loss(self, theta: ArrayLike) -> NDArray[np.float64]:
        """L at θ (..., n), shape (...)."""
        _, log_softmax = self._forward(np.asarray(theta, dtype=float))
        return -log_softmax[..., np.arange(self.labels.size), self.labels].mean(-1)

    def accuracy(self, theta: ArrayLike) -> NDArray[np.float64]:
        """Fraction of images whose most probable class is their label, at θ (..., n), shape (...)."""
        _, log_softmax = self._forward(np.asarray(theta, dtype=float))
        return (log_softmax.argmax(-1) == self.labels).mean(-1)

    def gradient(self, theta: ArrayLike) -> NDArray[np.float64]:
        """∂L/∂θ at θ (..., n), shape (..., n), by backpropagation."""
        theta = np.asarray(theta, dtype=float)
        activities, log_softmax = self._forward(theta)
        error = np.exp(log_softmax)  # ∂L/∂(input current), times the number of images
        error[..., np.arange(self.labels.size), self.labels] -= 1
        return self._backward(theta, activities, error / self.labels.size)

    def product(self, theta: ArrayLike, v: ArrayLike) -> NDArray[np.float64]:
        """Gauss–Newton matrix at θ (n,) times v (n,): JᵀH_out J v, positive semidefinite.

        J is the derivative of the input currents of the last layer, and ``H_out = diag(p) − ppᵀ`` of softmax
        probabilities p makes it the Fisher matrix of the labels, too.

        References
        ----------
        schraudolph_2002.
        """
        theta, v = np.asarray(theta, dtype=float), np.asarray(v, dtype=float)
        activities, log_softmax = self._forward(theta)
        moved: NDArray | float = 0.0  # how the activity that a layer reads moves along v
        layers = zip(self.perceptron.layers(theta), self.perceptron.layers(v), activities, strict=True)
        for k, ((weights, _), (along, shift), activity) in enumerate(layers):
            current = activity @ along + shift + (moved @ weights if k else 0.0)
            if k + 1 < len(activities):
                moved = (1 - activities[k + 1] ** 2) * current
        p = np.exp(log_softmax)
        return self._backward(theta, activities, p * (current - (p * current).sum(-1, keepdims=True)) / len(p))

    def kronecker(self, theta: ArrayLike, damping: float) -> Blocks:
        """Fisher metric at θ (n,), a Kronecker product per layer: A ⊗ B as if inputs and errors were independent.

        A is the mean of aaᵀ over images, with the inputs a of a layer and a 1 for its biases; B is that of ggᵀ, with
        the slopes g of the log probability of a label in its currents, over labels by their probabilities, too. The
        root of `damping` is added to the diagonals of both.

        References
        ----------
        martens_2015.
        """
        theta = np.asarray(theta, dtype=float)
        activities, log_softmax = self._forward(theta)
        p = np.exp(log_softmax)
        error = np.sqrt(p)[..., None] * (np.eye(p.shape[-1]) - p[..., None, :])  # (images, labels, units)
        parts: list[Kronecker] = []
        layers = reversed(list(self.perceptron.layers(theta)))
        for (weights, _), activity in zip(layers, reversed(activities), strict=True):
            extended = np.hstack([activity, np.ones((len(activity), 1))])
            both = (extended, error.reshape(-1, error.shape[-1]))
            factors = (x.T @ x / len(p) + np.sqrt(damping) * np.eye(x.shape[-1]) for x in both)
            parts = [Kronecker(*factors), *parts]
            error = (error @ weights.T) * (1 - activity**2)[:, None]  # of no use for the images themselves
        return Blocks(parts)

    def _backward(self, theta: NDArray, activities: list[NDArray], error: NDArray) -> NDArray[np.float64]:
        """Jᵀ times an error of the input currents of the last layer (..., n_images, n_classes), shape (..., n)."""
        parts: list[NDArray] = []
        layers = list(self.perceptron.layers(theta))
        for (weights, _), activity in zip(reversed(layers), reversed(activities), strict=True):
            slope = np.swapaxes(activity, -1, -2) @ error
            parts = [slope.reshape(*theta.shape[:-1], -1), error.sum(-2), *parts]
            if activity is not self.images:
                error = (error @ np.swapaxes(weights, -1, -2)) * (1 - activity**2)
        return np.concatenate(parts, axis=-1)

    def _forward(self, theta: NDArray) -> tuple[list[NDArray], NDArray]:
        """Activity that every layer reads, and the log-softmax of the last (..., n_images, n_classes)."""
        activities = [self.images]
        *hidden, last = self.perceptron.layers(theta)
        for weights, biases in hidden:
            activities.append(np.tanh(activities[-1] @ weights + biases))
        output = activities[-1] @ last[0] + last[1]
        output -= output.max(-1, keepdims=True)
        return activities, output - np.log(np.exp(output).sum(-1, keepdims=True))


@dataclass(frozen=True, eq=False)
class MiniBatches(LandscapeSequence):
    """Loss of one mini-batch after the other.

    Parameters
    ----------
    whole : CrossEntropy
        On all images.
    order : (n_steps, batch_size) array of int
        Images of every mini-batch, see `shuffled`.
    """

    whole: CrossEntropy
    order: NDArray[np.int64]

    @property
    def n(self) -> int:
        """Number of weights and biases."""
        return self.whole.perceptron.n

    @property
    def n_steps(self) -> int:
        """Number of mini-batches."""
        return len(self.order)

    def at(self, step: int) -> CrossEntropy:
        """Loss of one mini-batch."""
        chosen = self.order[min(step, self.n_steps - 1)]
        return CrossEntropy(self.whole.perceptron, self.whole.images[chosen], self.whole.labels[chosen])


def shuffled(n_images: int, batch_size: int, n_epochs: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Order of images for `MiniBatches`: every epoch anew, without the few that do not fill a batch.

    Examples
    --------
    >>> shuffled(10, 4, 3, np.random.default_rng(0)).shape
    (6, 4)
    """
    full = n_images // batch_size
    epochs = [random.permutation(n_images)[: full * batch_size] for _ in range(n_epochs)]
    return np.reshape(epochs, (n_epochs * full, batch_size))
