"""What the adapters on cells share: what a cell, which takes one step, leaves to its caller."""

PADDING = ("lengths", "masks", "zero_length")
ORDER = ("reverse", "merges", "merge apart or concat")


def left_to_the_caller(cell: str) -> dict[str, str]:
    """Why a cell of this name lacks padding, reversal and two directions: for Capabilities.because."""
    a_cell = f"{cell} is a cell: it is given one step after the other, and"
    return {
        **dict.fromkeys(PADDING, f"{a_cell} what to do with padding is left to the caller"),
        **dict.fromkeys(ORDER, f"{a_cell} the order of time is left to the caller"),
    }


def not_called(cell: str) -> dict[str, str]:
    """Why a cell of this name lacks runs of no time, where the loop is Python's and stacks what it collected."""
    return {"zero_time": f"{cell} is a cell: without a step it is not called"}
