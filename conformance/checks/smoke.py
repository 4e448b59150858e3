"""Closed forms: the known answers of any GRU whose gates are forced. They distinguish a mis-wired adapter from a wrong
GRU.

A person can verify each one by hand. The one-step bound judges them, so that a differently written blend passes. A
wrong GRU still satisfies some of them; an adapter that is not connected to a GRU satisfies none. If none holds, the
report blames the adapter and gives no score. If only some hold, the clause closed-forms fails.
"""

from typing import NamedTuple, cast

import numpy as np

from conformance.checks.judgement import Judgement
from conformance.checks.runs import judge_final_states
from conformance.checks.steps import judge_steps
from conformance.interface.adapter import GRU, Capabilities, SubjectError, ask
from conformance.interface.case import Case
from conformance.interface.strategies import DISTINCT
from reference import Parameters
from reference.parameters import Reset

BATCH, TIME, INPUT_DIM, UNITS = DISTINCT
FORCED = 64
"""A pre-activation that forces a gate: sigma(64) rounds to 1 in every format, and sigma(-64), about 2^-92, is far
below the last place of any number that it is added to.
"""


class Form(NamedTuple):
    """A closed form: its sentence, and the values that force the gates.

    Attributes:
        sentence: The sentence of the form.
        update: The bias of the update gate.
        candidate: The bias of the candidate.
        weighted: True if the candidate reads the inputs.
        zero_state: True if the run starts from zeros even if the subject accepts an initial state.
    """

    sentence: str
    update: float = 0.0
    candidate: float = 0.0
    weighted: bool = False
    zero_state: bool = False

    def case(self, dtype: str, reset: str, initial_state: bool) -> Case:
        """The case of this form in a format and for a position of the reset gate.

        initial_state: True if the subject accepts an initial state.
        """
        gates = 2 if reset == "none" else 3
        kernel = np.zeros((gates, INPUT_DIM, UNITS), dtype)
        biases = np.zeros((2, gates, UNITS), dtype)
        biases[0, 0], biases[0, -1] = self.update, self.candidate
        if self.weighted:
            kernel[-1] = np.arange(1, 1 + INPUT_DIM * UNITS).reshape(INPUT_DIM, UNITS) / 32
        inputs = np.arange(BATCH * TIME * INPUT_DIM).reshape(BATCH, TIME, INPUT_DIM) / 16 - 0.75
        state = (1 + np.arange(BATCH * UNITS).reshape(BATCH, UNITS)) / 16
        return Case(
            inputs=inputs.astype(dtype),
            parameters=(Parameters(kernel, np.zeros((gates, UNITS, UNITS), dtype), biases, cast(Reset, reset)),),
            initial_state=(state.astype(dtype),) if initial_state and not self.zero_state else None,
        )

    def judge(self, gru: GRU, dtype: str, reset: str) -> Judgement:
        """Judge the subject on this form's case."""
        case = self.case(dtype, reset, gru.capabilities.initial_state)
        answer = ask(gru, case)
        if answer.outputs is None:
            return judge_final_states(case, answer.final_state, gru.capabilities.arithmetic[dtype])
        judgement, _ = judge_steps(case, answer.outputs, gru.capabilities.arithmetic[dtype])
        return judgement


FORMS = (
    Form("zero parameters halve the state at every step"),
    Form("a full update gate keeps the state", update=FORCED, weighted=True),
    Form("an empty update gate gives the candidate, here tanh(x W)", update=-FORCED, weighted=True),
    Form("a constant candidate is approached by half its distance at every step", candidate=0.5, zero_state=True),
)


def forms(capabilities: Capabilities, dtype: str) -> list[Case]:
    """The cases of every form, with each position of the reset gate that a subject declares."""
    return [form.case(dtype, reset, capabilities.initial_state) for reset in capabilities.resets for form in FORMS]


def smoke(gru: GRU, dtype: str) -> str | None:
    """The reason why the adapter does not seem to be connected to a GRU, or None if some closed form holds."""
    reasons: list[str] = []
    for form in FORMS:
        try:
            judgement = form.judge(gru, dtype, gru.capabilities.resets[0])
        except SubjectError as error:
            reasons.append(str(error))
            continue
        if not judgement.findings:
            return None
        reasons.append(f"{form.sentence}: {judgement.findings[0]}")
    return f"no closed form holds in {dtype}; the first: {reasons[0]}"
