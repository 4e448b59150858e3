"""The table of docs/tutorial.md: each section of the tutorial, with its tests, subjects and clauses."""

from pathlib import Path
from typing import NamedTuple

from studies.matrix.page import with_block

PAGE = Path(__file__).parents[2] / "docs/tutorial.md"
TESTS = "tests/tf_gru/test_tutorial.py"
BEGIN, END = "<!-- sections: begin -->", "<!-- sections: end -->"
SUBJECTS = ("tutorial:graph", "tutorial:eager")


class Section(NamedTuple):
    """A section: its title in the tutorial, its counterpart here, the names of its tests in TESTS, its subjects and
    clauses.
    """

    name: str
    here: str
    tests: tuple[str, ...]
    clauses: tuple[str, ...]
    subjects: tuple[str, ...] = SUBJECTS


SECTIONS = (
    Section(
        "formula",
        "`GRU`, reset before the product",
        ("test_the_formula_is_the_specification", "test_an_update_gate_turned_round_is_seen"),
        ("step-before", "gradients"),
    ),
    Section(
        "3.1 `create_recurrent_unit()`",
        "weights by the tutorial's names, N(0, 0.1) and zeros",
        (
            "test_the_weights_have_the_tutorials_names_and_initial_values",
            "test_matrices_start_normal_with_a_standard_deviation_of_a_tenth",
        ),
        ("units-permuted", "gradients"),
    ),
    Section(
        "3.2 `output()`",
        "batch × time × hidden_dim",
        ("test_inputs_and_outputs_are_batch_time_width", "test_the_output_unit_can_be_overridden_too"),
        ("shape-and-dtype",),
    ),
    Section(
        "3.3 inputs",
        "batch × time × emb_dim; anything else is refused",
        ("test_input_that_does_not_fit_is_refused", "test_lengths_are_checked_when_the_graph_runs"),
        ("rows-permuted", "batch-zero", "inputs-unmodified"),
    ),
    Section(
        "3.4 remove the reset gate",
        "`GRUWithoutReset`, an override",
        ("test_the_reset_gate_is_removed_by_an_override",),
        ("step-none",),
    ),
    Section(
        "3.5 a BiGRU",
        "`BiGRU`: two of them, the second reversed and aligned",
        ("test_a_bigru_is_two_of_them_side_by_side", "test_a_bigru_takes_each_row_within_its_length"),
        ("reverse", "bidirectional", "gradients-bidirectional"),
    ),
    Section(
        "its usage example",
        "the block above",
        ("test_one_direction_then_and_now",),
        ("step-before",),
    ),
    Section(
        "`tf.nn.rnn_cell.GRUCell()`, its alternative",
        "of `tf.compat.v1`, by tf_keras",
        ("test_the_alternative_passes_the_clauses_in_the_table",),
        ("step-before",),
        ("tf_keras:dynamic-rnn",),
    ),
)


def page() -> str:
    """The page, with the table between its markers."""
    return with_block(PAGE.read_text(encoding="utf-8"), "\n".join(_table()), BEGIN, END)


def _table() -> list[str]:
    rows = [
        f"| {of.name} | {of.here} | {_code(of.tests)} | {_code(of.subjects)}: {', '.join(of.clauses)} |"
        for of in SECTIONS
    ]
    return ["| the tutorial | here | tests | subjects, and their clauses |", "| --- | --- | --- | --- |", *rows]


def _code(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
