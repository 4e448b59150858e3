"""Reasons for missing capabilities of cells. A cell runs one step, and its caller does the rest."""

PADDING = ("lengths", "masks", "zero_length")
ORDER = ("reverse", "merges", "merge apart or concat")


def left_to_the_caller(cell: str) -> dict[str, str]:
    """Reasons why a cell of this name lacks padding, reversal and two directions, for Capabilities.because."""
    a_cell = f"{cell} is a cell: it is given one step after the other, and"
    return {
        **dict.fromkeys(PADDING, f"{a_cell} what to do with padding is left to the caller"),
        **dict.fromkeys(ORDER, f"{a_cell} the order of time is left to the caller"),
    }


def not_called(cell: str) -> dict[str, str]:
    """Reasons why a cell of this name lacks runs without time, if a Python loop calls it and stacks the results."""
    return {"zero_time": f"{cell} is a cell: without a step it is not called"}
