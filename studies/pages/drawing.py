"""SVG by hand: shapes on a white ground, with a title and a description that contains a digest of the shapes."""

import hashlib
from collections.abc import Iterable
from html import escape

FONT = "font-family='system-ui, sans-serif'"


def svg(width: int, height: int, title: str, shapes: Iterable[str], style: str = "") -> str:
    """A whole file. Its description contains a digest of the shapes, so that a test can recognize an old file."""
    body = "\n".join(shapes)
    told = f"drawn from {hashlib.sha256((style + body).encode()).hexdigest()}"
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' role='img' {FONT}>\n"
        f"<title>{escape(title)}</title>\n<desc>{told}</desc>\n<style>{style}</style>\n"
        f"<rect width='{width}' height='{height}' fill='white'/>\n{body}\n</svg>\n"
    )


def text(x: float, y: float, words: str, size: int = 12, anchor: str = "start", more: str = "") -> str:
    """A line of text."""
    return f"<text x='{x:g}' y='{y:g}' font-size='{size}' text-anchor='{anchor}' {more}>{escape(words)}</text>"


def box(x: float, y: float, width: float, height: float, fill: str, more: str = "") -> str:
    """A rectangle."""
    return f"<rect x='{x:.4g}' y='{y:.4g}' width='{width:.4g}' height='{height:.4g}' fill='{fill}' {more}/>"
