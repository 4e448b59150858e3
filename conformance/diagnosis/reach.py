"""The sizes and options at which an explanation holds, found by varying one of them at a time.

A kernel may switch its code by size, format or option, so that a mistake occurs only in some calls. From a case at
which the explanation holds, one axis or one option at a time is changed. If the answer is then right although the
explanation predicts a wrong one, the result states it in words: a multiple, a limit, or the sizes themselves.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from conformance.diagnosis.alike import AXES, Options, Shape, alike, others
from conformance.diagnosis.search import Explanation, Hypotheses, flat
from conformance.interface.adapter import GRU, SubjectError, ask
from conformance.interface.case import Case

SIZES = (1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 17, 24, 31, 32, 33, 48, 63, 64, 65, 96, 127, 128, 129)
"""The sizes of one axis, on both sides of the widths of vectors, tiles and blocks."""

SHORT = (3, 8)
"""The sizes for a subject that compiles for each shape."""

MULTIPLES = (64, 48, 32, 16, 8, 4, 3, 2)

HOLDS, RIGHT, OTHER = "holds", "right", "wrong in another way"


class Reach(NamedTuple):
    """The sizes and options at which an explanation holds.

    Attributes:
        words: The limits in words; None if there are none.
        astray: The number of axes and options along which the answer was wrong in another way.
        limits: The number of axes and options along which the answer was right.
    """

    words: str | None
    astray: int
    limits: int

    @staticmethod
    def best(reaches: Sequence["Reach"]) -> list[int]:
        """The indices of the reaches with the fewest axes astray, and among these with the fewest limits."""
        least = min(((one.astray, one.limits) for one in reaches), default=None)
        return [place for place, one in enumerate(reaches) if (one.astray, one.limits) == least]


def reach(gru: GRU, options: Options, shape: Shape, one: Explanation) -> Reach:
    """The reach of an explanation that holds at these options and sizes."""
    can = gru.capabilities
    limits: list[str] = []
    astray: list[str] = []
    for words, other in others(options, can):
        found = outcome(gru, alike(other, shape), one)
        if found == RIGHT:
            limits.append(words)
        elif found == OTHER:
            astray.append(f"other options ({words})")
    for place, axis in enumerate(AXES):
        sizes = sorted({*(SHORT if can.compiles_per_shape else SIZES), shape[place]})
        at = {size: _outcome(gru, options, _with(shape, place, size), one) for size in sizes}
        if right := [size for size, found in at.items() if found == RIGHT]:
            limits.append(where(axis, [size for size, found in at.items() if found == HOLDS], right))
        if other := [size for size, found in at.items() if found == OTHER]:
            astray.append(f"{axis} {_listed(other)}")
    said: list[str] = []
    if limits:
        said.append(f"only {', '.join(dict.fromkeys(limits))}; at other sizes and options the answer is right")
    if astray:
        said.append(f"at {', '.join(astray)} the answer is wrong in another way")
    return Reach("; ".join(said) or None, len(astray), len(limits))


def _with(shape: Shape, place: int, size: int) -> Shape:
    sizes = list(shape)
    sizes[place] = size
    batch, time, input_dim, units = sizes
    return batch, time, input_dim, units


def _outcome(gru: GRU, options: Options, shape: Shape, one: Explanation) -> str | None:
    """The outcome at a shape. Lower precision alone may be right by chance in one case, so it gets two cases."""
    found = outcome(gru, alike(options, shape), one)
    return outcome(gru, alike(options, shape, 1), one) if found == RIGHT and not one.parts else found


def outcome(gru: GRU, case: Case, one: Explanation) -> str | None:
    """HOLDS, RIGHT or OTHER; None if the answer does not distinguish them, or if there is none."""
    claim = gru.capabilities.arithmetic[case.dtype]
    try:
        answer = flat(ask(gru, case))
    except SubjectError:
        return None
    known = Hypotheses(claim, (case,))
    right = known.allows(0, (), answer)
    if not one.parts:
        return RIGHT if right else HOLDS
    if known.answer(0, one.parts) is None:
        return None
    classes = [Hypotheses(weak, (case,), known) for weak in one.arithmetic if weak.dtype == case.dtype] or [known]
    if any(known.allows(0, one.parts, answer) for known in classes):
        return None if right else HOLDS
    return RIGHT if right else OTHER


def where(axis: str, holds: Sequence[int], right: Sequence[int]) -> str:
    """The sizes of an axis at which a mistake occurs, in words."""
    if not holds:
        return f"at some {axis}"
    if list(holds) == [1]:
        return f"where {axis} is 1"
    if max(holds) < min(right):
        return f"where {axis} is {max(holds)} or less, not {min(right)} or more"
    if min(holds) > max(right):
        return f"where {axis} is {min(holds)} or more, not {max(right)} or less"
    for number in MULTIPLES:
        if _parted(lambda size: size % number == 0, holds, right):  # noqa: B023 # it is called at once
            return f"where {axis} is a multiple of {number}"
        if _parted(lambda size: size % number != 0, holds, right):  # noqa: B023
            return f"where {axis} is no multiple of {number}"
    return f"where {axis} is {_listed(holds)}, of those that were asked"


def _parted(rule: Callable[[int], bool], holds: Sequence[int], right: Sequence[int]) -> bool:
    return all(map(rule, holds)) and not any(map(rule, right))


def _listed(sizes: Sequence[int]) -> str:
    return ", ".join(map(str, sizes))
