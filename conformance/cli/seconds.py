"""A length of time on a command line: above 0, and finite."""

import math
from typing import Any

import click


class Seconds(click.FloatRange):
    """A number of seconds; from one on, unless another smallest is given."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """As a float. NaN passes every comparison of a range, so that it is refused here."""
        seconds = super().convert(value, param, ctx)
        if not math.isfinite(seconds):
            self.fail(f"{value} is no length of time.", param, ctx)
        return seconds


SECONDS = Seconds(0, min_open=True)
FROM_ONE = Seconds(1)
