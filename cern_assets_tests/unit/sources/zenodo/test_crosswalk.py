"""The crosswalk of legacy Zenodo, row by row, and what other migrations are known to have lost."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cern_assets.metadata.crosswalk import transform
from cern_assets.metadata.validation import validate
from cern_assets.model.metadata import Metadata
from cern_assets.sources.zenodo.crosswalk import CROSSWALK, CROSSWALKS
from cern_assets.sources.zenodo.parse import parse_record
from cern_assets_tests.services.needs import SHARED_DATA, unavailable

TOMORROW = (datetime.now(UTC).date() + timedelta(days=1)).isoformat()
BASE: dict[str, Any] = {
    "recid": "5",
    "title": "A dataset",
    "publication_date": "2019-03-01",
    "resource_type": {"type": "dataset"},
    "creators": [{"name": "Doe, Jane"}],
    "access_right": "open",
    "license": {"id": "cc-by-4.0"},
}


def made(**more: Any) -> Metadata:
    """The deposit of a record that says this besides; every leaf has a fate and the deposit is valid."""
    deposit = transform(parse_record({**BASE, **more}), CROSSWALK)
    assert [fate.path for fate in deposit.fates if fate.fate == "unmapped"] == []
    assert validate(deposit.payload) == ()
    return deposit


def field(name: str, **more: Any) -> Any:
    value: Any = made(**more).payload
    for part in name.split("."):
        value = value.get(part)
    return value


def codes(**more: Any) -> set[str]:
    return {finding.code for finding in made(**more).findings}


def described(**more: Any) -> str:
    return " ".join(each["description"] for each in field("metadata.additional_descriptions", **more))


@pytest.mark.parametrize(
    ("stated", "access"),
    [
        ({"access_right": "open"}, {"record": "public", "files": "public"}),
        ({"access_right": "restricted"}, {"record": "public", "files": "restricted"}),
        ({"access_right": "closed"}, {"record": "public", "files": "restricted"}),
        ({"access_right": "whatever"}, {"record": "public", "files": "restricted"}),
        ({"access_right": None}, {"record": "public", "files": "restricted"}),
        ({"access_right": "embargoed"}, {"record": "public", "files": "restricted"}),
        ({"access_right": "embargoed", "embargo_date": "soon"}, {"record": "public", "files": "restricted"}),
        (
            {"access_right": "embargoed", "embargo_date": TOMORROW},
            {"record": "public", "files": "restricted", "embargo": {"active": True, "until": TOMORROW}},
        ),
    ],
)
def test_only_what_is_said_to_be_open_is_open(stated: dict[str, Any], access: dict[str, Any]) -> None:
    assert field("access", **stated) == access


def test_an_embargo_that_has_ended_is_not_kept_active() -> None:
    ended = {"access_right": "embargoed", "embargo_date": "2020-08-03"}
    assert field("access", **ended) == {"record": "public", "files": "public"}
    assert "embargo-ended" in codes(**ended)


def test_closed_and_restricted_stay_two_things() -> None:
    assert described(access_right="closed") != described(access_right="restricted")
    assert "Ask us" in described(access_right="restricted", access_conditions="Ask us")


def test_zero_is_a_coordinate() -> None:
    places = [{"lat": 0, "lon": 0.0, "place": "Null Island"}, {"lat": 51.5, "lon": 0, "place": "Greenwich"}]
    features = field("metadata.locations.features", locations=places)
    assert [feature["geometry"]["coordinates"] for feature in features] == [[0.0, 0.0], [0.0, 51.5]]


@pytest.mark.parametrize("place", [{"lat": 91, "lon": 0}, {"lat": "north", "lon": 0}, {"lat": 5}])
def test_what_is_no_point_is_told_and_the_place_stays(place: dict[str, Any]) -> None:
    features = field("metadata.locations.features", locations=[{**place, "place": "Somewhere"}])
    assert features == [{"place": "Somewhere"}]
    assert "coordinates-unusable" in codes(locations=[{**place, "place": "Somewhere"}])


def test_the_method_is_carried_as_methods() -> None:
    (entry,) = [each for each in field("metadata.additional_descriptions", method="Weighed.") if "methods" in str(each)]
    assert entry == {"description": "<p>Weighed.</p>", "type": {"id": "methods"}}


@pytest.mark.parametrize(
    ("grant", "funder", "number"),
    [
        ({"$ref": "https://dx.zenodo.org/grants/10.13039/501100000780::278850"}, "European Commission", "278850"),
        ({"id": "10.13039/501100001665::ANR-18-1"}, "Agence Nationale de la Recherche", "ANR-18-1"),
        ({"id": "278850"}, "European Commission", "278850"),
        ({"id": "10.13039/999::7"}, "10.13039/999", "7"),
        ({"code": "7", "funder": {"name": "A funder", "doi": "10.13039/1"}, "title": "A project"}, "A funder", "7"),
    ],
)
def test_a_grant_is_carried_in_each_of_its_forms(grant: dict[str, Any], funder: str, number: str) -> None:
    (entry,) = field("metadata.funding", grants=[grant])
    assert (entry["funder"], entry["award"]["number"]) == ({"name": funder}, number)
    assert entry["award"]["title"]["en"] == grant.get("title", f"Grant {number}")


def test_every_owner_is_carried_and_no_personal_data_of_the_uploader() -> None:
    uploader = {"source": {"agents": [{"role": "uploader", "email": "jane@example.org", "username": "jane"}]}}
    text = described(owners=[11, 22], _deposit={"owners": [11, 22, 33]}, _internal=uploader)
    assert "11, 22, 33" in text
    assert "jane" not in text


@pytest.mark.parametrize(
    ("stated", "date", "words"),
    [
        ({"start": "2018-03-21", "end": "2018-03-25", "type": "Collected"}, "2018-03-21/2018-03-25", None),
        ({"start": "2018-03-21", "end": "2018-03-21", "type": "Valid"}, "2018-03-21", None),
        ({"start": "2018-03-21", "type": "Valid"}, "2018-03-21", "From this date on."),
        ({"end": "2018-03-21", "type": "Valid", "description": "Old."}, "2018-03-21", "Old. Until this date."),
    ],
)
def test_a_date_with_one_end_stays_open_in_words(stated: dict[str, Any], date: str, words: str | None) -> None:
    (entry,) = field("metadata.dates", dates=[stated])
    assert (entry["date"], entry.get("description")) == (date, words)
    assert entry["type"]["id"] == stated["type"].lower()


def test_a_date_that_cannot_be_is_told() -> None:
    assert "date-unusable" in codes(dates=[{"start": "2018-03-25", "end": "2018-03-21", "type": "Collected"}])
    assert "date-unusable" in codes(dates=[{"type": "Collected"}])


def test_organisations_are_organisations_and_people_are_people() -> None:
    listed = [
        {"name": "CERN"},
        {"name": "ATLAS Collaboration"},
        {"name": "van der Berg, Anna", "orcid": "0000-0002-1694-233X", "gnd": "170118215"},
        {"name": "Doe, J.", "familyname": "Doe", "givennames": "John"},
        {"name": "Wrong, Orcid", "orcid": "0000-0002-1694-2330"},
    ]
    creators = [each["person_or_org"] for each in field("metadata.creators", creators=listed)]
    assert [each["type"] for each in creators] == ["organizational"] * 2 + ["personal"] * 3
    assert creators[2]["identifiers"] == [
        {"scheme": "orcid", "identifier": "0000-0002-1694-233X"},
        {"scheme": "gnd", "identifier": "170118215"},
    ]
    assert (creators[3]["family_name"], creators[3]["given_name"]) == ("Doe", "John")
    assert "identifiers" not in creators[4]
    assert "orcid-invalid" in codes(creators=listed)


@pytest.mark.parametrize(
    ("stated", "role"), [("ContactPerson", "contactperson"), ("Supervisor", "supervisor"), ("Chef", "other")]
)
def test_contributors_have_their_roles(stated: str, role: str) -> None:
    (entry,) = field("metadata.contributors", contributors=[{"name": "Doe, Joe", "type": stated}])
    assert entry["role"] == {"id": role}


def test_supervisors_of_both_forms_are_contributors() -> None:
    person = {"name": "Doe, Jane"}
    for thesis in ({"thesis": {"supervisors": [person], "university": "U"}}, {"thesis_supervisors": [person]}):
        (entry,) = field("metadata.contributors", **thesis)
        assert entry["role"] == {"id": "supervisor"}


@pytest.mark.parametrize(
    ("stated", "kind"),
    [
        ({"resource_type": {"type": "publication", "subtype": "thesis"}}, "publication-dissertation"),
        ({"resource_type": {"type": "image", "subtype": "photo"}}, "image-photo"),
        ({"resource_type": None, "upload_type": "publication", "publication_type": "report"}, "publication-report"),
        ({"resource_type": None, "upload_type": "image", "image_type": "plot"}, "image-plot"),
        ({"resource_type": {"type": "publication", "subtype": "haiku"}}, "publication"),
        ({"resource_type": {"type": "smell"}}, "other"),
    ],
)
def test_types_go_by_the_table(stated: dict[str, Any], kind: str) -> None:
    assert field("metadata.resource_type.id", **stated) == kind


def test_the_year_of_a_journal_and_the_type_of_an_alternate_and_of_openaire_are_not_lost() -> None:
    text = described(
        journal={"title": "J", "year": "1999"},
        alternate_identifiers=[
            {"identifier": "10.1234/a", "resource_type": {"type": "publication", "subtype": "book"}}
        ],
        resource_type={"type": "dataset", "openaire_subtype": "foo:t1"},
    )
    assert all(word in text for word in ("1999", "publication, book", "foo:t1"))


@pytest.mark.parametrize(
    ("identifier", "stated", "scheme", "kept"),
    [
        ("https://doi.org/10.1234/AbC", "doi", "doi", "10.1234/AbC"),
        ("10.1234/abc", "handle", "doi", "10.1234/abc"),
        ("https://www.example.org/a", "url", "url", "https://www.example.org/a"),
        ("http://www.example.org/a", "", "url", "http://www.example.org/a"),
        ("arXiv:1234.56789", "arxiv", "arxiv", "arXiv:1234.56789"),
        ("PRJNA12", "bioproject", "other", "bioproject:PRJNA12"),
        ("978-3-16-148410-9", "isbn", "other", "isbn:978-3-16-148410-9"),
        ("sonata form", "", "other", "sonata form"),
    ],
)
def test_an_identifier_keeps_its_scheme_or_its_word(identifier: str, stated: str, scheme: str, kept: str) -> None:
    related = {"identifier": identifier, "scheme": stated, "relation": "isCitedBy"}
    (entry,) = field("metadata.related_identifiers", related_identifiers=[related])
    assert (entry["scheme"], entry["identifier"], entry["relation_type"]["id"]) == (scheme, kept, "iscitedby")


def test_a_relation_that_is_another_identifier_is_an_identifier() -> None:
    related = [
        {"identifier": "10.1234/a", "relation": "isAlternateIdentifier", "scheme": "doi"},
        {"identifier": "10.1234/b", "relation": "cites", "scheme": "doi"},
    ]
    metadata = field("metadata", related_identifiers=related)
    assert {"scheme": "doi", "identifier": "10.1234/a"} in metadata["identifiers"]
    assert [each["identifier"] for each in metadata["related_identifiers"]] == ["10.1234/b"]


def test_a_deposit_that_was_never_sent_claims_no_page_at_zenodo() -> None:
    deposit = transform(parse_record({name: value for name, value in BASE.items() if name != "recid"}), CROSSWALK)
    assert "https://zenodo.org/records" not in json.dumps(deposit.payload["metadata"])


def test_a_misspelt_relation_is_known_and_an_unknown_one_is_told() -> None:
    related = [
        {"identifier": "10.1234/a", "relation": "isOrignialFormOf", "resource_type": "publication-article"},
        {"identifier": "10.1234/b", "relation": "loves"},
    ]
    first, second = field("metadata.related_identifiers", related_identifiers=related)
    assert first["relation_type"]["id"] == "isoriginalformof"
    assert first["resource_type"]["id"] == "publication-article"
    assert second["relation_type"]["id"] == "other"
    assert "relation-unknown" in codes(related_identifiers=related)


@pytest.mark.parametrize(
    ("licence", "rights"),
    [
        ({"$ref": "http://dx.zenodo.org/licenses/cc-zero"}, {"id": "cc0-1.0"}),
        ({"$ref": "https://dx.zenodo.org/licenses/CC-BY-4.0/"}, {"id": "cc-by-4.0"}),
        ({"id": "cc-by-sa"}, {"id": "cc-by-sa-4.0"}),
        ("cc-by-nc-4.0", {"id": "cc-by-nc-4.0"}),
        (
            {"id": "other-open", "title": "Other (Open)", "url": "https://example.org/l"},
            {"title": {"en": "Other (Open)"}, "link": "https://example.org/l"},
        ),
    ],
)
def test_licences_go_by_their_ids_or_by_their_words(licence: object, rights: dict[str, Any]) -> None:
    assert field("metadata.rights", license=licence) == [rights]


def test_an_asserted_version_of_a_licence_is_told_and_none_is_invented() -> None:
    assert "licence-without-version" in codes(license={"id": "cc-by"})
    assert field("metadata.rights", license=None) is None
    assert "licence-unstated" in codes(license=None)


def test_versions_name_their_concept_and_keep_their_doi_as_it_is() -> None:
    payload = made(doi="10.5281/zenodo.5", conceptdoi="10.5281/zenodo.4").payload
    assert payload["pids"] == {"doi": {"identifier": "10.5281/zenodo.5", "provider": "external"}}
    related = field("metadata.related_identifiers", conceptdoi="10.5281/zenodo.4")
    assert related == [{"scheme": "doi", "identifier": "10.5281/zenodo.4", "relation_type": {"id": "isversionof"}}]


@pytest.mark.parametrize(
    ("stated", "name", "value"),
    [
        (
            {"journal": {"title": "J", "volume": "1", "issue": "2", "pages": "3", "year": "1999", "issn": "2414-2948"}},
            "journal",
            {"title": "J", "volume": "1", "issue": "2", "pages": "3", "issn": "2414-2948"},
        ),
        ({"journal_title": "J", "journal": {"issn": "2414-2949"}}, "journal", {"title": "J"}),
        (
            {"part_of": {"title": "Book", "pages": "1-2"}, "imprint": {"isbn": "9780081020623", "place": "Geneva"}},
            "imprint",
            {"isbn": "978-0-08-102062-3", "place": "Geneva", "title": "Book", "pages": "1-2"},
        ),
        ({"imprint_isbn": "123"}, "imprint", None),
        (
            {"meeting": {"title": "M", "acronym": "A", "session_part": "1", "url": "somewhere"}},
            "meeting",
            {"title": "M", "acronym": "A", "session_part": "1"},
        ),
        (
            {"conference_title": "M", "conference_url": "https://m.org"},
            "meeting",
            {"title": "M", "url": "https://m.org"},
        ),
        ({"thesis_university": "U"}, "thesis", {"university": "U"}),
        ({"thesis": {"university": "U"}}, "thesis", {"university": "U"}),
    ],
)
def test_a_target_with_bibliographic_fields_has_where_it_was_published_besides(
    stated: dict[str, Any], name: str, value: object
) -> None:
    record = parse_record({**BASE, **stated})
    plain, more = (transform(record, CROSSWALKS[profile]).payload for profile in ("plain", "bibliographic"))
    fields = more.get("custom_fields")
    assert (fields.get(f"{name}:{name}") if isinstance(fields, dict) else None) == value
    assert {section: said for section, said in more.items() if section != "custom_fields"} == plain
    assert validate(more) == ()


def test_texts_of_a_record_cannot_become_markup() -> None:
    hostile = "<script>alert(1)</script>"
    text = described(journal={"title": hostile}, communities=[hostile], custom={"dwc:family": [hostile]}, notes=hostile)
    assert "<script" not in text


@pytest.mark.parametrize(
    ("language", "code"), [("eng", "eng"), ("en", "eng"), ("fre", "fra"), ("deu", "deu"), ("English!", None)]
)
def test_languages_are_three_letters(language: str, code: str | None) -> None:
    assert field("metadata.languages", language=language) == ([{"id": code}] if code else None)


def _records() -> list[Path]:
    folders = ("zenodo-legacy-deposit/records/*.json", "zenodo-legacy-internal/records/*record_data.json")
    return [path for pattern in folders for path in sorted(SHARED_DATA.glob(pattern))]


def test_all_real_records_give_valid_deposits_with_a_fate_for_every_leaf() -> None:
    paths = _records()
    if not paths:
        unavailable("records of legacy Zenodo are not here (../shared/data/zenodo-legacy-*)")
    wrong = []
    for path in paths:
        deposit = transform(parse_record(json.loads(path.read_text(encoding="utf-8"))), CROSSWALK)
        wrong += [f"{path.name}: {each.field} {each.message}" for each in validate(deposit.payload)]
        wrong += [f"{path.name}: {fate.path} unmapped" for fate in deposit.fates if fate.fate == "unmapped"]
        wrong += [f"{path.name}: {each.code}" for each in deposit.findings if each.severity == "error"]
    assert (len(paths), wrong) == (49, [])
