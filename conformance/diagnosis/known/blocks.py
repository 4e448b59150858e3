"""Known deviations of single blocks of weights and biases."""

from collections.abc import Callable

import numpy as np

from conformance.diagnosis.catalogue.blocks import COPIED, SCALED, TRANSPOSED
from conformance.diagnosis.known.deviation import Deviation
from conformance.diagnosis.known.gru import Blocks


def _place(w: Blocks, gate: str) -> int:
    """The index of a gate's block. Raises ValueError if there is no such gate."""
    return "zrn".index(gate) if len(w.W) == 3 else "zn".index(gate)


def _changed(name: str, letters: str, change: Callable[[Blocks, np.ndarray], np.ndarray]) -> type[Deviation]:
    def blocks(self: Deviation, w: Blocks) -> Blocks:
        return super(made, self).blocks(w._replace(**{letter: change(w, getattr(w, letter)) for letter in letters}))

    made: type[Deviation] = type(name, (Deviation,), {"blocks": blocks})
    return made


def _scaled(name: str, letters: str, gates: str, factor: int) -> type[Deviation]:
    def change(w: Blocks, array: np.ndarray) -> np.ndarray:
        array = array.copy()
        places = range(len(w.W)) if gates == "zrn" else [_place(w, gate) for gate in gates]
        array[list(places)] *= factor
        return array

    return _changed(name, letters, change)


def _copied(name: str, letters: str, gate: str, other: str) -> type[Deviation]:
    def change(w: Blocks, array: np.ndarray) -> np.ndarray:
        array = array.copy()
        array[_place(w, gate)] = array[_place(w, other)]
        return array

    return _changed(name, letters, change)


def _transposed(name: str, gates: str) -> type[Deviation]:
    def change(w: Blocks, array: np.ndarray) -> np.ndarray:
        array = array.copy()
        for gate in gates:
            array[_place(w, gate)] = array[_place(w, gate)].T.copy()
        return array

    return _changed(name, "U", change)


DEVIATIONS = (
    *(_scaled(name, *read) for name, read in SCALED.items()),
    *(_copied(name, *read) for name, read in COPIED.items()),
    *(_transposed(name, gates) for name, gates in TRANSPOSED.items()),
)
"""All deviations of the table, in its order."""
