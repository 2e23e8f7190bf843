"""Each rule of each source finds what it is there for and nothing in a good record, and its patch mends the record."""

from collections.abc import Iterator

import pytest

from cern_assets.audit.patches import patched
from cern_assets.audit.rules import Rule
from cern_assets.audit.texts import TEXT_RULES
from cern_assets.wiring import SOURCES, source_parts
from cern_assets_tests.unit.audit.breaking import BREAKS, GOOD, OPENDATA, ZENODO, cases_of, put, with_

_PAIRS = [(source, rule) for source, breaks in BREAKS.items() for rule in breaks]
_SHARED = {rule.id for rule in TEXT_RULES}


def test_every_source_has_rules_and_records_that_break_them() -> None:
    assert set(BREAKS) == set(SOURCES)


@pytest.mark.parametrize("source", sorted(SOURCES))
def test_every_rule_has_a_record_that_breaks_it(source: str) -> None:
    own = {rule.id for rule in source_parts(source).rulebook().all}
    assert len(own) == len(source_parts(source).rulebook().all)
    assert own - BREAKS[source].keys() - (_SHARED if source != "opendata" else set()) == set()
    assert BREAKS[source].keys() - own == set()


@pytest.mark.parametrize("source", sorted(SOURCES))
def test_a_good_record_breaks_no_rule(source: str) -> None:
    assert [(case.rule.id, case.field, case.message) for case in cases_of(source, GOOD[source], whole=True)] == []


@pytest.mark.parametrize(("source", "rule"), _PAIRS)
def test_a_rule_finds_what_it_is_there_for(source: str, rule: str) -> None:
    found = [case for case in cases_of(source, BREAKS[source][rule], whole=True) if case.rule.id == rule]
    assert found, rule
    assert all(case.places >= 1 and case.message and case.recid and case.page for case in found)


def _mendable() -> Iterator[tuple[str, str]]:
    for source, breaks in BREAKS.items():
        yield from (
            (source, rule.id) for rule in source_parts(source).rulebook().all if rule.mends and rule.id in breaks
        )


@pytest.mark.parametrize(("source", "rule"), list(_mendable()))
def test_a_patch_mends_the_record_and_breaks_no_other_rule(source: str, rule: str) -> None:
    bodies = {str(body["recid"]): body for body in BREAKS[source][rule]}
    found = [case for case in cases_of(source, list(bodies.values()), whole=True) if case.rule.id == rule]
    before = {case.rule.id for case in cases_of(source, list(bodies.values()), whole=True)}
    for case in found:
        bodies[case.recid] = dict(patched(bodies[case.recid], case.patch))
    after = {case.rule.id for case in cases_of(source, list(bodies.values()), whole=True)}
    assert rule not in after
    assert after <= before


def test_only_rules_that_say_what_a_patch_does_make_one() -> None:
    for source, breaks in BREAKS.items():
        for bodies in breaks.values():
            for case in cases_of(source, bodies, whole=True):
                assert bool(case.patch) <= bool(case.rule.mends), case.rule.id


def test_the_answer_of_the_api_has_the_same_patches_as_the_record_of_the_curators() -> None:
    record = with_(OPENDATA, put("files/0/checksum", "adler32:a8c36af"), put("title", "Muons "))
    answer = {"id": "1", "metadata": record, "links": {}}
    by_record, by_answer = cases_of("opendata", [record]), cases_of("opendata", [answer])
    assert {case.rule.id: case.patch for case in by_record} == {case.rule.id: case.patch for case in by_answer}
    assert len(by_record) == 2


def test_a_relation_is_only_dangling_where_the_input_is_the_whole_source() -> None:
    record = with_(OPENDATA, put("relations", [{"type": "isChildOf", "recid": "7"}]))
    assert cases_of("opendata", [record]) == []
    assert [case.rule.id for case in cases_of("opendata", [record], whole=True)] == ["relation-dangling"]


def test_rules_of_the_whole_say_so_and_no_rule_of_one_record_does() -> None:
    for source in SOURCES:
        book = source_parts(source).rulebook()
        assert all(isinstance(rule, Rule) for rule in book.rules)
        assert {rule.id for rule in book.across if rule.whole} <= {"relation-dangling"}


def test_two_people_with_an_id_of_orcids_examples_are_not_taken_for_each_other() -> None:
    people = [{"name": name, "orcid": "0000-0002-1694-233X"} for name in ("Doe, Jane", "Roe, Ann")]
    cases = cases_of("zenodo", [with_(ZENODO, put("creators", people))])
    assert [(case.rule.id, case.places) for case in cases] == [("orcid-placeholder", 2)]
