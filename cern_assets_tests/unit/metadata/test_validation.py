"""Guards the rules of InvenioRDM that are checked before anything is sent, each by its field."""

import copy
import json
import re
import socket

import pytest

from cern_assets.errors import MetadataInvalidError
from cern_assets.metadata.shapes import Shape
from cern_assets.metadata.validation import CHECKED_WITH, ensure_valid, findings_of, validate
from cern_assets.model.identifiers import Recid
from cern_assets.model.metadata import Metadata
from cern_assets.model.values import Json
from cern_assets.sources.opendata import irregularities as opendata

PERSON: Json = {"person_or_org": {"type": "personal", "family_name": "Doe"}}
METADATA: dict[str, Json] = {
    "title": "abc",
    "resource_type": {"id": "dataset"},
    "creators": [PERSON],
    "publication_date": "2024",
    "identifiers": [
        {"scheme": "url", "identifier": "https://a.ch/1"},
        {"scheme": "url", "identifier": "https://a.ch/2"},
    ],
    "rights": [{"id": "cc0-1.0"}, {"title": {"en": "Own"}, "link": "https://a.ch"}],
    "dates": [{"date": "2024-01-01T10:00:00Z", "type": {"id": "created"}}],
}
VALID: dict[str, Json] = {
    "access": {"record": "public", "files": "public"},
    "files": {"enabled": True},
    "pids": {"doi": {"identifier": "10.7483/OPENDATA.X", "provider": "external"}},
    "metadata": METADATA,
    "custom_fields": {"anything": 1},
}


def changed(path: str, value: Json) -> dict[str, Json]:
    """The valid payload with one field set to another value."""
    payload = copy.deepcopy(VALID)
    place: dict[str, Json] = payload
    *parents, name = path.split(".")
    for parent in parents:
        inner = place[parent]
        assert isinstance(inner, dict)
        place = inner
    place[name] = value
    return payload


def person(**fields: Json) -> Json:
    return [{"person_or_org": {"type": "personal", "family_name": "Doe", **fields}}]


def test_a_valid_deposit_breaks_no_rule() -> None:
    assert validate(VALID) == ()
    ensure_valid(Metadata(payload=VALID, fates=(), findings=()), Recid("1"))


ORCID: dict[str, Json] = {"scheme": "orcid", "identifier": "0000-0002-1825-0097"}


@pytest.mark.parametrize(
    ("path", "value", "field", "message"),
    [
        ("metadata.title", "ab", "metadata.title", "must be at least 3 characters"),
        ("metadata.resource_type", {"id": "data"}, "metadata.resource_type.id", "a resource type of InvenioRDM 14"),
        ("metadata.creators", [], "metadata.creators", "must be at least one creator"),
        ("metadata.creators", [{}], "metadata.creators[0].person_or_org", "is missing"),
        (
            "metadata.creators",
            [{"person_or_org": {"type": "personal", "given_name": "J"}}],
            "metadata.creators[0].person_or_org.family_name",
            "is missing",
        ),
        (
            "metadata.creators",
            [{"person_or_org": {"type": "organizational"}}],
            "metadata.creators[0].person_or_org.name",
            "is missing",
        ),
        (
            "metadata.creators",
            person(identifiers=[{"scheme": "orcid", "identifier": "0000-0002-1825-0098"}]),
            "metadata.creators[0].person_or_org.identifiers[0].identifier",
            "check digit",
        ),
        (
            "metadata.creators",
            person(identifiers=[ORCID, {"scheme": "orcid", "identifier": "0000-0001-5610-1060"}]),
            "metadata.creators[0].person_or_org.identifiers[1]",
            "only one of a scheme",
        ),
        (
            "metadata.creators",
            person(identifiers=[{"scheme": "ror", "identifier": "https://ror.org/01x2x1523"}]),
            "metadata.creators[0].person_or_org.identifiers[0].identifier",
            "no ROR id",
        ),
        (
            "metadata.creators",
            [
                {
                    "person_or_org": {"type": "personal", "family_name": "D"},
                    "affiliations": [{"name": "A"}, {"name": "A"}],
                }
            ],
            "metadata.creators[0].affiliations[1]",
            "same affiliation again",
        ),
        ("metadata.contributors", [PERSON], "metadata.contributors[0].role", "is missing"),
        ("metadata.publication_date", "2023-02-29", "metadata.publication_date", "EDTF"),
        ("metadata.dates", [{"date": "soon", "type": {"id": "created"}}], "metadata.dates[0].date", "EDTF"),
        (
            "metadata.identifiers",
            [{"scheme": "isan", "identifier": "1"}],
            "metadata.identifiers[0].scheme",
            "a scheme that InvenioRDM knows",
        ),
        (
            "metadata.identifiers",
            [{"scheme": "url", "identifier": "/a"}],
            "metadata.identifiers[0].identifier",
            "address",
        ),
        (
            "metadata.identifiers",
            [{"scheme": "other", "identifier": "a"}, {"scheme": "other", "identifier": "a"}],
            "metadata.identifiers[1]",
            "stands twice",
        ),
        (
            "metadata.related_identifiers",
            [{"scheme": "url", "identifier": "https://a.ch"}],
            "metadata.related_identifiers[0].relation_type",
            "is missing",
        ),
        ("metadata.rights", [{"id": "mit", "title": {"en": "MIT"}}], "metadata.rights[0]", "not both"),
        ("metadata.rights", [{"link": "https://a.ch"}], "metadata.rights[0]", "must be an id, or a title"),
        ("metadata.rights", [{"title": {"en": "A", "cs": "B"}}], "metadata.rights[0].title", "one language"),
        ("metadata.rights", [{"title": {"en": "A"}, "link": "a"}], "metadata.rights[0].link", "address"),
        ("metadata.titel", "x", "metadata", "'titel' was unexpected"),
        ("metadata.subjects", [{}], "metadata.subjects[0]", "must be an id of the target's vocabulary or a subject"),
        ("metadata.description", 5, "metadata.description", "must be HTML of at least 3 characters"),
        ("pids.doi.identifier", "10.7483", "pids.doi.identifier", "no DOI"),
        ("metadata.subjects", [{"subject": "x" * 8_001}], "metadata.subjects[0].subject", "at most 8000 characters"),
        ("metadata.formats", ["x" * 8_001], "metadata.formats[0]", "at most 8000 characters"),
        ("metadata.languages", [{"id": "x" * 256}], "metadata.languages[0].id", "at most 255 characters"),
        ("access.record", "open", "access.record", "public or restricted"),
        ("files", {}, "files.enabled", "is missing"),
    ],
)
def test_a_broken_rule_is_told_with_its_field(path: str, value: Json, field: str, message: str) -> None:
    (found, *others) = validate(changed(path, value))
    assert others == []
    assert found.field == field
    assert message in found.message


def test_a_doi_longer_than_the_target_s_column_is_refused_before_the_target_fails() -> None:
    fits = "10.7483/" + "X" * 247
    assert validate(changed("pids.doi.identifier", fits)) == ()
    fields = {found.field for found in validate(changed("pids.doi.identifier", f"{fits}Y"))}
    assert fields == {"pids.doi.identifier"}


def test_what_datacite_misses_is_a_warning_and_refuses_nothing() -> None:
    assert findings_of({**VALID, "metadata": {**METADATA, "publisher": "CERN"}}) == ()
    (found,) = findings_of(VALID)
    assert (found.code, found.severity, found.field) == ("datacite-incomplete", "warning", "metadata.publisher")


def test_a_record_without_any_identifier_is_incomplete_for_datacite() -> None:
    metadata = {name: value for name, value in METADATA.items() if name != "identifiers"}
    (found,) = findings_of({**VALID, "pids": {}, "metadata": {**metadata, "publisher": "CERN"}})
    assert "a DOI or another identifier" in found.message


def test_every_schema_has_an_id_with_its_version_and_refers_to_nothing_outside() -> None:
    for shape in (*CHECKED_WITH, opendata.RECORD):
        assert re.fullmatch(r"urn:cern-assets:schema:[a-z-]+:\d+\.\d+", shape.id)
        known = set(json.loads(shape.text))
        named = re.findall(r'"\$ref": "([^"#]*)#', shape.text)
        assert {name for name in named if name} <= known


def test_a_schema_s_reference_is_resolved_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", None)
    assert Shape("cern_assets.metadata", "datacite").violations({"metadata": {"title": ""}})


def test_all_broken_rules_are_told_together_with_what_to_do() -> None:
    payload = changed("metadata.publication_date", "soon") | {"files": {}}
    with pytest.raises(MetadataInvalidError) as caught:
        ensure_valid(Metadata(payload=payload, fates=(), findings=()), Recid("7"))
    text = str(caught.value)
    assert "metadata.publication_date" in text
    assert "files.enabled: is missing" in text
    assert "Correct the record at its source" in text
    assert caught.value.recid == "7"


def test_findings_of_a_broken_deposit_are_errors() -> None:
    (found,) = findings_of(changed("metadata.title", "ab"))
    assert (found.code, found.severity, found.field, found.value) == (
        "invalid-metadata",
        "error",
        "metadata.title",
        "ab",
    )


def test_a_deposit_of_nothing_is_told_and_not_crashed_on() -> None:
    assert [found.field for found in validate({})] == ["metadata", "access", "files"]
