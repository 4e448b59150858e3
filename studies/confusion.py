"""Whether a diagnosis is right: every mutant alone, and pairs of those whose mistake the diagnosis knows.

A row is a subject and what was said of it. EXPECTED says which deviation each mutant is, by name: it was written by
hand from the mutants' sentences, and a mutant that is not in it must be left without an explanation.
Two mistakes together can be one other: 1 - z twice is none, a reset gate over everything takes either row of biases. So
where fewer deviations, or others, answer every question as the right pair does, within the same bound, both names are
right ("equal to fewer", "right among several"). Two classes that replace the same method hide each other: where a
pair's answers are those of one of its two bit for bit, it is that one. All right answers are no mistake to diagnose.
"""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from rich.table import Table

from conformance.case import Case
from conformance.diagnosis import DEVIATIONS, Catalogue
from conformance.diagnosis.questions import questions
from conformance.diagnosis.search import Answer, asked
from conformance.emulated import Emulated
from conformance.mutants import MUTANTS

EXPECTED = {
    "gates_swapped": "order_rzn",
    "blocks_read_as_n_r_z": "order_nrz",
    "blocks_read_as_z_n_r": "order_znr",
    "blocks_read_as_n_z_r": "order_nzr",
    "blocks_read_as_r_n_z": "order_rnz",
    "update_sense_flipped": "update_sense",
    "state_added_whole": "state_added_whole",
    "hard_sigmoid_gates": "hard_sigmoid_fifth",
    "tanh_gates": "tanh_gates",
    "sigmoid_of_twice_the_argument": "sigmoid_of_twice",
    "linear_candidate": "linear_candidate",
    "relu_candidate": "relu_candidate",
    "sigmoid_candidate": "sigmoid_candidate",
    "reset_before_instead_of_after": "reset_before",
    "reset_after_instead_of_before": "reset_after",
    "reset_ignored": "reset_ignored",
    "reset_complemented": "reset_complemented",
    "reset_of_the_input_side_too": "reset_of_the_input_side_too",
    "reset_gate_of_the_wrong_unit": "reset_of_the_next_unit",
    "rows_share_a_reset_gate": "rows_share_a_reset_gate",
    "reset_gate_of_the_step_before": "reset_of_the_step_before",
    "bias_blocks_in_another_order": "bias_order_nrz",
    "bias_ignored": "no_bias",
    "input_bias_missing": "no_input_bias",
    "input_bias_doubled": "input_bias_doubled",
    "recurrent_bias_missing": "no_recurrent_bias",
    "bias_rows_swapped": "bias_rows_swapped",
    "input_bias_in_both_places": "input_bias_twice",
    "bias_transposed": "bias_transposed",
    "recurrent_candidate_bias_missing": "no_recurrent_candidate_bias",
    "recurrent_candidate_bias_outside_the_reset": "candidate_bias_outside",
    "recurrent_bias_skipped_without_initial_state": "first_recurrent_side_skipped",
    "recurrent_kernel_transposed": "recurrent_transposed",
    "candidate_block_transposed": "candidate_block_transposed",
    "transposed_where_it_is_square": "kernel_transposed_where_square",
    "kernels_reshaped_instead_of_transposed": "kernels_reshaped",
    "update_block_used_for_the_reset": "update_block_for_the_reset",
    "initial_state_ignored": "initial_state_ignored",
    "initial_state_ignored_without_padding": "initial_state_ignored_without_padding",
    "no_initial_state_is_ones": "no_initial_state_is_ones",
    "state_not_carried": "state_not_carried",
    "rows_share_a_state": "rows_share_a_state",
    "final_state_from_the_last_time": "final_from_the_last_time",
    "reverse_final_state_from_the_last_time": "reverse_final_from_the_last_time",
    "final_state_from_the_first_time": "final_from_the_first_time",
    "final_state_before_the_last_step": "final_before_the_last_step",
    "final_state_runs_through_the_padding": "final_runs_through_the_padding",
    "empty_row_ends_in_zeros": "empty_row_ends_in_zeros",
    "final_state_of_no_time_is_zeros": "final_of_no_time_is_zeros",
    "lengths_ignored": "padding_ignored",
    "length_off_by_one": "length_off_by_one",
    "one_step_too_many": "one_step_too_many",
    "mask_inverted": "mask_inverted",
    "mask_taken_for_a_length": "mask_taken_for_a_length",
    "right_padding_taken_for_left": "padding_taken_for_left",
    "rows_end_at_a_hole": "rows_end_at_a_hole",
    "holes_count": "holes_count",
    "empty_rows_run": "empty_rows_run",
    "padding_taken_for_neutral": "padding_taken_for_neutral",
    "mask_of_the_outputs_alone": "mask_of_the_outputs_alone",
    "mask_of_the_state_alone": "mask_of_the_state_alone",
    "masked_outputs_always_carried": "outputs_always_carried",
    "masked_outputs_always_zero": "outputs_always_zero",
    "masked_output_is_zero_before_the_first_step": "outputs_zero_before_the_first",
    "reverse_ignored": "reverse_ignored",
    "reverse_starts_in_the_padding": "reverse_starts_in_the_padding",
    "reversed_twice": "reversed_twice",
    "reverse_output_not_aligned": "reverse_not_aligned",
    "last_step_skipped": "last_step_skipped",
    "last_step_skipped_in_reverse": "last_step_skipped_in_reverse",
    "time_read_as_batch": "time_read_as_batch",
    "time_and_batch_exchanged_where_square": "time_and_batch_exchanged_where_square",
    "rows_stay_sorted": "rows_stay_sorted",
    "directions_share_their_weights": "directions_share_weights",
    "both_directions_run_forward": "both_run_forward",
    "initial_states_of_the_directions_swapped": "initial_states_swapped",
    "backward_direction_ignores_its_initial_state": "backward_initial_state_ignored",
    "backward_starts_where_forward_ended": "backward_starts_where_forward_ended",
    "final_states_swapped": "final_states_swapped",
    "average_is_a_sum": "average_is_a_sum",
    "backward_comes_first": "backward_comes_first",
    "two_directions_ignore_the_policy": "two_directions_always_carry",
}
"""The mutants whose mistake the diagnosis knows."""

KNOWN: tuple[type[Emulated], ...] = tuple(type(mutant) for mutant in MUTANTS if mutant.name in EXPECTED)

RIGHT, FEWER, ALSO, WRONG, NOTHING, SEEN = KINDS = (
    "right and unique", "equal to fewer", "right among several", "wrong", "no explanation", "no wrong answer",
)  # fmt: skip


class Row(NamedTuple):
    """A subject, the names of the deviations of each explanation, and which of KINDS that is."""

    subject: tuple[str, ...]
    explained: list[frozenset[str]]
    kind: str


class Study:
    """One place of the reset gate, all that the specification can, in float64."""

    def __init__(self, reset: str = "after", dtype: str = "float64") -> None:
        can = Emulated.capabilities
        self.catalogue = Catalogue(can.arithmetic[dtype], questions(can, dtype, reset))
        self.alone: dict[str, dict[int, Answer]] = {}

    @property
    def cases(self) -> Sequence[Case]:
        """What is asked."""
        return self.catalogue.cases

    def row(self, *mutants: type[Emulated]) -> Row:
        """What is said of a subject with the mistakes of these mutants."""
        names = tuple(mutant.__name__ for mutant in mutants)
        subject = mutants[0]() if len(mutants) == 1 else type("_and_".join(names), mutants, {})()
        answers = asked(subject, self.cases)
        if not self.catalogue.wrong(answers):
            return Row(names, [], SEEN)
        found = [frozenset(part.__name__ for part in parts) for parts in self.catalogue.explanations(answers)]
        if not found:
            return Row(names, found, NOTHING)
        truth = self.truths(mutants, answers)
        if not any(named in truth for named in found):
            fewer = len(mutants) > 1 and all(len(named) == 1 for named in found)
            return Row(names, found, FEWER if fewer and self.explained_by(mutants, answers) else WRONG)
        return Row(names, found, RIGHT if len(found) == 1 else ALSO)

    def truths(self, mutants: Sequence[type[Emulated]], answers: dict[int, Answer]) -> list[frozenset[str]]:
        """What may rightly be said: both, or one of them that answers every question with the same numbers."""
        if any(mutant.__name__ not in EXPECTED for mutant in mutants):
            return []
        right = [frozenset(EXPECTED[mutant.__name__] for mutant in mutants)]
        for mutant in mutants if len(mutants) > 1 else ():
            if mutant.__name__ not in self.alone:
                self.alone[mutant.__name__] = asked(mutant(), self.cases)
            if same(self.alone[mutant.__name__], answers):
                right.append(frozenset([EXPECTED[mutant.__name__]]))
        return right

    def explained_by(self, mutants: Sequence[type[Emulated]], answers: dict[int, Answer]) -> bool:
        """Whether the deviations that these mutants are explain all answers, so that none can be told from them."""
        wanted = {EXPECTED[mutant.__name__] for mutant in mutants if mutant.__name__ in EXPECTED}
        parts = tuple(deviation for deviation in DEVIATIONS if deviation.__name__ in wanted)
        return len(parts) == len(mutants) and all(
            self.catalogue.allows(question, parts, answers[question]) for question in answers
        )


def same(one: dict[int, Answer], other: dict[int, Answer]) -> bool:
    """Whether two subjects answer every question with the same bits."""
    return one.keys() == other.keys() and all(
        a.tobytes() == b.tobytes() for question in one for a, b in zip(one[question], other[question], strict=True)
    )


def rows(
    count: int | None, tracked: Callable[[Sequence[tuple[type[Emulated], ...]]], Iterable[tuple[type[Emulated], ...]]]
) -> tuple[list[Row], list[Row], int]:
    """Every mutant alone, so many pairs (all where there is no number), and how many pairs there are.

    A mutant that is right where the reset gate acts after is asked where it acts before.
    """
    studies = Study("after"), Study("before")
    every = list(pairs())
    drawn = every if count is None else random.Random(0).sample(every, min(count, len(every)))

    def row(mutants: tuple[type[Emulated], ...]) -> Row:
        first = studies[0].row(*mutants)
        return first if first.kind != SEEN else studies[1].row(*mutants)

    alone = [row((type(mutant),)) for mutant in MUTANTS if mutant.name in EXPECTED]
    return alone, [row(mutants) for mutants in tracked(drawn)], len(every)


def summary(alone: Sequence[Row], together: Sequence[Row], total: int) -> str:
    """How many rows are of each kind."""
    return f"alone, {len(alone)}: {_told(alone)}\npairs, {len(together)} of {total}: {_told(together)}\n"


def _told(given: Sequence[Row]) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in counts(given).items())


def pairs() -> Iterator[tuple[type[Emulated], type[Emulated]]]:
    """All pairs of known mutants that can be one class."""
    yield from combinations(KNOWN, 2)


def table(rows: Sequence[Row]) -> Table:
    """A row a subject: what was said of it."""
    table = Table("mutant", "explanation given", "verdict", title="what the diagnosis says of each mutant")
    for row in rows:
        said = " or ".join(" + ".join(sorted(names)) for names in row.explained) or "none"
        table.add_row(" + ".join(row.subject), said, row.kind)
    return table


def counts(rows: Sequence[Row]) -> dict[str, int]:
    """How many rows are of each kind."""
    return {kind: sum(row.kind == kind for row in rows) for kind in KINDS}
