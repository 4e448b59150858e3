"""The notes on flags in the vectors' files, from the catalogue of known mistakes.

A flag on a vector means: an implementation with this mistake fails this vector. Left out: mistakes that no answer
shows, such as shapes at export, and mistakes of one device.
"""

from typing import TypedDict

from conformance.diagnosis.catalogue import MISTAKES

FLAGS: dict[str, str] = {mistake.flag: name for name, mistake in MISTAKES.items() if mistake.flag}
"""The catalogue's name of the mistake for each flag."""


class Note(TypedDict):
    """A note in a file.

    Attributes:
        bug: The flag in words.
        description: The behaviour of the code.
        effect: The visible effect.
        links: Addresses of reports.
    """

    bug: str
    description: str
    effect: str
    links: list[str]


def note(flag: str) -> Note:
    """The note on a flag. Its links begin with the threads of related mistakes."""
    mistake = MISTAKES[FLAGS[flag]]
    akin = [address for name in mistake.akin for address in MISTAKES[name].addresses]
    return Note(
        bug=mistake.bug,
        description=mistake.description or mistake.sentence,
        effect=mistake.effect,
        links=[*akin, *mistake.addresses],
    )
