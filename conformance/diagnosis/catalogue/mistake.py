"""One known mistake, in words."""

from dataclasses import dataclass

GITHUB = "https://github.com/"


@dataclass(frozen=True)
class Mistake:
    """One known way to be wrong. It has no name of its own: the catalogue's key names its mutant and its deviation.

    sentence: what the GRU does. fix: what to change in the adapter or in the GRU, where p are a direction's
    parameters. effect: what one sees. links: public threads about it, after https://github.com/. akin: names of
    mistakes whose threads are about this one too.

    flag: the golden vectors' name for it, if they have one. bug: the flag in words. description: what the code does,
    where the vectors say more than the sentence.
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
        """The links, as they are opened."""
        return tuple(GITHUB + link for link in self.links)

    @property
    def link(self) -> str:
        """The address of the first thread, or nothing."""
        return next(iter(self.addresses), "")
