"""The repository's Python files, and its documents with their fenced blocks."""

from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parent.parent
PACKAGES = ("reference", "tf_gru", "conformance", "examples", "studies", "benchmarks", "tests")
SOURCES = sorted([*ROOT.glob("*.py"), *(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))])


def blocks(document: str, language: str) -> list[str]:
    """The fenced blocks of one language in a document, which is named from the root."""
    tokens = MarkdownIt().parse((ROOT / document).read_text())
    return [token.content for token in tokens if token.type == "fence" and token.info == language]
