"""The note on each flag in the vectors' files, from the catalogue of known mistakes.

A flag on a vector says: an implementation with this mistake fails this vector. Left out: mistakes that no answer shows,
as those of shapes at export, and mistakes of one device.
"""

from typing import TypedDict

from conformance.diagnosis.catalogue import MISTAKES

FLAGS: dict[str, str] = {mistake.flag: name for name, mistake in MISTAKES.items() if mistake.flag}
"""By each flag, the catalogue's name of its mistake."""


class Note(TypedDict):
    """A note as a file has it. bug: the flag in words. description: what the code does. effect: what one sees."""

    bug: str
    description: str
    effect: str
    links: list[str]


def note(flag: str) -> Note:
    """The note on a flag; its links begin with the threads of akin mistakes."""
    mistake = MISTAKES[FLAGS[flag]]
    akin = [address for name in mistake.akin for address in MISTAKES[name].addresses]
    return Note(
        bug=mistake.bug,
        description=mistake.description or mistake.sentence,
        effect=mistake.effect,
        links=[*akin, *mistake.addresses],
    )
