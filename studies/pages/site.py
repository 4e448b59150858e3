"""A hook of MkDocs: the site has the README as its first page, and the other documents of the root.

In a clone a page links to `../README.md`, and the README to `docs/page.md`. On the site all of them stand in one
folder, so the links change. Left out: everything that mkdocs.yml says.
"""

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]
DOCUMENTS = {"README.md": "index.md", "CONTRIBUTING.md": "CONTRIBUTING.md", "CHANGELOG.md": "CHANGELOG.md"}
SOURCES = {"reference/cell.py": "api/reference.md"}
"""Files of code that documents link to, and the pages that stand for them on the site."""


def on_files(files: Files, config: Any) -> Files:
    """Add the documents of the root."""
    for name, page in DOCUMENTS.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=from_root(text)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Turn the links of a page of docs/ to documents of the root into links on the site."""
    return markdown if page.file.src_uri in DOCUMENTS.values() else from_docs(markdown)


def from_root(text: str) -> str:
    """The text of a document of the root, with the links of the site."""
    for source, page in (SOURCES | DOCUMENTS).items():
        text = text.replace(f"]({source}", f"]({page}")
    return re.sub(r"\]\(docs/", "](", text)


def from_docs(text: str) -> str:
    """The text of a page of docs/, with the links of the site."""
    for source, page in DOCUMENTS.items():
        text = text.replace(f"](../{source}", f"]({page}")
    return text
