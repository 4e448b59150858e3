"""The note on each flag in the vectors' files, from the catalogue of known mistakes.

A flag on a vector says: an implementation with this mistake fails this vector. Left out: mistakes that no answer shows,
as those of shapes at export, and mistakes of one device.
"""

from conformance.diagnosis.catalogue import MISTAKES

FLAGS: dict[str, str] = {mistake.flag: name for name, mistake in MISTAKES.items() if mistake.flag}
"""By each flag, the catalogue's name of its mistake."""


def note(flag: str) -> dict[str, object]:
    """The note as JSON values: the flag in words, what the code does, what one sees, where it shipped."""
    mistake = MISTAKES[FLAGS[flag]]
    akin = [address for name in mistake.akin for address in MISTAKES[name].addresses]
    return {
        "bug": mistake.bug,
        "description": mistake.description or mistake.sentence,
        "effect": mistake.effect,
        "links": [*akin, *mistake.addresses],
    }
