"""A deviation: a mixin over Specified that is wrong in one way. The catalogue says under its name what is wrong."""

from typing import Any

from conformance.diagnosis.known.gru import Specified


class Deviation(Specified):
    """One known way to differ from the specification."""


def declared(module: dict[str, Any]) -> tuple[type[Deviation], ...]:
    """The deviations of a module, given its globals(), in the order in which they are written."""
    return tuple(
        thing
        for thing in module.values()
        if isinstance(thing, type) and issubclass(thing, Deviation) and thing is not Deviation
    )
