"""What a deviation is: a mixin over Specified, a sentence in the user's words, what to change, and where it shipped."""

from typing import Any

from conformance.diagnosis.known.specified import Specified


class Deviation(Specified):
    """One known way to differ from the specification.

    Its docstring is the sentence, its class' name the id. fix: what to change in the adapter or in the GRU, where p are
    a direction's parameters. link: a public thread about the same mistake, or nothing.
    """

    fix = ""
    link = ""

    @classmethod
    def sentence(cls) -> str:
        """What the subject does, in a sentence."""
        return " ".join((cls.__doc__ or "").split())


def declared(module: dict[str, Any]) -> tuple[type[Deviation], ...]:
    """The deviations of a module, given its globals(), in the order in which they are written."""
    return tuple(
        thing
        for thing in module.values()
        if isinstance(thing, type) and issubclass(thing, Deviation) and thing is not Deviation
    )
