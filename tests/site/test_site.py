"""The documentation site in a real browser, over a local server. `tox run -e site-browser` runs these tests."""

import re
import subprocess
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from threading import Thread

import pytest

from studies.pages import picture

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
PAGES = ("", "is-my-gru-right/", "api/reference/", "api/tf_gru/", "scoreboard/", "error-analysis/", "command-line/")
PHONE, DESK = 360, 1280


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site, built strictly."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


class Quiet(SimpleHTTPRequestHandler):
    """A server of files that prints nothing."""

    def log_message(self, *_):
        """Print nothing."""


@pytest.fixture(scope="module")
def address(site):
    """The address of a server of the site, on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright  # here, because collecting these tests must not need it

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=picture.browser(), args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def opened(chromium, address):
    """A function that opens a page. It returns the tab, the errors on its console and the hosts of its requests."""
    contexts = []

    def open_page(path: str, width: int = DESK, scheme: str = "light"):
        context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        contexts.append(context)
        tab, errors, asked = context.new_page(), [], []
        tab.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(address + path, wait_until="networkidle")
        return tab, errors, asked

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_no_console_error_and_asks_no_other_host(opened, address, path):
    _, errors, asked = opened(path)
    assert errors == []
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_a_phone(opened, path):
    tab, *_ = opened(path, width=PHONE)
    assert tab.evaluate("document.documentElement.scrollWidth") <= PHONE


def test_search_finds_reset_after(opened):
    tab, *_ = opened("")
    tab.locator(".md-search__input").first.click()
    tab.keyboard.type("reset_after")
    found = tab.locator(".md-search-result__item")
    found.first.wait_for()
    titles = " ".join(found.all_text_contents())
    assert "reset_after" in titles or "reset after" in titles.lower()
    tab.locator(".md-search-result__link").first.click()
    tab.wait_for_load_state("networkidle")
    assert "reset_after" in tab.locator("article").text_content()


@pytest.mark.parametrize(("scheme", "name"), [("light", "default"), ("dark", "slate")])
def test_the_colours_are_those_that_the_reader_prefers(opened, scheme, name):
    tab, *_ = opened("", scheme=scheme)
    assert tab.locator("body").get_attribute("data-md-color-scheme") == name


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["", "adapters/", "api/reference/"])
def test_a_page_is_accessible(opened, path, scheme):
    (package,) = find_spec("axe_playwright_python").submodule_search_locations
    tab, *_ = opened(path, scheme=scheme)
    tab.evaluate(next(Path(package).rglob("axe.min.js")).read_text(encoding="utf-8"))
    # The theme's buttons that copy a block are landmarks without names.
    found = tab.evaluate("axe.run('article', {rules: {'landmark-unique': {enabled: false}}})")["violations"]
    assert [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in found] == []


def test_no_built_page_names_a_foreign_font_script_or_style(site):
    loads = re.compile(
        r"<(?:script|img|link rel=\"?(?:stylesheet|preconnect|icon)\"?)[^>]*(?:src|href)=\"?(https?:)?//"
    )
    assert [str(page) for page in site.rglob("*.html") if loads.search(page.read_text())] == []


def test_a_broken_anchor_fails_the_build(tmp_path):
    """The same configuration, with a page that has a broken link."""
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "index.md").write_text("# Home\n\n[nowhere](#nowhere)\n")
    config = (ROOT / "mkdocs.yml").read_text().partition("nav:")[0].replace("hooks: [studies/pages/site.py]\n", "")
    (tmp_path / "mkdocs.yml").write_text(config)
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "no such anchor" in done.stderr
