"""The findings of `identify` for every adapter in the tree, from its answers alone, compared with its declarations.

Run by `python -m studies identified`. DECLARED_AND_WRONG lists declarations that the suite finds to be wrong; there the
finding must have the listed value.
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
"""Declarations that fail when they are judged: the clause length-zero; and float64 that is rounded to float32 under
a mask only, which belongs to no convention: the clauses lengths, masks and bidirectional-masked.
"""


NO_CANDIDATE_BIAS = ("flax:nnx",)
"""Adapters without the candidate's recurrent bias, a finding: their biases match no known set."""

SILENT = ("flax:linen-lengths", "onnx:reference-lengths")
"""Adapters that return final states only. These cannot distinguish several conventions of time."""

UNRECOGNIZED = {("torch", "bfloat16")}
"""Adapters and formats whose function `identify` does not recognize, although they pass the suite, a gap."""

ALONE = ("keras:jax", "keras:torch")
"""Adapters to name one at a time: a process has one backend of Keras, and declarations are read in this process."""


def subjects() -> list[str]:
    """The adapters that are available here; others lack their framework or their device."""
    from conformance.adapters import load

    installed = (name for name, subject in REGISTERED.items() if subject.installed and name not in (*SILENT, *ALONE))
    return [name for name in installed if load(name).capabilities.arithmetic]


def differences(name: str, gru: GRU, identity: Identity) -> Iterator[str]:
    """Yield each trait that differs from the adapter's declaration, in words."""
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
    if (name, step.dtype) in UNRECOGNIZED:
        if set(found.values()) != {UNKNOWN}:
            yield f"{where}: recognized now; remove it from UNRECOGNIZED"
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
    """The declared value of each trait with a single value."""
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
    """Traits that are present or not: found, and declared."""
    can, found = gru.capabilities, identity.around
    return {
        "initial state": (found["initial state"] == USED, can.initial_state),
        "reverse": (found["reverse"] == "aligned", can.reverse),
        "gradients": (found["gradients"] == "given", can.gradients),
    }


def row(name: str, identity: Identity, wrong: list[str]) -> tuple[str, ...]:
    """One line of the table: the findings, and the number of differences."""
    known = [step for step in identity.steps if step.known]
    steps = ", ".join(f"{step.dtype} {step.traits['reset']}: {step.traits.get('precision', UNKNOWN)}" for step in known)
    return name, str(len(known)), steps, str(len(identity.around)), str(len(wrong))


def table(rows: list[tuple[str, ...]]) -> Table:
    """The table of all adapters."""
    found = Table("adapter", "steps", "what they are, and to which precision", "other traits", "not as declared")
    for each in rows:
        found.add_row(*each)
    return found
