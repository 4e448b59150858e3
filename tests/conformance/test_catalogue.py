"""The catalogue of known mistakes: references to it, its entries, and that no other text repeats a thread."""

import re

import pytest

from conformance.diagnosis import ACROSS, ALONE, DEVIATIONS, diagnose
from conformance.diagnosis.catalogue import FAMILIES, MISTAKES
from conformance.diagnosis.examination import KEPT
from conformance.mutants import MUTANTS, PROBED, gates_swapped
from conformance.vectors.notes import FLAGS, note
from tests.documents import SOURCES

MUTANT_NAMES = [mutant.name for mutant in (*MUTANTS, *PROBED)]
DEVIATION_NAMES = [deviation.__name__ for deviation in (*DEVIATIONS, *ALONE, *ACROSS)]


def test_every_mutant_deviation_and_flag_is_about_an_entry_and_every_entry_has_one():
    assert {*MUTANT_NAMES, *DEVIATION_NAMES, *FLAGS.values()} == set(MISTAKES)


def test_one_entry_one_mutant_and_one_deviation_share_a_name_and_a_flag_belongs_to_one_entry():
    assert sum(len(family.MISTAKES) for family in FAMILIES) == len(MISTAKES)
    for names in (MUTANT_NAMES, DEVIATION_NAMES):
        assert len(set(names)) == len(names)
    assert len(FLAGS) == sum(mistake.flag != "" for mistake in MISTAKES.values())


@pytest.mark.parametrize("name", MISTAKES)
def test_an_entry_is_one_sentence_with_a_fix_for_users_and_an_effect_for_vectors(name):
    mistake = MISTAKES[name]
    assert mistake.sentence[0].isupper() or mistake.sentence.startswith(("z ", "tanh ", "sigma ", "1 - r "))
    assert mistake.sentence.endswith(".") and ". " not in mistake.sentence
    assert bool(mistake.fix) == (name in DEVIATION_NAMES or name == KEPT)
    assert bool(mistake.effect) == bool(mistake.bug) == bool(mistake.flag)
    assert mistake.description != mistake.sentence and (mistake.flag or not (mistake.description or mistake.akin))
    assert all(MISTAKES[other].links for other in mistake.akin)


def test_each_thread_is_written_once():
    links = [link for mistake in MISTAKES.values() for link in mistake.links]
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+/(issues|pull|blob)/[\w./-]+", link) for link in links)
    code = "\n".join(path.read_text() for path in SOURCES)
    counts = {link: len(re.findall(re.escape(link) + r"(?![\w/])", code)) for link in links}
    assert {link: count for link, count in counts.items() if count != 1} == {}


def test_a_note_has_the_threads_of_related_mistakes_before_its_own():
    assert note("GradientNaN")["links"] == [
        MISTAKES["padding_is_multiplied_away"].link,
        MISTAKES["nan_through_a_masked_select"].link,
    ]


def test_a_diagnosis_repeats_the_entry():
    found = diagnose(gates_swapped())
    assert found is not None
    ((part,),) = found.explanations
    mistake = MISTAKES["gates_swapped"]
    assert (part.name, part.fix, part.link) == ("gates_swapped", mistake.fix, mistake.link)
    assert part.sentence.capitalize() == mistake.sentence.capitalize() and part.sentence[0].islower()
    assert any("p.kernel[[1, 0, 2]]" in line for line in found.lines)
