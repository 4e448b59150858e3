"""The HTML report in a real browser. `tox run -e browser` runs these tests, which need Chromium on PATH."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from conformance.__main__ import main
from studies.pages import picture

pytestmark = pytest.mark.browser

SUBJECTS = ("reference", "conformance.mutants:gates_swapped", "conformance.mutants:lengths_ignored")


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright  # here, because it may be missing where these tests are collected

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=picture.browser(), args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def violations() -> Callable[..., list[str]]:
    """The violations that axe-core finds in a page."""
    (package,) = find_spec("axe_playwright_python").submodule_search_locations
    axe = next(Path(package).rglob("axe.min.js")).read_text(encoding="utf-8")

    def of(page) -> list[str]:
        page.evaluate(axe)
        return [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in page.evaluate("axe.run()")["violations"]]

    return of


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    clauses = ("step-after", "step-before", "lengths", "masks")
    main(
        ["run", *SUBJECTS, *(f"--clause={clause}" for clause in clauses), "--html", str(path), "--report-only"],
        standalone_mode=False,
    )
    return path


def opened(chromium, text: str, width: int = 400, scheme: str = "light"):
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.set_content(text)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    return page


def overflow(page) -> int:
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1400])
def test_it_fits_and_is_accessible(chromium, report, violations, width, scheme):
    page = opened(chromium, report.read_text(), width, scheme)
    assert overflow(page) == 0
    assert violations(page) == []


def test_overflow_and_poor_contrast_are_seen(chromium, report, violations):
    text = report.read_text().replace("</style>", "p { color: #888; background: #999; min-width: 900px }</style>")
    page = opened(chromium, text)
    assert overflow(page) > 0
    assert any(line.startswith("color-contrast") for line in violations(page))


def test_it_asks_the_network_for_nothing(chromium, report):
    page = chromium.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(report.as_uri())
    assert asked == [report.as_uri()]


def test_a_failing_cell_leads_to_its_finding_by_keyboard(chromium, report):
    page = opened(chromium, report.read_text())
    link = page.locator("td.fail a").first
    link.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.querySelector(':target').textContent").strip().startswith("FAIL")


def test_the_button_copies_the_line_or_selects_it(chromium, report):
    page = opened(chromium, report.read_text())
    button = page.locator("button[data-copies]").first
    assert button.is_visible()
    button.click()
    page.wait_for_function("document.querySelector('button[data-copies] + span').textContent !== ''")
    assert "cop" in page.locator("button[data-copies] + span").first.text_content()
