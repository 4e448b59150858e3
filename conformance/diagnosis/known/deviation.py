"""Deviations: mixins over Specified that are wrong in one way each. The catalogue explains each under its name."""

from typing import Any

from conformance.diagnosis.known.gru import Specified


class Deviation(Specified):
    """One known way to differ from the specification."""


def declared(module: dict[str, Any]) -> tuple[type[Deviation], ...]:
    """The deviations of a module, from its globals(), in the order of their definitions."""
    return tuple(
        thing
        for thing in module.values()
        if isinstance(thing, type) and issubclass(thing, Deviation) and thing is not Deviation
    )
