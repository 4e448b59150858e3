"""Reading ease: the Flesch-Kincaid grade of each document's prose, by textstat.

The grade is the number of school years that a reader needs. Prose is the text of paragraphs and list items. Left out
are code, tables, headings and pictures. A name or number (a file name, an identifier, a formula) counts as one short
word.
`python -m studies reading` prints the grades. Left out: docstrings and messages.
"""

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
MOST = 10
"""The highest grade that a page may have."""
NAME = "it"
"""The word that stands for a name, so that a sentence stays as long as it is."""
WORD = re.compile(r"\(?[A-Za-z][a-z]+(['’-][A-Za-z][a-z]*)*'?\)?[.,:;!?]*\)?|[aAI]")
ENDS = ".!?"


def documents() -> list[str]:
    """The pages that people read, named from the root."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    return sorted(str(path.relative_to(ROOT)) for path in pages)


def prose(markdown: str) -> str:
    """The sentences of a page: one line for each paragraph or list item."""
    return "\n".join(_paragraphs(MarkdownIt().enable("table").parse(markdown)))


def _paragraphs(tokens: list[Token]) -> Iterator[str]:
    skipped = 0
    for token in tokens:
        if token.type in ("table_open", "heading_open"):
            skipped += 1
        elif token.type in ("table_close", "heading_close"):
            skipped -= 1
        elif token.type == "inline" and not skipped:
            text = " ".join(map(_word, _text(token).split())).rstrip(":;, ")
            if WORD.search(text):
                yield text if text[-1] in ENDS else f"{text}."


def _word(word: str) -> str:
    """The word, or NAME with the punctuation that follows it."""
    return word if WORD.fullmatch(word) else NAME + re.search(r"[.,:;!?]?\)?$", word)[0]


def _text(inline: Token) -> str:
    """The text between code, pictures and HTML."""
    kept = {"text": lambda part: part.content, "code_inline": lambda _: NAME}
    kept |= dict.fromkeys(("softbreak", "hardbreak"), lambda _: " ")
    return "".join(kept[part.type](part) for part in inline.children or [] if part.type in kept)


def grade(markdown: str) -> float:
    """The Flesch-Kincaid grade of a page; 0 where it has no prose."""
    import textstat  # here: it reads a dictionary of pronunciations

    text = prose(markdown)
    return float(textstat.flesch_kincaid_grade(text)) if text else 0.0


def now(name: str) -> str:
    """A page as it is."""
    return (ROOT / name).read_text(encoding="utf-8")


def at(revision: str) -> Callable[[str], str | None]:
    """Pages as they were in a revision; None for one that was not there."""

    def read(name: str) -> str | None:
        shown = subprocess.run(
            ["git", "show", f"{revision}:{name}"], cwd=ROOT, capture_output=True, check=False, encoding="utf-8"
        )
        return shown.stdout if shown.returncode == 0 else None

    return read
