"""A length of time on a command line: above 0, and finite."""

import math
from typing import Any

import click


class Seconds(click.FloatRange):
    """A number of seconds, at least 1 unless another minimum is given."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Convert to a float. NaN passes every comparison of a range, so this method refuses it."""
        seconds = super().convert(value, param, ctx)
        if not math.isfinite(seconds):
            self.fail(f"{value} is not a length of time.", param, ctx)
        return seconds


SECONDS = Seconds(0, min_open=True)
FROM_ONE = Seconds(1)
