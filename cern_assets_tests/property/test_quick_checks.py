"""Guards the quick answers of the hot path against the slow ones that they stand for."""

from urllib.parse import urlsplit

import ftfy
from hypothesis import given, settings
from hypothesis import strategies as st

from cern_assets.metadata import identifiers as rules
from cern_assets.metadata import validation
from cern_assets.metadata.quick_checks import all_terms_known, surely_right
from cern_assets.metadata.text import as_kept, is_kept, one_line, without_unseen
from cern_assets.model.values import Json, JsonObject

DATES = st.sampled_from(["2012", "2012-13", "2012-02-30", "2012/2011", "2012/2013", "once"])
SCHEMES = st.sampled_from(["doi", "url", "orcid", "ror", "other", "isbn"])
IDS = st.sampled_from(
    ["10.1234/a", "10.1234", "https://cern.ch", "cern", "0000-0002-1825-0097", "0000-0002-1825-0098", "01ggx4157"]
)
KINDS = st.sampled_from(["dataset", "thing", "references", "cc0-1.0", "eng", "created", "other", "researchgroup"])
TERMS = st.builds(lambda term: {"id": term}, KINDS)
NAMES = st.sampled_from(["CERN", "DESY"])
AFFILIATIONS = st.lists(
    st.builds(lambda name: {"name": name}, NAMES) | st.builds(lambda ror: {"id": ror}, IDS), max_size=3
)


def identifiers(schemes: st.SearchStrategy[str]) -> st.SearchStrategy[list[Json]]:
    return st.lists(st.builds(lambda scheme, text: {"scheme": scheme, "identifier": text}, schemes, IDS), max_size=3)


@st.composite
def people(draw: st.DrawFn) -> list[Json]:
    found: list[Json] = []
    for _ in range(draw(st.integers(0, 2))):
        who: dict[str, Json] = {"type": "organizational", "name": "CERN"}
        if draw(st.booleans()):
            who["identifiers"] = draw(identifiers(st.sampled_from(["orcid", "ror"])))
        person: dict[str, Json] = {"person_or_org": who, "role": draw(TERMS)}
        if draw(st.booleans()):
            person["affiliations"] = [dict(each) for each in draw(AFFILIATIONS)]
        found.append(person)
    return found


@st.composite
def deposits(draw: st.DrawFn) -> JsonObject:
    """Deposits of the right shape, with values that are right and wrong."""
    described: list[Json] = [{"description": "Words", "type": draw(TERMS)}]
    when: list[Json] = [{"date": draw(DATES), "type": draw(TERMS)}]
    related: list[Json] = [
        {"scheme": draw(SCHEMES), "identifier": draw(IDS), "relation_type": draw(TERMS), "resource_type": draw(TERMS)}
        for _ in range(draw(st.integers(0, 2)))
    ]
    rights: tuple[Json, ...] = ({"id": "cc0-1.0"}, {"id": "x"}, {"title": {"en": "Mine"}, "link": "cern"})
    metadata: dict[str, Json] = {
        "resource_type": draw(TERMS),
        "title": "A title",
        "creators": draw(people()),
        "contributors": draw(people()),
        "publication_date": draw(DATES),
        "identifiers": draw(identifiers(SCHEMES)),
        "related_identifiers": related,
        "dates": when,
        "additional_descriptions": described,
        "rights": [draw(st.sampled_from(rights))],
    }
    left = draw(st.sets(st.sampled_from(sorted(metadata.keys() - {"resource_type", "publication_date", "creators"}))))
    payload: dict[str, Json] = {"metadata": {name: value for name, value in metadata.items() if name not in left}}
    if draw(st.booleans()):
        payload["pids"] = {"doi": {"identifier": draw(IDS), "provider": "external"}}
    return payload


@settings(max_examples=500, deadline=None)
@given(deposits())
def test_a_quick_yes_is_never_given_where_a_rule_has_something_to_say(payload: JsonObject) -> None:
    if surely_right(payload):
        assert list(validation._beyond_shape(dict(payload))) == []
    assert all_terms_known(payload) == (list(validation._unknown_terms(payload)) == [])


def test_what_is_right_gets_its_quick_yes() -> None:
    creators: Json = [
        {
            "person_or_org": {"identifiers": [{"scheme": "orcid", "identifier": "0000-0002-1825-0097"}]},
            "affiliations": [{"name": "CERN"}, {"id": "01ggx4157"}],
        }
    ]
    metadata: Json = {
        "resource_type": {"id": "dataset"},
        "creators": creators,
        "publication_date": "2012",
        "identifiers": [{"scheme": "doi", "identifier": "10.1234/a"}, {"scheme": "other", "identifier": "a"}],
        "rights": [{"id": "cc0-1.0"}],
    }
    assert surely_right({"metadata": metadata})
    assert all_terms_known({"metadata": metadata})


LETTERS = st.characters(min_codepoint=0xC0, max_codepoint=0x17F)


@settings(max_examples=2_000, deadline=None)
@given(st.lists(LETTERS | st.sampled_from("aE ,.<;-&\n\t"), max_size=9).map("".join))
def test_a_text_that_is_surely_kept_is_one_that_the_target_leaves_alone(text: str) -> None:
    if is_kept(text):
        assert ftfy.fix_text(text) == text
    assert is_kept(as_kept(text)) or as_kept(as_kept(text)) == as_kept(text)


def test_names_of_europe_are_surely_kept() -> None:
    for name in ("Mäenpää, Teppo", "Müller, Jörg", "José Luis", "Nicolò", "Čapek, Karel", "Ångström, Å.", "Weiß, A."):
        assert is_kept(name), name


@settings(max_examples=500, deadline=None)
@given(st.from_regex(rules._PLAIN_URL, fullmatch=True))
def test_an_address_without_anything_odd_is_one_by_its_parts_too(text: str) -> None:
    parts = urlsplit(text)
    assert parts.scheme in {"http", "https"}
    assert parts.hostname
    assert text.split() == [text]


@settings(max_examples=1_000, deadline=None)
@given(
    st.text(
        st.sampled_from("ab \n\t\r\x0b\x1c\x1f\x00\x7f\x85\xa0\xad\u200b\u2028\u202a\u2060\u3000\ud800\ufeff\uffff")
    )
)
def test_a_line_is_what_is_left_when_what_nobody_sees_is_taken_out_first(text: str) -> None:
    assert one_line(text) == " ".join(without_unseen(text).split())
