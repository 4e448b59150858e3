"""The record of the kill matrix is up to date, documents agree with it, and each mutant is judged again by one check
and one vector that kill it according to the record. `python -m studies matrix` judges everything again.
"""

from pathlib import Path
from random import Random

import pytest

from conformance import mutants
from conformance.specification import CLAUSES
from conformance.vectors.notes import FLAGS
from studies.matrix import cells, facts, figure, page, peers, record

ROOT = Path(__file__).parents[2]
RECORD = record.read(ROOT / record.RECORD)
PEERS = peers.read(ROOT / peers.PEERS)
RIGHT = RECORD.probed | RECORD.equivalent
DRAW = f"python -m studies matrix --from {record.RECORD} --write"

MUST_CATCH = {
    "closed-forms": ("update_sense_flipped",),
    "shape-and-dtype": ("masked_answers_in_float64",),
    "step-after": (
        "reset_before_instead_of_after", "overflowing_sigmoid", "flushed_to_zero", "inputs_clipped",
        "transposed_where_it_is_square", "remainder_dropped", "time_runs_in_chunks",
    ),
    "step-before": ("reset_after_instead_of_before",),
    "step-none": ("recurrent_candidate_bias_missing",),
    "final-state": ("final_state_from_the_last_time",),
    "initial-state-none": ("recurrent_bias_skipped_without_initial_state",),
    "time-zero": ("final_state_of_no_time_is_zeros",),
    "batch-zero": ("empty_batch_raises",),
    "lengths": ("length_off_by_one",),
    "length-zero": ("empty_row_ends_in_zeros",),
    "masks": ("mask_taken_for_a_length",),
    "masked-outputs": ("masked_output_is_zero_before_the_first_step",),
    "padding-unread": ("padding_is_multiplied_away",),
    "reverse": ("reverse_ignored",),
    "reverse-masked": ("reverse_starts_in_the_padding",),
    "bidirectional": ("directions_share_their_weights", "initial_states_of_the_directions_swapped"),
    "bidirectional-masked": ("two_directions_ignore_the_policy", "reverse_starts_in_the_padding"),
    "merge": ("average_is_a_sum", "final_states_swapped"),
    "gradients": ("gradients_off_by_a_factor", "recurrent_bias_has_no_gradient"),
    "gradients-masked": ("gradients_forget_the_policy", "gradient_stops_at_the_initial_state"),
    "gradients-bidirectional": ("gradients_of_the_directions_swapped", "gradients_off_by_a_factor"),
    "masked-gradient": ("gradient_at_masked_inputs",),
    "padding-gradient": ("nan_through_a_masked_select",),
    "inputs-unmodified": ("inputs_overwritten", "padding_zeroed_in_place"),
    "calls-independent": ("state_kept_between_calls", "scratch_shared_between_threads"),
    "split": ("initial_state_ignored",),
    "rows-permuted": ("rows_share_a_reset_gate",),
    "units-permuted": ("reset_gate_of_the_wrong_unit",),
    "nan-propagated": ("nan_read_as_zero", "nan_spreads_over_the_batch"),
    "padding-appended": ("lengths_ignored",),
    "time-reversed": ("reverse_output_not_aligned",),
}  # fmt: skip
"""For each check mutants that violate its clause, and that its cases must detect: far and subnormal numbers, square
kernels, widths above a vector's, times above a chunk's, both directions.
"""
DRAWN = 40
"""The number of other mutants that are judged again, in each of the two ways. A digest of the code holds the record of
the rest. Another record has others.
"""
SPARED = 6
"""The number of judged cells that do not kill, of checks and of vectors. Another record has others."""


def letters(part: str) -> dict[tuple[str, str], str]:
    """The recorded letters, by wrong GRU and column."""
    return {
        (name, column): letter
        for name, row in (RECORD.mutants | RIGHT).items()
        for column, letter in zip(getattr(RECORD, part), row[part], strict=True)
    }


def asked(part: str, *named: tuple[str, str]) -> list[tuple[str, str, str]]:
    """Mutants, columns and their recorded letters: named ones, one that kills for some other mutants, and some that
    spare; for each wrong GRU that no clause can detect also some column.

    The choice depends on the record's date.
    """
    random, recorded = Random(RECORD.date), letters(part)
    killers = {name: RECORD.killing(part, name) for name in RECORD.mutants}
    others = [name for name in killers if killers[name] and name not in dict(named)]
    drawn = [(name, random.choice(killers[name])) for name in random.sample(others, min(DRAWN, len(others)))]
    drawn += [(name, random.choice([*getattr(RECORD, part)])) for name in RIGHT]
    spared = random.sample([cell for cell, letter in recorded.items() if letter not in cells.KILLED], SPARED)
    return [(*cell, recorded.get(cell, "not on record")) for cell in (*named, *drawn, *spared)]


def test_each_clause_has_mutants_that_its_check_must_catch():
    assert [*MUST_CATCH] == list(CLAUSES)
    assert {letters("checks")[name, clause] for clause, names in MUST_CATCH.items() for name in names} <= cells.KILLED


def test_the_record_is_of_the_present_mutants_checks_and_vectors():
    assert record.stale(RECORD) == []


def test_every_mutant_is_killed_both_ways_and_every_check_kills():
    assert list(facts.broken(RECORD)) == []


def test_a_vector_kills_the_mutant_of_each_of_its_flags():
    flagged = [(FLAGS[flag], name) for name, one in cells.stored().items() for flag in one.vector.flags]
    recorded = letters("vectors")
    assert [cell for cell in flagged if cell[0] in RECORD.mutants and recorded[cell] not in cells.KILLED] == []


@pytest.mark.parametrize(
    ("name", "clause", "recorded"),
    asked("checks", *((name, clause) for clause, names in MUST_CATCH.items() for name in names)),
)
def test_a_check_judged_again_ends_as_recorded(name, clause, recorded):
    """It is judged without the comparison by bits, which this test confirms too."""
    mutant = getattr(mutants, name)
    letter = cells.ended(mutant, cells.asked(mutant), cells.judged_by_check(clause))
    assert letter == recorded, f"{name}, {clause}: the record is stale; make it again: {record.AGAIN}"


@pytest.mark.parametrize(("name", "vector", "recorded"), asked("vectors"))
def test_a_vector_replayed_again_ends_as_recorded(name, vector, recorded):
    mutant = getattr(mutants, name)
    letter = cells.ended(mutant, cells.asked(mutant, vector), cells.judged_by_vector(vector))
    assert letter == recorded, f"{name}, {vector}: the record is stale; make it again: {record.AGAIN}"


def test_the_page_agrees_with_the_record():
    assert (ROOT / "docs/matrix.md").read_text() == page.page(RECORD, PEERS), f"draw it again: {DRAW}"


def test_the_readme_agrees_with_the_record():
    readme = (ROOT / "README.md").read_text()
    assert readme == page.with_block(readme, page.block(RECORD, PEERS)), f"write it again: {DRAW}"


def test_the_figure_is_of_the_record_and_of_the_suites():
    assert figure.description(RECORD, PEERS) in (ROOT / "docs/matrix.svg").read_text(), f"draw it again: {DRAW}"
