"""The picture of a report in the README: the top of a page, drawn by Chromium.

`python -m studies picture` makes it. Left out: content further down the page, such as the machine.
"""

import hashlib
import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import conformance.cli.report
from conformance.interface.adapter import UsageError

FILE = Path(__file__).parents[2] / "docs/report.png"
FOLDER = Path(conformance.cli.report.__file__).parent
LOOKS = ("page.html", "page.css")
SUBJECTS = ("reference", "conformance.mutants:gates_swapped")
CLAUSES = ("step-after", "step-before", "lengths", "reverse", "split")
SIZE = {"width": 1000, "height": 900}  # pixels: the scores and the first finding
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def browser() -> str:
    """The path of a browser. Raises UsageError if none is on PATH."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        raise UsageError(f"none of {', '.join(BROWSERS)} is on PATH; on Debian: apt-get install chromium")
    return path


def template() -> str:
    """A digest of the files that determine the page's look. The picture contains it, so that a test can recognize an
    old one.
    """
    return hashlib.sha256(b"".join((FOLDER / name).read_bytes() for name in LOOKS)).hexdigest()


def report(path: Path) -> None:
    """Judge the subjects and write the page."""
    asked = [*SUBJECTS, *(f"--clause={clause}" for clause in CLAUSES), "--html", str(path), "--report-only"]
    subprocess.run([sys.executable, "-m", "conformance", "run", *asked], check=True, stdout=subprocess.DEVNULL)


def drawn() -> bytes:
    """The picture as a PNG. Raises UsageError if there is no browser."""
    from PIL import Image, PngImagePlugin
    from playwright.sync_api import sync_playwright

    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser(), args=["--no-sandbox"])
        page = Path(folder) / "report.html"
        report(page)
        tab = chromium.new_page(viewport=SIZE, color_scheme="light")
        tab.goto(page.as_uri())
        shot = tab.screenshot()
        chromium.close()
    told = PngImagePlugin.PngInfo()
    told.add_text("Description", f"drawn from {template()}")
    file = BytesIO()
    Image.open(BytesIO(shot)).convert("RGB").quantize(64).save(file, "PNG", optimize=True, pnginfo=told)
    return file.getvalue()
