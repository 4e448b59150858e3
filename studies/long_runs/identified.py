"""What `identify` finds of every adapter in the tree, from its answers alone, beside what the adapter declares.

`python -m studies identified`. What an adapter declares and the suite finds to be wrong is listed in
DECLARED_AND_WRONG: there the finding has to be what is said instead.
"""

from collections.abc import Iterator

from rich.table import Table

from conformance.adapters import REGISTERED
from conformance.diagnosis.identify import Identity
from conformance.diagnosis.identify.around import ANSWERED, INITIAL, LAST, SPECIFIED, USED, ZEROS
from conformance.diagnosis.identify.hypotheses import KEEPS, UNKNOWN
from conformance.diagnosis.identify.step import Step
from conformance.interface.adapter import GRU

ROUNDED = dict.fromkeys(
    (
        "lengths, zero-before-first asked",
        "lengths, zero-before-first asked: final state",
        "masks, zero-before-first asked",
        "lengths, zero asked",
        "lengths, zero asked: final state",
        "masks, zero asked",
        "both directions, lengths, zero asked",
    ),
    UNKNOWN,
)
DECLARED_AND_WRONG = {
    "onnxruntime": {"a row of length 0": ZEROS},
    "openvino": {"a row of length 0": ZEROS},
    "keras:torch": ROUNDED,
}
"""What is declared, and fails when it is judged: the clause length-zero; and float64 that is rounded to float32 under
a mask, and only there, which is the run of no convention: the clauses lengths, masks and bidirectional-masked.
"""


NO_CANDIDATE_BIAS = ("flax:nnx",)
"""Those whose recurrent bias of the candidate is missing, a finding: their biases are none of the known sets."""

SILENT = ("flax:linen-lengths", "onnx:reference-lengths")
"""Adapters that show final states alone: from these several conventions of time cannot be told apart."""

ALONE = ("keras:jax", "keras:torch")
"""Adapters to be named one at a time: a process has one backend of Keras, and declarations are read in this one."""


def subjects() -> list[str]:
    """The adapters that can be asked here: all but those whose framework, or whose device, is not there."""
    from conformance.adapters import load

    installed = (name for name, subject in REGISTERED.items() if subject.installed and name not in (*SILENT, *ALONE))
    return [name for name in installed if load(name).capabilities.arithmetic]


def differences(name: str, gru: GRU, identity: Identity) -> Iterator[str]:
    """Each trait that is not what the adapter declares, in words."""
    can = gru.capabilities
    for dtype in set(can.arithmetic) - set(identity.formats):
        yield f"{dtype} is declared, and not answered"
    for step in identity.steps:
        if step.dtype in can.arithmetic:
            yield from _of_step(name, step, can.resets)
    for trait, expected in _expected(name, gru, identity).items():
        if identity.around[trait] != expected:
            yield f"{trait}: {identity.around[trait]}; declared: {expected}"
    for trait, (answer, declared) in _supported(gru, identity).items():
        if answer != declared:
            yield f"{trait}: {identity.around[trait]}; declared: {'supported' if declared else 'not supported'}"


def _of_step(name: str, step: Step, resets: tuple[str, ...]) -> Iterator[str]:
    found = step.traits
    where = f"{step.dtype}, reset {step.asked}"
    if step.asked not in resets:
        if found["reset"] != "refused":
            yield f"{where}: answered, and not declared"
        return
    blocks = "z n" if step.asked == "none" else "z r n"
    told = [step.asked, KEEPS, blocks, blocks, "as given", "sigma and tanh"]
    if list(found.values())[: len(told)] != told:
        yield f"{where}: {', '.join(found.values())}"
    known = ("other",) if name in NO_CANDIDATE_BIAS else ("B6", "B4") if step.asked == "after" else ("B6", "B3")
    if found.get("biases") not in known:
        yield f"{where}: biases {found.get('biases', UNKNOWN)}"
    if found.get("precision", UNKNOWN) == UNKNOWN:
        yield f"{where}: of no class of arithmetic"


def _expected(name: str, gru: GRU, identity: Identity) -> dict[str, str]:
    """What is declared, trait by trait, where it is one word."""
    can, told = gru.capabilities, {}
    for policy in can.masked_outputs:
        shown = "carry" if policy == "zero-before-first" else policy
        if can.lengths:
            told[f"lengths, {policy} asked"] = shown
            final = f"lengths, {policy} asked: final state"
            told[final] = identity.around[final] if identity.around[final].startswith(LAST) else LAST
        if can.masks:
            told[f"masks, {policy} asked"] = policy
    for policy in can.bidirectional_masked_outputs if can.lengths else ():
        shown = "carry" if policy == "zero-before-first" else policy
        told[f"both directions, lengths, {policy} asked"] = shown
    told |= {f"both directions, {merge}": SPECIFIED for merge in can.merges}
    told |= {"no time": INITIAL} if can.zero_time else {}
    told |= {"no rows": ANSWERED} if can.zero_batch else {}
    told |= {"a row of length 0": INITIAL} if can.zero_length else {}
    return told | DECLARED_AND_WRONG.get(name, {})


def _supported(gru: GRU, identity: Identity) -> dict[str, tuple[bool, bool]]:
    """What is there or is not: found, and declared."""
    can, found = gru.capabilities, identity.around
    return {
        "initial state": (found["initial state"] == USED, can.initial_state),
        "reverse": (found["reverse"] == "aligned", can.reverse),
        "gradients": (found["gradients"] == "given", can.gradients),
    }


def row(name: str, identity: Identity, wrong: list[str]) -> tuple[str, ...]:
    """One line of the table: what was found, and how many differences."""
    known = [step for step in identity.steps if step.known]
    steps = ", ".join(f"{step.dtype} {step.traits['reset']}: {step.traits.get('precision', UNKNOWN)}" for step in known)
    return name, str(len(known)), steps, str(len(identity.around)), str(len(wrong))


def table(rows: list[tuple[str, ...]]) -> Table:
    """All of them."""
    found = Table("adapter", "steps", "what they are, and to which precision", "other traits", "not as declared")
    for each in rows:
        found.add_row(*each)
    return found
