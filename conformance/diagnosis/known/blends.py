"""Known deviations of the blend, and of the use of the gates."""

from collections.abc import Callable

import numpy as np

from conformance.diagnosis.catalogue.blends import BLENDS
from conformance.diagnosis.known.deviation import Deviation, declared
from conformance.diagnosis.known.gru import Blocks
from conformance.diagnosis.known.running_error import Near, Rounded

Blend = Callable[[Rounded, Near, Near, Near], Near]


def _sum(ops: Rounded, a: Near, b: Near, sign: int = 1) -> Near:
    return ops.plus(a, ops.scaled(b, sign))


OF: dict[str, Blend] = {
    "blend_is_the_candidate": lambda ops, z, h, n: n,
    "blend_leaves_out_the_state": lambda ops, z, h, n: ops.times(ops.one_minus(z), n),
    "blend_leaves_out_the_candidate": lambda ops, z, h, n: ops.times(z, h),
    "blend_keeps_the_candidate_whole": lambda ops, z, h, n: ops.plus(ops.times(z, h), n),
    "blend_is_a_plain_sum": lambda ops, z, h, n: ops.plus(h, n),
    "blend_is_a_plain_mean": lambda ops, z, h, n: ops.scaled(ops.plus(h, n), 0.5),
    "blend_uses_z_for_both": lambda ops, z, h, n: ops.plus(ops.times(z, h), ops.times(z, n)),
    "blend_uses_the_rest_for_both": lambda ops, z, h, n: ops.times(ops.one_minus(z), ops.plus(h, n)),
    "blend_adds_z_times_the_candidate": lambda ops, z, h, n: ops.plus(h, ops.times(z, n)),
    "blend_subtracts_the_state": lambda ops, z, h, n: _sum(ops, ops.times(ops.one_minus(z), n), ops.times(z, h), -1),
    "blend_uses_1_plus_z": lambda ops, z, h, n: ops.plus(ops.times(z, h), ops.times(ops.scaled(z, 1, 1), n)),
    "blend_is_z_times_the_candidate": lambda ops, z, h, n: ops.times(z, n),
    "blend_scales_the_state_twice": lambda ops, z, h, n: ops.plus(
        ops.times(z, ops.times(z, h)), ops.times(ops.one_minus(z), n)
    ),
    "blend_uses_the_state_for_the_candidate": lambda ops, z, h, n: ops.plus(
        ops.times(z, n), ops.times(ops.one_minus(z), ops.tanh(h))
    ),
}


def _blend(name: str, blend: Blend) -> type[Deviation]:
    def blended(self: Deviation, z: Near, h: Near, n: Near) -> Near:
        return blend(self.ops, z, h, n)

    return type(name, (Deviation,), {"blend": blended})


class WithBothGates(Deviation):
    """A deviation that uses both gates in one place. Raises ValueError if there is no reset gate."""

    def next_state(self, x: np.ndarray, h: Near, w: Blocks) -> Near:
        if len(w.W) != 3:
            raise ValueError("there is no reset gate")
        return super().next_state(x, h, w)

    def plain_update(self, x_side: list[Near], h: Near, w: Blocks) -> Near:
        """The update gate of the specification."""
        return self.sigmoid(self.ops.plus(x_side[0], self.recurrent(h, w, 0)))

    def plain_reset(self, x_side: list[Near], h: Near, w: Blocks) -> Near:
        """The reset gate of the specification."""
        return self.sigmoid(self.ops.plus(x_side[1], self.recurrent(h, w, 1)))


class reset_scales_the_state_of_the_update(WithBothGates):
    def update(self, x_side: list[Near], h: Near, w: Blocks) -> Near:
        return super().update(x_side, self.ops.times(self.plain_reset(x_side, h, w), h), w)


class update_scales_the_state_of_the_reset(WithBothGates):
    def reset(self, x_side: list[Near], h: Near, w: Blocks) -> Near:
        return super().reset(x_side, self.ops.times(self.plain_update(x_side, h, w), h), w)


class reset_scales_the_state_in_the_blend(WithBothGates):
    def reset(self, x_side: list[Near], h: Near, w: Blocks) -> Near:
        self._reset = super().reset(x_side, h, w)
        return self._reset

    def blend(self, z: Near, h: Near, n: Near) -> Near:
        return super().blend(z, self.ops.times(self._reset, h), n)


class update_stands_for_the_reset(WithBothGates):
    def reset(self, x_side: list[Near], h: Near, w: Blocks) -> Near:
        return self.plain_update(x_side, h, w)


class reset_stands_for_the_update(WithBothGates):
    def update(self, x_side: list[Near], h: Near, w: Blocks) -> Near:
        return self.plain_reset(x_side, h, w)


class reset_acts_before_and_after(WithBothGates):
    def candidate(self, x_side: list[Near], r: Near | None, h: Near, w: Blocks) -> Near:
        if r is None:
            raise ValueError("there is no reset gate")
        return self.ops.plus(x_side[2], self.ops.times(r, self.recurrent(self.ops.times(r, h), w, 2)))


class reset_is_added(WithBothGates):
    def candidate(self, x_side: list[Near], r: Near | None, h: Near, w: Blocks) -> Near:
        if r is None:
            raise ValueError("there is no reset gate")
        return self.ops.plus(x_side[2], self.ops.plus(r, self.recurrent(h, w, 2)))


class reset_scales_the_candidate(WithBothGates):
    def reset(self, x_side: list[Near], h: Near, w: Blocks) -> Near:
        self._reset = super().reset(x_side, h, w)
        return self._reset

    def candidate(self, x_side: list[Near], r: Near | None, h: Near, w: Blocks) -> Near:
        return self.ops.plus(x_side[2], self.recurrent(h, w, 2))

    def blend(self, z: Near, h: Near, n: Near) -> Near:
        return super().blend(z, h, self.ops.times(self._reset, n))


class reset_places_are_exchanged(Deviation):
    def place(self) -> str:
        return {"after": "before", "before": "after"}.get(self.case.reset, self.case.reset)


DEVIATIONS = (
    *(_blend(name, OF[name]) for name in BLENDS),
    *(one for one in declared(globals()) if one not in (WithBothGates, reset_places_are_exchanged)),
)
"""The deviations of the table, then the classes, except the one that only two positions of the reset gate show."""
