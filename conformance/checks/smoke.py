"""Closed forms: what any GRU answers where its gates are forced. They tell a mis-wired adapter from a wrong GRU.

A person can verify each in the head. They are judged within the one-step bound, so that an honest but differently
written blend is not blamed. A wrong GRU still satisfies some of them; an adapter that is not wired to a GRU satisfies
none. So where none holds the adapter is blamed and the score withheld, and where some do the clause closed-forms fails.
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
"""A pre-activation that forces a gate: sigma(64) rounds to 1 in every format, and sigma(-64), about 2^-92, is far below
the last place of anything it is added to."""


class Form(NamedTuple):
    """A closed form: its sentence, and what forces the gates.

    update, candidate: the biases of the update gate and of the candidate. weighted: the candidate reads the inputs.
    zero_state: starts from zeros, whatever the subject can be given.
    """

    sentence: str
    update: float = 0.0
    candidate: float = 0.0
    weighted: bool = False
    zero_state: bool = False

    def case(self, dtype: str, reset: str, initial_state: bool) -> Case:
        """Its case in a format and for a place of the reset gate; initial_state: a subject can be given one."""
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
        """The subject on this form's case."""
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
    """Every form, with the reset gate in each place that a subject has."""
    return [form.case(dtype, reset, capabilities.initial_state) for reset in capabilities.resets for form in FORMS]


def smoke(gru: GRU, dtype: str) -> str | None:
    """Why the adapter does not seem to be wired to a GRU, or None if some closed form holds."""
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
