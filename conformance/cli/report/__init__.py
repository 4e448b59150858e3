"""Reports: verdicts (conformance/checks/verdict.py) as text, JSON, JUnit, HTML, Markdown and a badge.

terminal.py: a table and findings. data.py: JSON, whose schema is schema.json. junit.py. page.py: one HTML page, from
page.html, page.css and page.js, with the pictures of figures.py. markdown.py: for a build's summary. badge.py: an SVG.
"""

from conformance.cli.report.badge import write_badge
from conformance.cli.report.data import to_json, write_json
from conformance.cli.report.junit import write_junit
from conformance.cli.report.markdown import write_markdown
from conformance.cli.report.page import write_page
from conformance.cli.report.terminal import STYLE, show

__all__ = ["STYLE", "show", "to_json", "write_badge", "write_json", "write_junit", "write_markdown", "write_page"]
