"""Shared reports: the page, the Markdown, the badge; and the schemas of JSON output."""

import copy
import json
import math
import os
import re
import subprocess
import sys
from dataclasses import replace
from io import StringIO

import html5lib
import pytest
import tinycss2
from rich.console import Console

from conformance.adapters import load
from conformance.checks import judge as judging
from conformance.checks.clauses import CHECKS
from conformance.checks.judge import PROFILES, describe, judge
from conformance.checks.judgement import Growth
from conformance.checks.verdict import DECLINED, ERROR, FAIL, PASS, USUAL, Cause, Part, Subject, Verdict
from conformance.cli.report import badge, figures, replayed, write_json
from conformance.cli.report.markdown import MOST, markdown
from conformance.cli.report.page import page
from conformance.cli.report.terminal import show
from conformance.diagnosis import Diagnosis
from conformance.interface import schemas
from conformance.specification import CLAUSES
from conformance.vectors import files
from conformance.vectors.replay import Replayed
from tests.documents import blocks

WRONG = "conformance.mutants:gates_swapped"
ASKED = ("step-after", "batch-zero", "lengths")


def judged(name: str) -> Subject:
    gru = load(name)
    subject = describe(name, gru)
    checks = [check for check in CHECKS if check.clause in ASKED]
    subject.verdicts += [judge(gru, check, dtype, PROFILES["dev"]) for check in checks for dtype in USUAL]
    return subject


@pytest.fixture(scope="module")
def subjects() -> list[Subject]:
    hostile = Subject(name="<script>alert(1)</script>", broken="</pre><img src=x onerror=alert(2)> ``` | `")
    return [judged("reference"), judged(WRONG), hostile]


@pytest.fixture(scope="module")
def text(subjects) -> str:
    return page(subjects, "dev")


def element(tree, tag: str, **attributes):
    found = tree.iter(f"{{http://www.w3.org/1999/xhtml}}{tag}")
    return [one for one in found if all(one.get(name) == value for name, value in attributes.items())]


# The page.


def test_the_page_is_html_without_a_mistake(text):
    html5lib.HTMLParser(strict=True).parse(text)
    with pytest.raises(html5lib.html5parser.ParseError):
        html5lib.HTMLParser(strict=True).parse(text.replace("</table>", "", 1))


def test_every_id_is_there_once_and_every_link_leads_to_one(text):
    ids = re.findall(r'\bid="([^"]*)"', text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:href="#|url\(#)([^")]*)', text)) <= set(ids)


def test_its_style_parses_and_every_name_of_a_colour_is_one(text):
    style = text.split("<style>")[1].split("</style>")[0]
    rules = tinycss2.parse_stylesheet(style, skip_comments=True, skip_whitespace=True)
    assert not [rule for rule in rules if rule.type == "error"]
    assert set(re.findall(r"var\((--[\w-]+)\)", text)) <= set(re.findall(r"(--[\w-]+):", text))
    assert "#0102" not in text


def test_it_names_nothing_to_load(text):
    assert not re.findall(r'(?:src|srcset|data)="|@import|<link|<iframe|url\((?!#)', text.split("<body>")[1])
    assert "default-src 'none'" in text


def test_a_subjects_words_are_text(text):
    tree = html5lib.parse(text)
    assert len(element(tree, "script")) == 1 and not element(tree, "img")
    assert "&lt;script&gt;alert(1)" in text


def test_every_failure_has_its_link_numbers_and_line(text, subjects):
    tree = html5lib.parse(text)
    failing = [verdict for verdict in subjects[1].verdicts if verdict.kind == FAIL]
    assert failing
    for verdict in failing:
        name = f"s1-{verdict.clause}-{verdict.dtype}"
        assert element(tree, "a", href=f"#{name}")
        assert element(tree, "article", id=name) or element(tree, "details", id=name)
        (line,) = element(tree, "code", id=f"{name}-again")
        assert line.text == f"gru-conformance again {WRONG} {verdict.clause} {verdict.again}"
        assert repr(verdict.finding.computed) in text and repr(verdict.finding.exact) in text


def test_every_verdict_is_a_word_in_the_table(text, subjects):
    shown = [cell for cell in element(html5lib.parse(text), "td") if "worst margin" in (cell.get("title") or "")]
    passed = [v for subject in subjects for v in subject.verdicts if v.kind == PASS and v.margin]
    assert sorted(cell.text for cell in shown) == sorted(f"{v.margin:.3f}" for v in passed)


@pytest.mark.parametrize("width", [200, 40])
def test_a_cell_on_a_terminal_keeps_a_place_for_each_format(width):
    """A subject that is judged in fewer formats than another leaves no place empty, in a narrow table too."""

    def passed(name: str, *margins: tuple[str, float]) -> Subject:
        verdicts = [Verdict(clause="masks", dtype=dtype, kind=PASS, margin=margin) for dtype, margin in margins]
        return Subject(name=name, claims={dtype: "any" for dtype, _ in margins}, verdicts=verdicts)

    narrow = passed("narrow", ("float16", 0.25))
    wide = passed("wide", ("float32", 0.125), ("float64", 0.0), ("bfloat16", 0.5))
    told = StringIO()
    show(Console(file=told, width=width), [narrow, wide])
    rows = [line.split("│")[1:-1] for line in told.getvalue().splitlines() if line.startswith("│")]
    assert [" ".join(cell).split() for cell in zip(*rows, strict=True)] == [
        ["masks"],
        ["·", "·", "0.250", "·"],
        ["0.125", "–", "·", "0.500"],
    ]
    assert "A dot is a format in which the subject is not judged." in " ".join(told.getvalue().split())


def test_a_cell_that_was_declined_says_why():
    lacking = Verdict(clause="masks", dtype="float32", kind=DECLINED, reason="it has no masks")
    (cell,) = element(html5lib.parse(page([Subject(name="it", verdicts=[lacking])], "dev")), "a", href="#s0-declined")
    assert cell.get("data-said") == "it, masks, float32: declined: it has no masks"


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2."""
    dark, bright = sorted(map(luminance, (one, other)))
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_letters_and_lines_stand_out_from_the_paper(text, scheme):
    blocks = re.findall(r":root \{(.*?)\}", text, flags=re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#\w{6})", blocks[scheme]))
    letters = {name: (colours["paper"], colours["raised"]) for name in ("ink", "soft", "link", "pass", "declined")}
    letters["fail"] = (colours["paper"], colours["fail-paper"])
    for name, papers in letters.items():
        assert min(contrast(colours[name], paper) for paper in papers) >= 4.5, name
    for name in colours:
        if name.startswith("series"):
            assert contrast(colours[name], colours["paper"]) >= 3, name


def test_the_ratio_of_black_on_white_is_21():
    assert contrast("#000000", "#ffffff") == 21


# Errors over time.


def test_growth_keeps_the_worst_of_each_step():
    assert Growth((1.0, 5.0), (2.0,)) + Growth((3.0, 4.0, 1.0), ()) == Growth((3.0, 5.0, 1.0), (2.0,))


def test_a_verdict_on_steps_has_the_worst_margin_and_distance_among_its_steps(subjects):
    steps = [v for subject in subjects for v in subject.verdicts if v.clause == "step-after"]
    for verdict in steps:
        assert max(verdict.growth.margins) == verdict.margin
        assert max(verdict.growth.ulps) == verdict.ulps
    assert len(steps[0].growth.ulps) == 40
    assert all(v.growth is None for v in subjects[0].verdicts if v.clause == "lengths")


def test_the_histogram_holds_all_margins_of_a_class(subjects):
    margins = figures.margins_by_class(subjects)
    assert set(margins) == {subjects[0].claims[dtype] for dtype in USUAL}
    assert sum(map(len, margins.values())) == sum(
        v.kind == PASS and bool(v.margin) for s in subjects for v in s.verdicts
    )


def test_a_number_without_a_place_on_a_logarithmic_axis_is_left_out(monkeypatch):
    monkeypatch.setattr(figures, "_svg", lambda figure, name: figure)
    (axes,) = figures.growth({"it": [0.0, 1.0, 2.0, math.inf, math.nan]}, "said", "g0").axes
    (line,) = axes.lines
    assert line.get_xydata().tolist() == [[2, 1.0], [3, 2.0]]


# Markdown.


def test_a_bar_in_a_subjects_words_ends_no_cell_and_stands_alone_elsewhere():
    lacking = Verdict(clause="masks", dtype="float32", kind=DECLINED, reason="a | b")
    wrong = Verdict(clause="lengths", dtype="float32", kind=ERROR, reason="it ended")
    said = markdown([Subject(name="one|two", verdicts=[lacking, wrong])], "dev").splitlines()
    assert "| clause | `one\\|two` |" in said and "| `one\\|two` | 0 | 0 | 1 | 1 | 2 |" in said
    assert "- `one|two` declined masks: `a | b`" in said
    assert "### ERROR lengths float32: `one|two`" in said


def test_the_markdown_is_utf_8_whatever_the_locale(tmp_path):
    code = (
        "from pathlib import Path\n"
        "from conformance.cli.report.markdown import write_markdown\n"
        "from conformance.checks.verdict import Subject\n"
        "write_markdown(Path('summary.md'), [Subject(name='\\u03c3')], 'dev')\n"
    )
    ascii_only = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=ascii_only, check=True)
    assert "`\u03c3`" in (tmp_path / "summary.md").read_text(encoding="utf-8")


def test_the_markdown_has_the_table_and_each_failure_with_its_line(subjects):
    said = markdown(subjects, "dev")
    assert "| `step-after` | 0.1" in said and "**FAIL** · **FAIL**" in said
    assert said.count("Reproduce it:") == len({v.clause for s in subjects for v in s.verdicts if v.kind == FAIL})
    assert f"gru-conformance again {WRONG} lengths " in said
    assert "````text" in said  # the fence is longer than any fence inside


def test_the_markdown_is_never_longer_than_a_build_takes(subjects):
    failed = next(verdict for verdict in subjects[1].verdicts if verdict.kind == FAIL)
    long = [replace(failed, reason=f"{number}" * (MOST // 3), finding=None) for number in range(8)]
    said = markdown([Subject(name="long", verdicts=long)], "dev")
    assert len(said.encode()) < MOST + 10_000
    assert "too long for this summary" in said


def test_where_no_cause_is_known_the_diagnosis_comes_before_the_findings(subjects):
    found = Diagnosis("after", "float32", 32, 31, consistent="steps in `float16`")
    said = markdown([replace(subjects[1], diagnosis=found)], "dev")
    lines = "Diagnosis of `" + WRONG + "`:\n\n```text\n" + "\n".join(found.lines) + "\n```"
    assert 0 < said.index(lines) < said.index("### FAIL") < said.index("| clause |")


def test_a_known_cause_comes_first_in_every_form_and_its_clauses_are_one_finding(subjects):
    cause = Cause(((Part("a", "the gate is b.", "make it c", "https://github.com/d/e/issues/1"),),), "at units 8")
    verdicts = [replace(verdict, cause=cause) for verdict in subjects[1].verdicts if verdict.kind == FAIL]
    assert len({verdict.clause for verdict in verdicts}) > 1
    explained = replace(subjects[1], verdicts=verdicts, diagnosis=Diagnosis(varies="batch 1"))
    show(paper := Console(file=StringIO(), width=200), [explained])
    forms = {
        "clause by subject": (paper.file.getvalue(), "d/e#1"),
        "| clause |": (markdown([explained], "dev"), "d/e#1"),
        'id="verdicts"': (page([explained], "dev"), '<a href="https://github.com/d/e/issues/1">d/e#1</a>'),
    }
    for table, (said, link) in forms.items():
        parts = ["the gate is b", "at units 8", "make it c", link, "outputs["]
        places = [said.index(part) for part in parts]
        assert said.count("the gate is b") == 1 and max(places) < said.index(table)
        assert places == sorted(places) and "most responsible" not in said and "two answers" not in said


def test_a_failure_without_a_case_has_no_line_that_reproduces_it():
    ended = Verdict(clause="masks", dtype="float32", kind=ERROR, reason="the process ended with exit code 7")
    said = markdown([Subject(name="it", verdicts=[ended])], "dev")
    assert "### ERROR masks float32: `it`" in said and ended.reason in said
    assert "Reproduce it:" not in said


# The badge.


def scored(**kinds: int) -> Subject:
    places = [(clause, dtype) for clause in CLAUSES for dtype in USUAL]
    wanted = [kind for kind, count in kinds.items() for _ in range(count)]
    return Subject(
        name="it",
        verdicts=[Verdict(clause=c, dtype=d, kind=kind) for (c, d), kind in zip(places, wanted, strict=False)],
    )


ALL = len(CLAUSES) * len(USUAL)


@pytest.mark.parametrize(
    ("subject", "words", "colour"),
    [
        (scored(**{PASS: ALL}), f"{ALL} of {ALL}", badge.GREEN),
        (scored(**{PASS: ALL - 10, DECLINED: 10}), f"{ALL - 10} of {ALL}, 10 declined", badge.BLUE),
        (scored(**{PASS: 4}), f"4 of {ALL}, {ALL - 4} not asked", badge.BLUE),
        (scored(**{PASS: ALL - 1, FAIL: 1}), f"{ALL - 1} of {ALL}, 1 failed", badge.RED),
        (scored(**{PASS: ALL - 2, "error": 2}), f"{ALL - 2} of {ALL}, 2 without answer", badge.RED),
        (scored(**{DECLINED: ALL}), f"nothing judged: 0 of {ALL}, {ALL} declined", badge.GREY),
        (Subject(name="it", broken="no closed form holds"), "no score", badge.RED),
    ],
)
def test_the_badge_hides_nothing(subject, words, colour):
    assert badge.words_and_colour([subject]) == (words, colour)
    svg = badge.badge([subject])
    assert words in svg and f'fill="{colour}"' in svg
    assert contrast(colour, "#ffffff") >= 4.5


def test_the_badge_of_no_subject_is_not_green():
    assert badge.words_and_colour([])[1] == badge.GREY


# As JSON.


def test_a_report_is_as_its_schema_has_it(subjects, tmp_path):
    write_json(tmp_path / "report.json", subjects, "dev")
    report = json.loads((tmp_path / "report.json").read_text())
    assert schemas.violations("report", report) == []
    for change in (
        lambda r: r.pop("machine"),
        lambda r: r["subjects"][0].update(kernels="cuDNN"),
        lambda r: r["subjects"][0]["verdicts"][0].update(kind="acceptable"),
        lambda r: r["subjects"][1]["verdicts"][0].update(margin=-1),
        lambda r: r["subjects"][0].update(note="more"),
    ):
        changed = copy.deepcopy(report)
        change(changed)
        assert schemas.violations("report", changed)


@pytest.mark.parametrize("margin", ["inf", "nan"])
def test_a_margin_that_json_does_not_have_is_a_string(subjects, tmp_path, margin):
    beyond = replace(subjects[1].verdicts[0], margin=float(margin))
    write_json(tmp_path / "report.json", [replace(subjects[1], verdicts=[beyond])], "dev")
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["subjects"][0]["verdicts"][0]["margin"] == margin
    assert schemas.violations("report", report) == []


# Texts of an adapter and on the command line.


def test_the_kernels_that_an_adapter_names_are_in_the_report():
    gru = load("reference")
    gru.kernels = {"b", "a"}
    subject = judging.describe("reference", gru)
    assert subject.kernels == ["a", "b"]
    show(paper := Console(file=StringIO()), [subject])
    assert "  kernels that ran: a, b\n" in paper.file.getvalue()
    assert "<dd>a, b</dd>" in page([subject], "dev")


def test_the_worst_pass_of_a_format_is_the_one_that_used_the_most_of_its_bound():
    exact = Verdict(clause="time-zero", dtype="float32", kind=PASS, ulps=0.25)
    most = Verdict(clause="masks", dtype="float32", kind=PASS, margin=0.5)
    less = Verdict(clause="reverse", dtype="float32", kind=PASS, margin=0.25, ulps=0.75)
    failed = Verdict(clause="lengths", dtype="float32", kind=FAIL, margin=9.0, ulps=9.0)
    assert Subject(name="it", verdicts=[exact, less, most, failed]).worst("float32") == (most, 0.75)
    assert Subject(name="it", verdicts=[exact, failed]).worst("float32") is None
    assert Subject(name="it", verdicts=[most]).worst("float64") is None


def test_the_worst_vector_of_a_replay_is_named_where_one_has_arithmetic():
    paper = Console(file=StringIO())
    verdicts = [
        Replayed(vector=vector, clause="masks", dtype="float32", kind=PASS, margin=margin, ulps=0.75)
        for vector, margin in (("masks-left", 0.25), ("masks-holes", 0.5), ("masks-right", None))
    ]
    verdicts.append(Replayed(vector="time-zero-both", clause="time-zero", dtype="float64", kind=PASS))
    claims = {"float32": "a claim", "float64": "another"}
    vectors = {name: stored.vector for name, stored in files.stored().items()}
    replayed.show(paper, Subject(name="it", claims=claims, verdicts=verdicts), vectors)
    said = " ".join(paper.file.getvalue().split())
    assert "float32: worst margin 0.500 (masks-holes) of: a claim; whole runs end within 0.75 ULP" in said
    assert "float64: worst" not in said


@pytest.mark.parametrize(("ulps", "said"), [(None, False), (0.75, True)])
def test_the_distance_of_whole_runs_is_printed_if_one_was_judged(ulps, said):
    verdict = Verdict(clause="reverse", dtype="float32", kind=PASS, margin=0.5, ulps=ulps)
    show(paper := Console(file=StringIO()), [Subject(name="any", claims={"float32": "a claim"}, verdicts=[verdict])])
    assert "worst margin 0.500 (reverse) of: a claim" in paper.file.getvalue()
    assert ("whole runs end within 0.75 ULP" in paper.file.getvalue()) == said


def test_the_blocks_of_the_document_run(tmp_path):
    (commands,) = blocks("docs/reports.md", "bash")
    for command in commands.splitlines():
        done = subprocess.run([sys.executable, *command.split()[1:]], cwd=tmp_path, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.glob("[a-z]*")} == {
        "report.html", "report.json", "badge.svg", "summary.md", "report.xml"
    }  # fmt: skip
    (code,) = blocks("docs/reports.md", "python")
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_missing_library_is_reported_before_anything_is_judged(monkeypatch):
    from conformance.cli.report import templates
    from conformance.interface.adapter import UsageError

    monkeypatch.setattr(templates, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"needs jinja2; pip install 'tf-gru\[report\]'"):
        page([], "dev")
