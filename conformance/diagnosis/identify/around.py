"""The conventions of a black box around the step: initial and final states, padding, reversal, two directions, empty
sizes.

Each question has a closed list of answers, which are compared with the subject's, using the identified step. Outputs
and final states are compared separately, so that each gets its own word. The requested option (a policy of masked
outputs, a merge) and the behaviour may differ, and both are reported.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from conformance.diagnosis.identify.asking import REFUSED, Arrays, Asking
from conformance.diagnosis.identify.hypotheses import (
    UNKNOWN,
    Parts,
    View,
    final_states_exchanged,
    holds,
    in_processing_order_within_each_row,
    parts,
    whole,
)
from conformance.diagnosis.identify.probes import EMPTY_ROW, plain
from conformance.diagnosis.identify.step import Step
from conformance.diagnosis.questions import EMPTY, LENGTHS, MASK
from conformance.interface.adapter import SubjectError, ask_gradients
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import MERGES, POLICIES, Case, Outputs

USED, IGNORED, RUNS_ON, GARBAGE, ALIGNED = "used", "ignored", "runs on", "garbage", "aligned"
PROCESSING, PACKED, FLIPPED = "processing order", "packed", "starts in the padding"
INITIAL, ZEROS, SKIPPED, NOTHING = "initial state", "zeros", "skipped", "not shown"
LAST, SPECIFIED, ANSWERED = "after the last valid step", "as specified", "answered"

CARRY, ZERO = parts("masked_outputs_always_carried"), parts("masked_outputs_always_zero")
BEFORE = parts("masked_output_is_zero_before_the_first_step")
SHOWN: Mapping[str, Parts] = {"carry": CARRY, "zero": ZERO, "zero-before-first": BEFORE}
STARTS: Mapping[str, Parts] = {USED: (), IGNORED: parts("initial_state_ignored")}
REVERSED: Mapping[str, Parts] = {
    ALIGNED: (), PROCESSING: parts("reverse_output_not_aligned"), IGNORED: parts("reverse_ignored"),
}  # fmt: skip
REVERSED_ROWS: Mapping[str, Parts] = {
    ALIGNED: (), PACKED: (in_processing_order_within_each_row,), PROCESSING: parts("reverse_output_not_aligned"),
    FLIPPED: parts("reverse_starts_in_the_padding"),
    f"{FLIPPED}, {PROCESSING}": parts("reverse_output_not_aligned", "reverse_starts_in_the_padding"),
    IGNORED: parts("reverse_ignored"),
    "padding ignored": parts("lengths_ignored"),
    f"padding ignored, {PROCESSING}": parts("lengths_ignored", "reverse_output_not_aligned"),
    "padding and direction ignored": parts("lengths_ignored", "reverse_ignored"),
}  # fmt: skip
HOLES: Mapping[str, Parts] = {
    SKIPPED: (), IGNORED: parts("lengths_ignored"), "rows end at them": parts("rows_end_at_a_hole"),
    "taken for a length": parts("mask_taken_for_a_length"), "inverted": parts("mask_inverted"),
    "counted": parts("holes_count"),
}  # fmt: skip
JOINED: Mapping[str, Parts] = {
    SPECIFIED: (), "final states exchanged": (final_states_exchanged,),
    "both run forward": parts("both_directions_run_forward"),
    "backward outputs in processing order": parts("reverse_output_not_aligned"),
    "forward weights for both": parts("directions_share_their_weights"),
    "weights exchanged": parts("weights_of_the_directions_swapped"),
    "initial states exchanged": parts("initial_states_of_the_directions_swapped"),
    "backward initial state ignored": parts("backward_direction_ignores_its_initial_state"),
    "backward starts where forward ended": parts("backward_starts_where_forward_ended"),
}  # fmt: skip


@dataclass
class Around:
    """Questions about everything around a known step. The traits are filled in the order of the questions."""

    asking: Asking
    step: Step
    case: Case
    parts: Parts
    claim: Arithmetic
    traits: dict[str, str]

    def run(self) -> None:
        """Ask all questions."""
        self._initial_state()
        self._lengths()
        self._empty_row()
        self._mask()
        self._reverse()
        self._directions()
        self._sizes()
        self._gradients()

    def in_words(self, case: Case, known: Mapping[str, Parts], given: Arrays, view: View = whole) -> str:
        """The words for those hypotheses of the list that hold."""
        fitting = [told for told, some in known.items() if holds((*some, *self.parts), case, given, self.claim, view)]
        return " or ".join(fitting) or UNKNOWN

    def ask(self, trait: str, case: Case, known: Mapping[str, Parts], view: View = whole) -> str:
        """Ask one question, and store the answer as a trait."""
        given = self.asking.arrays(trait, case)
        self.traits[trait] = REFUSED if given is None else self.in_words(case, known, given, view)
        return self.traits[trait]

    def _initial_state(self) -> None:
        case = plain(self.step.dtype, self.step.asked, start=True)
        if self.ask("initial state", case, STARTS) == USED:
            self.case = case

    def _lengths(self) -> None:
        for policy in POLICIES:
            case = replace(self.case, lengths=LENGTHS, masked_outputs=policy)
            known = {"carry": CARRY, "zero": ZERO, RUNS_ON: parts("lengths_ignored")}
            self._padded(f"lengths, {policy} asked", case, known)

    def _padded(self, trait: str, case: Case, known: Mapping[str, Parts]) -> None:
        """Identify the outputs at masked steps, and the final state."""
        given = self.asking.arrays(trait, case)
        if given is None:
            self.traits[trait] = REFUSED
            return
        self.traits[trait] = NOTHING
        if len(given) > 1:
            told = self.in_words(case, known, given, lambda arrays: [arrays[0]])
            if told == UNKNOWN and self._right_where_valid(case, given):
                told = GARBAGE
            self.traits[trait] = told
        finals = {LAST: (), RUNS_ON: parts("lengths_ignored")}
        if self.traits[trait] == "zero":
            finals["output at the last time"] = (*parts("final_state_from_the_last_time"), *ZERO)
        self.traits[f"{trait}: final state"] = self.in_words(case, finals, given, lambda arrays: [arrays[-1]])

    def _empty_row(self) -> None:
        case = replace(self.case, lengths=EMPTY)
        given = self.asking.arrays("a row of length 0", case)
        if given is None:
            self.traits["a row of length 0"] = REFUSED
            return
        run = parts("lengths_ignored")
        known = {INITIAL: CARRY, ZEROS: ZERO, RUNS_ON: run}
        if len(given) > 1:
            told = self.in_words(case, known, given, lambda arrays: [arrays[0][EMPTY_ROW]])
            self.traits["a row of length 0: outputs"] = told
        known = {INITIAL: (), ZEROS: parts("empty_row_ends_in_zeros"), RUNS_ON: run}
        self.traits["a row of length 0"] = self.in_words(case, known, given, lambda arrays: [arrays[-1][EMPTY_ROW]])

    def _mask(self) -> None:
        for policy in POLICIES:
            case = replace(self.case, mask=MASK, masked_outputs=policy)
            trait = f"masks, {policy} asked"
            given = self.asking.arrays(trait, case)
            if given is None:
                self.traits[trait] = REFUSED
                continue
            holes = self.in_words(case, HOLES, given, lambda arrays: [arrays[-1]])
            self.traits[trait] = f"{holes}, {NOTHING}" if len(given) == 1 else holes
            if holes in HOLES and holes != IGNORED and len(given) > 1:
                known = {policy: (*some, *HOLES[holes]) for policy, some in SHOWN.items()}
                self.traits[trait] = self.in_words(case, known, given, lambda arrays: [arrays[0]])
                if holes != SKIPPED:
                    self.traits[trait] += f", {holes}"
                elif self.traits[trait] == UNKNOWN and self._right_where_valid(case, given):
                    self.traits[trait] = GARBAGE

    def _right_where_valid(self, case: Case, given: Arrays) -> bool:
        return holds(self.parts, case, given, self.claim, lambda arrays: [arrays[0][case.valid]])

    def _reverse(self) -> None:
        self.ask("reverse", replace(self.case, reverse=True), REVERSED)
        case = replace(self.case, reverse=True, lengths=LENGTHS)
        given = self.asking.arrays("reverse with lengths", case)
        if given is None:
            self.traits["reverse with lengths"] = REFUSED
            return
        fitting = [
            told
            for told, some in REVERSED_ROWS.items()
            if any(holds((*shown, *some, *self.parts), case, given, self.claim) for shown in (CARRY, ZERO))
        ]
        self.traits["reverse with lengths"] = " or ".join(fitting) or UNKNOWN

    def _directions(self) -> None:
        started = self.case.initial_state is not None
        two = plain(self.step.dtype, self.step.asked, start=started, directions=2)
        first, joined = None, ()
        for merge in MERGES:
            known = dict(JOINED)
            if not started:
                known = {told: some for told, some in known.items() if "initial" not in told}
            if merge in ("concat", "apart"):
                known["backward outputs first"] = parts("backward_comes_first")
            if merge == "ave":
                known["not halved"] = parts("average_is_a_sum")
            told = self.ask(f"both directions, {merge}", replace(two, merge=merge), known)
            if first is None and told not in (REFUSED, UNKNOWN):
                first, joined = merge, known[told.partition(" or ")[0]]  # several differ only in hidden parts
        for policy in POLICIES if first is not None else ():
            trait = f"both directions, lengths, {policy} asked"
            case = replace(two, merge=first, lengths=LENGTHS, masked_outputs=policy)
            known = {"carry": CARRY, "zero": ZERO, RUNS_ON: parts("lengths_ignored")}
            self.ask(trait, case, {told: (*joined, *some) for told, some in known.items()})

    def _sizes(self) -> None:
        case = replace(self.case, inputs=self.case.inputs[:, :0])
        known = {INITIAL: (), ZEROS: parts("final_state_of_no_time_is_zeros")}
        self.ask("no time", case, known)
        state = self.case.initial_state
        given = replace(
            self.case, inputs=self.case.inputs[:0], initial_state=None if state is None else (state[0][:0],)
        )
        answer = self.asking.arrays("no rows", given)
        self.traits["no rows"] = REFUSED if answer is None else ANSWERED

    def _gradients(self) -> None:
        gru: Any = self.asking.gru
        if not callable(getattr(gru, "gradients", None)):
            self.traits["gradients"] = "none"
            return
        answer = self.asking.outputs("gradients: the run", self.case)
        ones = np.ones((self.case.batch, self.case.time, self.case.units), self.case.dtype)
        self.traits["gradients"] = REFUSED
        if answer is None or self.asking.skipped("gradients"):
            return
        self.asking.tell("gradients")
        try:
            with np.errstate(all="ignore"):
                ask_gradients(gru, self.case, Outputs(None if answer.outputs is None else ones, ones[:, 0].copy()))
            self.traits["gradients"] = "given"
        except SubjectError as error:
            self.asking.refusals["gradients"] = str(error)


def around(asking: Asking, step: Step) -> dict[str, str]:
    """The traits around a known step, in words."""
    assert step.claim is not None, "a reading is known in a class of arithmetic"
    case = plain(step.dtype, step.asked)
    if step.started:
        case = replace(case, initial_state=(np.zeros_like(case.starts[0]),))
    found = Around(asking, step, case, step.parts, step.claim, {})
    found.run()
    return found.traits
