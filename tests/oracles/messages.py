"""What is received of a whole sequence of messages, sent one after the other."""

import numpy as np

from plasticity.feedback import NAME, open_channel


def transmit(channel, signals, dt, seed=0, trial=0, name=NAME):
    """Received messages (n_steps, n_received) of `signals` (n_steps, n_sent), one per time step.

    >>> from plasticity import FeedbackChannel
    >>> transmit(FeedbackChannel(delay=0.2, gain=2.0), [[1.0], [2.0], [3.0], [4.0]], dt=0.1).ravel()
    array([0., 0., 2., 4.])
    """
    signals = np.asarray(signals, dtype=float)
    send = open_channel(channel, signals.shape[1], dt, [(seed, trial)], name)
    return np.array([send(signal[None])[0] for signal in signals])
