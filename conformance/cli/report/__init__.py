"""Reports: verdicts (conformance/checks/verdict.py) as text, JSON, JUnit, HTML, Markdown and a badge.

terminal.py prints a table and findings. data.py writes JSON, whose schema is schema.json. junit.py writes JUnit XML.
page.py writes one HTML page from page.html, page.css and page.js, with the pictures of figures.py. markdown.py writes a
build's summary. badge.py writes an SVG.
"""

from conformance.cli.report.badge import write_badge
from conformance.cli.report.data import to_json, write_json
from conformance.cli.report.junit import write_junit
from conformance.cli.report.markdown import write_markdown
from conformance.cli.report.page import write_page
from conformance.cli.report.terminal import STYLE, show

__all__ = ["STYLE", "show", "to_json", "write_badge", "write_json", "write_junit", "write_markdown", "write_page"]
