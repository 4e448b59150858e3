"""One known mistake, in words."""

from dataclasses import dataclass

GITHUB = "https://github.com/"


@dataclass(frozen=True)
class Mistake:
    """One known way to be wrong. The catalogue's key is its name, and the name of its mutant and its deviation.

    Attributes:
        sentence: The behaviour of the GRU.
        fix: The change in the adapter or in the GRU, where p are a direction's parameters.
        effect: The visible effect.
        links: Public threads about it, after https://github.com/.
        akin: Names of mistakes whose threads also concern this one.
        flag: The golden vectors' name for it, if there is one.
        bug: The flag in words.
        description: The behaviour of the code, if the vectors say more than the sentence.
    """

    sentence: str
    fix: str = ""
    effect: str = ""
    links: tuple[str, ...] = ()
    akin: tuple[str, ...] = ()
    flag: str = ""
    bug: str = ""
    description: str = ""

    @property
    def addresses(self) -> tuple[str, ...]:
        """The links with their full addresses."""
        return tuple(GITHUB + link for link in self.links)

    @property
    def link(self) -> str:
        """The address of the first thread, or an empty text."""
        return next(iter(self.addresses), "")
