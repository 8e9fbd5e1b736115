"""Compiled twins of `move` (limits of control) and of the feedback channel, for loops that numba compiles.

Their elementwise formulas are those of `plasticity.compile.elementwise`; the sums over directions of control, over
coupled weights and over components of a message are written here.
"""

from __future__ import annotations

from plasticity.compile.elementwise import (
    CLIPPED,
    DISTURBED,
    DRIFT_VELOCITY,
    MOVED,
    PERMITTED,
    RECEIVED,
    ROUNDED,
    python_text,
)
from plasticity.compile.native import REORDERED, Signature, native

# _limits: mask, low, high and drift (n each), read (n_directions, n), control (n, n_directions), matrix (n, n);
# _change: changes (n) of the synapses, then room for n + n_directions numbers
MOVE = Signature(
    arrays=("_w", "_change", "_limits", "_next_pre", "_current"),
    floats=("_dt",),
    integers=("_n_post", "_n_pre", "_n_directions", "_is_complement", "_is_coupled"),
)
_MOVE = """
_n = _n_post * _n_pre
_velocity, _along = _n, 2 * _n
_read, _control = 4 * _n, (4 + _n_directions) * _n
_matrix = _control + _n_directions * _n
for _i in range(_n):
    _change[_i] = {permitted}
for _k in range(_n_directions):
    _sum = 0.0
    for _i in range(_n):
        _sum += _limits[_read + _k * _n + _i] * _change[_i]
    _change[_along + _k] = _sum
for _i in range(_n):
    if _n_directions > 0:
        _sum = _change[_i] if _is_complement else 0.0
        for _k in range(_n_directions):
            _sum += _limits[_control + _i * _n_directions + _k] * _change[_along + _k]
        _change[_i] = _sum
    _sum = {velocity}
    if _is_coupled:
        for _k in range(_n):
            _sum += _limits[_matrix + _i * _n + _k] * _w[_k]
    _change[_velocity + _i] = _sum
for _i in range(_n_post):
    _total = 0.0
    for _j in range(_n_pre):
        _at = _i * _n_pre + _j
        _moved = {moved}
        _w[_at] = {clipped}
        _total += _w[_at] * _next_pre[_j]
    _current[_i] += _total
"""

# _waiting: messages on their way (n_slots, n_received); _projection (n_received, n_sent), if there is one
DELIVER = Signature(
    arrays=("_message", "_received", "_factor", "_noise", "_waiting", "_projection"),
    floats=("_delivered", "_quantum"),
    integers=("_n_sent", "_n_received", "_n_slots", "_is_projected", "_now", "_delay"),
)
_DELIVER = """
_newest, _oldest = _now % _n_slots * _n_received, (_now - _delay) % _n_slots * _n_received
for _i in range(_n_received):
    if _is_projected:
        _arriving = 0.0
        for _k in range(_n_sent):
            _arriving += _projection[_i * _n_sent + _k] * _message[_k]
    else:
        _arriving = _message[_i]
    _waiting[_newest + _i] = _arriving
for _i in range(_n_received):
    _value = {disturbed}
    if _quantum > 0.0:
        _value = {rounded}
    _received[_i] = {received} if _now >= _delay else 0.0
"""


def move_source() -> str:
    """Text of the function `move` that carries out changes of weights within limits that couple synapses."""
    text = _MOVE.format(
        permitted=python_text(PERMITTED, plastic="_limits[_i]", change="_change[_i]"),
        velocity=python_text(DRIFT_VELOCITY, drift="_limits[3 * _n + _i]", weight="_w[_i]"),
        moved=python_text(
            MOVED, weight="_w[_at]", change="_change[_at]", dt="_dt", velocity="_change[_velocity + _at]"
        ),
        clipped=python_text(CLIPPED, weight="_moved", low="_limits[_n + _at]", high="_limits[2 * _n + _at]"),
    )
    return native("move", MOVE, text.strip().split("\n"), REORDERED)


def deliver_source() -> str:
    """Text of the function `deliver` that takes one message through the feedback channel."""
    text = _DELIVER.format(
        disturbed=python_text(DISTURBED, factor="_factor[_i]", arriving="_waiting[_oldest + _i]", noise="_noise[_i]"),
        rounded=python_text(ROUNDED, quantum="_quantum", value="_value"),
        received=python_text(RECEIVED, value="_value", delivered="_delivered"),
    )
    return native("deliver", DELIVER, text.strip().split("\n"))
