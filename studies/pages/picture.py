"""The picture of a report that the README shows: the top of a page, as Chromium draws it.

`python -m studies picture` makes it. Left out: what stands further down the page, such as what the machine is.
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
SUBJECTS = ("reference", "conformance.mutants:gates_swapped", "conformance.mutants:lengths_ignored")
CLAUSES = ("step-after", "step-before", "lengths", "reverse", "split")
SIZE = {"width": 1000, "height": 1500}  # pixels: the scores, the whole table and the first finding
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def browser() -> str:
    """The path of a browser. Raises UsageError where none is on PATH."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        raise UsageError(f"none of {', '.join(BROWSERS)} is on PATH; on Debian: apt-get install chromium")
    return path


def template() -> str:
    """A digest of all that says how a page looks; the picture carries it, so that a test can tell an old one."""
    return hashlib.sha256(b"".join((FOLDER / name).read_bytes() for name in LOOKS)).hexdigest()


def report(path: Path) -> None:
    """Judges the subjects and writes the page."""
    asked = [*SUBJECTS, *(f"--clause={clause}" for clause in CLAUSES), "--html", str(path), "--report-only"]
    subprocess.run([sys.executable, "-m", "conformance", "run", *asked], check=True, stdout=subprocess.DEVNULL)


def drawn() -> bytes:
    """The picture, a PNG. Raises UsageError where there is no browser."""
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
