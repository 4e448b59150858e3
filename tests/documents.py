"""The repository's documents, and what stands in their fenced blocks."""

from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parent.parent


def blocks(document: str, language: str) -> list[str]:
    """The fenced blocks of one language; a document is named from the root."""
    tokens = MarkdownIt().parse((ROOT / document).read_text())
    return [token.content for token in tokens if token.type == "fence" and token.info == language]
