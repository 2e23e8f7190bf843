"""Guards what each field of CERN Open Data means in a deposit, on small made-up records with one irregularity each."""

import json

import pytest

from cern_assets.errors import MetadataInvalidError
from cern_assets.metadata.crosswalk import transform
from cern_assets.metadata.rows import Row
from cern_assets.metadata.validation import ensure_valid, validate
from cern_assets.model.identifiers import Recid
from cern_assets.model.metadata import Metadata
from cern_assets.model.records import SourceFile, SourceRecord
from cern_assets.model.values import Json
from cern_assets.sources.opendata.crosswalk import CROSSWALK

PLAIN: dict[str, Json] = {
    "recid": "1",
    "title": "A title",
    "type": {"primary": "Dataset", "secondary": ["Collision"]},
    "experiment": ["CMS"],
    "publisher": "CERN Open Data Portal",
    "date_published": "2024",
}
FILE = SourceFile(key="a", uri="root://eospublic.cern.ch//eos/opendata/a", path="a", size_bytes=1, checksum=None)


def source_record(recid: str = "1", files: tuple[SourceFile, ...] = (), **changes: Json) -> SourceRecord:
    stated = {name: value for name, value in (PLAIN | changes).items() if value is not None}
    return SourceRecord(source="opendata", recid=Recid(recid), url="http://mirror/1", metadata=stated, files=files)


def deposit(**changes: Json) -> Metadata:
    return transform(source_record("1", (), **changes), CROSSWALK)


def metadata(**changes: Json) -> dict[str, Json]:
    found = deposit(**changes).payload["metadata"]
    assert isinstance(found, dict)
    return found


def codes(**changes: Json) -> list[str]:
    return [
        finding.code for finding in deposit(**changes).findings if finding.code not in ("unmapped", "licence-unstated")
    ]


def creators(**changes: Json) -> Json:
    return metadata(**changes)["creators"]


def organisation(name: str) -> Json:
    return {"person_or_org": {"type": "organizational", "name": name}}


def test_a_plain_record_gives_exactly_this_deposit() -> None:
    record = source_record("1", (FILE,), collaboration={"name": "CMS Collaboration"})
    assert transform(record, CROSSWALK).payload == {
        "access": {"record": "public", "files": "public"},
        "files": {"enabled": True},
        "metadata": {
            "identifiers": [
                {"scheme": "other", "identifier": "oai:cernopendata.cern:1"},
                {"scheme": "url", "identifier": "https://opendata.cern.ch/record/1"},
            ],
            "resource_type": {"id": "dataset"},
            "title": "A title",
            "creators": [organisation("CMS Collaboration")],
            "publication_date": "2024",
            "publisher": "CERN Open Data Portal",
            "subjects": [{"subject": "CMS"}],
        },
    }


def test_a_record_without_files_is_metadata_only() -> None:
    assert deposit().payload["files"] == {"enabled": False}


def test_the_identifier_to_search_by_is_the_one_in_the_deposit() -> None:
    found = transform(source_record("cms-93956"), CROSSWALK).payload["metadata"]
    assert isinstance(found, dict)
    assert {"scheme": "other", "identifier": CROSSWALK.identifier(Recid("cms-93956"))} in found["identifiers"]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("primary", "secondary", "expected"),
    [
        ("Dataset", ["Derived", "Simulated"], "dataset"),
        ("Software", ["Tool", "Analysis", "Workflow"], "software"),
        ("Environment", ["VM"], "software"),
        ("Documentation", ["Report"], "publication-report"),
        ("Supplementaries", ["Trigger"], "other"),
        ("News", [], "other"),
    ],
)
def test_type_and_subtype_give_the_resource_type(primary: str, secondary: list[Json], expected: str) -> None:
    kind: Json = {"primary": primary, "secondary": secondary}
    assert metadata(type=kind)["resource_type"] == {"id": expected}
    assert "resource-type-unknown" not in codes(type=kind)


@pytest.mark.parametrize(
    "kind", [{"primary": "Dataset", "secondary": ["New"]}, {"primary": "New"}, {"primary": "Dataset"}, None, "Dataset"]
)
def test_an_unknown_type_is_other_with_a_warning(kind: Json) -> None:
    assert metadata(type=kind)["resource_type"] == {"id": "other"}
    assert "resource-type-unknown" in codes(type=kind)


def test_types_that_disagree_are_other_with_a_warning() -> None:
    kind: Json = {"primary": "Supplementaries", "secondary": ["Luminosity", "Trigger"]}
    assert metadata(type=kind)["resource_type"] == {"id": "other"}
    assert "resource-type-unknown" in codes(type=kind)


def test_a_title_is_one_line_without_blanks_at_its_ends() -> None:
    assert metadata(title="Configuration\n file ")["title"] == "Configuration file"


def test_a_title_too_short_for_the_target_gets_the_recid() -> None:
    assert metadata(title="ab")["title"] == "Record 1: ab"
    assert "title-too-short" in codes(title="ab")


def test_additional_titles_are_alternative_titles_and_too_short_ones_are_told() -> None:
    changes: dict[str, Json] = {"title_additional": "Another title", "alternative-title": "B"}
    assert metadata(**changes)["additional_titles"] == [{"title": "Another title", "type": {"id": "alternative-title"}}]
    assert "title-too-short" in codes(**changes)


@pytest.mark.parametrize(
    ("field", "target", "again"),
    [
        ("title", "metadata.title", "A title  of it"),
        ("abstract.description", "metadata.description", "Its abstract."),
    ],
)
def test_an_alternative_title_that_repeats_title_or_abstract_is_dropped_for_that_reason(
    field: str, target: str, again: str
) -> None:
    said: dict[str, Json] = {"title": "A title of it", "abstract": {"description": "Its\nabstract."}}
    made = deposit(**said, title_additional=again)
    assert "additional_titles" not in metadata(**said, title_additional=again)
    fates = {fate.path: fate for fate in made.fates}
    assert fates["title_additional"].reason == f"It repeats `{field}`, which is carried."
    assert fates[field].target == target


def test_an_alternative_title_takes_no_other_field_with_it() -> None:
    made = deposit(title_additional="Another title", abstract={"description": "Its abstract."})
    targets = {fate.path: fate.target for fate in made.fates}
    assert targets["title_additional"] == "metadata.additional_titles"
    assert targets["title"] == "metadata.title"
    assert targets["abstract.description"] == "metadata.description"


def test_a_unit_that_says_that_there_is_none_is_an_empty_cell() -> None:
    variables: Json = [{"variable": "x", "unit": "mm"}, {"variable": "run", "unit": "n/a"}]
    made = deposit(dataset_semantics=variables)
    assert "<td>run</td><td></td>" in str(made.payload)
    assert {(fate.fate, fate.leaves) for fate in made.fates if fate.path == "dataset_semantics[].unit"} == {
        ("carried", 1),
        ("dropped", 1),
    }


def test_one_of_a_kind_is_said_in_the_singular() -> None:
    assert metadata(distribution={"number_files": 1, "number_events": 1, "size": 21})["sizes"] == [
        "21 bytes",
        "1 file",
        "1 event",
    ]


def test_authors_come_with_orcid_and_affiliations_once_each() -> None:
    author: Json = {
        "name": "Kégl, Balázs",
        "orcid": "https://orcid.org/0000-0001-5610-1060",
        "affiliation": "Orsay, LAL; Paris, IN2P3; Orsay, LAL;",
    }
    assert creators(authors=[author]) == [
        {
            "person_or_org": {
                "type": "personal",
                "family_name": "Kégl",
                "given_name": "Balázs",
                "identifiers": [{"scheme": "orcid", "identifier": "0000-0001-5610-1060"}],
            },
            "affiliations": [{"name": "Orsay, LAL"}, {"name": "Paris, IN2P3"}],
        }
    ]


def test_a_wrong_orcid_is_left_out_and_told() -> None:
    author: Json = {"name": "Doe, Jane", "orcid": "0000-0001-5610-1061"}
    assert creators(authors=[author]) == [
        {"person_or_org": {"type": "personal", "family_name": "Doe", "given_name": "Jane"}}
    ]
    assert codes(authors=[author]) == ["orcid-invalid"]


def test_two_authors_of_one_name_are_both_creators() -> None:
    author: Json = {"name": "Wang, Jian"}
    found = creators(authors=[author, author])
    assert isinstance(found, list)
    assert len(found) == 2


def test_the_collaboration_follows_the_authors() -> None:
    found = creators(authors=[{"name": "Doe, Jane"}], collaboration={"name": "CMS collaboration"})
    assert isinstance(found, list)
    assert found[1:] == [organisation("CMS Collaboration")]


def test_an_author_without_a_name_is_told_and_the_others_stay() -> None:
    authors: Json = [{"affiliation": "CERN"}, {"name": "Doe, Jane"}]
    assert codes(authors=authors) == ["author-without-name"]
    found = creators(authors=authors)
    assert isinstance(found, list)
    assert len(found) == 1


@pytest.mark.parametrize(
    ("changes", "expected", "code"),
    [
        ({}, "CMS Collaboration", "creator-from-experiment"),
        ({"collaboration": {"recid": "451"}}, "CMS Collaboration", "creator-from-experiment"),
        ({"experiment": None}, "CERN Open Data Portal", "creator-from-publisher"),
    ],
)
def test_somebody_stands_in_where_nobody_is_named_and_that_is_told(
    changes: dict[str, Json], expected: str, code: str
) -> None:
    assert creators(**changes) == [organisation(expected)]
    assert code in codes(**changes)


@pytest.mark.parametrize("date", ["2024", "2012-05", "2012-05-03"])
def test_a_date_is_as_exact_as_in_the_source(date: str) -> None:
    assert metadata(date_published=date)["publication_date"] == date


@pytest.mark.parametrize("date", ["soon", "2023-02-29", "May 2012", None])
def test_a_record_without_usable_date_is_refused_before_anything_is_sent(date: Json) -> None:
    found = deposit(date_published=date)
    with pytest.raises(MetadataInvalidError, match=r"metadata\.publication_date: is missing"):
        ensure_valid(found, Recid("1"))


def test_an_unusable_date_is_an_error_at_its_place() -> None:
    (finding,) = [found for found in deposit(date_published="soon").findings if found.severity == "error"]
    assert (finding.code, finding.field, finding.value) == ("date-unusable", "date_published", "soon")


def test_the_description_keeps_cuts_and_gets_absolute_links() -> None:
    abstract: Json = {"description": '<p>|eta| < 2.4, see <a href="/docs/x">this</a></p>'}
    assert metadata(abstract=abstract)["description"] == (
        '<p>|eta| &lt; 2.4, see <a href="https://opendata.cern.ch/docs/x">this</a></p>'
    )


def test_what_markup_loses_is_told() -> None:
    assert "markup-loss" in codes(abstract={"description": '<a href="root://x//y">data</a>'})


def test_a_description_that_shows_nothing_is_left_out_and_told() -> None:
    assert "description" not in metadata(abstract={"description": "<p> </p>"})
    assert "description-too-short" in codes(abstract={"description": "<p> </p>"})


def test_a_doi_is_external_and_keeps_its_capitals() -> None:
    assert deposit(doi="10.7483/OPENDATA.LHCb.6BDP.9K6B").payload["pids"] == {
        "doi": {"identifier": "10.7483/OPENDATA.LHCb.6BDP.9K6B", "provider": "external"}
    }


@pytest.mark.parametrize(("text", "told"), [("", set()), ("10.7483", {"doi-invalid"}), ("none", {"doi-invalid"})])
def test_an_empty_or_broken_doi_is_not_sent_and_a_broken_one_is_told(text: str, told: set[str]) -> None:
    assert "pids" not in deposit(doi=text).payload
    assert {code for code in codes(doi=text) if code.startswith("doi")} == told


def test_a_doi_with_a_mistyped_prefix_is_carried_and_told() -> None:
    assert "doi-unusual" in codes(doi="10.7843/OPENDATA.CMS.A.B")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CC0-1.0", [{"id": "cc0-1.0"}]),
        ("GPL-3.0-only", [{"id": "gpl-3.0-only"}]),
        ("Own licence", [{"title": {"en": "Own licence"}}]),
        ("https://a.ch/l", [{"title": {"en": "https://a.ch/l"}, "link": "https://a.ch/l"}]),
    ],
)
def test_a_licence_is_an_id_where_it_is_known_and_text_elsewhere(text: str, expected: Json) -> None:
    assert metadata(license={"attribution": text})["rights"] == expected


def test_no_licence_is_invented() -> None:
    assert "rights" not in metadata()


def test_subjects_stand_once_whatever_their_capitals() -> None:
    found = metadata(
        keywords=["Education", "education", "cms"], accelerator="CERN-LHC", categories={"primary": "Higgs"}
    )
    assert found["subjects"] == [
        {"subject": "Education"},
        {"subject": "cms"},
        {"subject": "CERN-LHC"},
        {"subject": "Higgs"},
    ]


def related(scheme: str, identifier: str, relation: str) -> Json:
    return {"scheme": scheme, "identifier": identifier, "relation_type": {"id": relation}}


def test_relations_point_by_doi_and_by_page() -> None:
    relations: Json = [
        {"type": "isChildOf", "recid": "3860", "doi": "10.7483/A", "title": "T"},
        {"type": "isParentOf", "recid": "atlas-160006"},
        {"type": "isSiblingOf", "recid": "5"},
    ]
    assert metadata(relations=relations)["related_identifiers"] == [
        related("doi", "10.7483/A", "isderivedfrom"),
        related("url", "https://opendata.cern.ch/record/atlas-160006", "haspart"),
        related("url", "https://opendata.cern.ch/record/5", "isvariantformof"),
    ]


@pytest.mark.parametrize(
    ("relation", "code"),
    [
        ({"type": "isChildOf"}, "relation-without-target"),
        ({"type": "isChildOf", "recid": "../x"}, "link-unusable"),
        ({"type": "isChildOf", "doi": "x"}, "doi-invalid"),
        ({"type": "isFriendOf", "recid": "5"}, "relation-unknown"),
    ],
)
def test_an_odd_relation_is_told(relation: Json, code: str) -> None:
    assert code in codes(relations=[relation])


def test_a_relation_that_is_known_by_its_title_only_stands_in_the_text_with_its_kind_and_is_no_finding() -> None:
    relations: Json = [{"type": "isChildOf", "title": "/A/B/RAW"}, {"type": "isPartOf", "recid": "5"}]
    found = deposit(relations=relations)
    text = "<h3>Related records</h3><ul><li>Derived from: /A/B/RAW</li></ul>"
    described = found.payload["metadata"]
    assert isinstance(described, dict)
    assert described["additional_descriptions"] == [{"description": text, "type": {"id": "other"}}]
    assert described["related_identifiers"] == [related("url", "https://opendata.cern.ch/record/5", "ispartof")]
    fates = {(fate.path, fate.target): fate.leaves for fate in found.fates if fate.path.startswith("relations")}
    assert fates == {
        ("relations[].type", "metadata.additional_descriptions"): 1,
        ("relations[].type", "metadata.related_identifiers"): 1,
        ("relations[].title", "metadata.additional_descriptions"): 1,
        ("relations[].recid", "metadata.related_identifiers"): 1,
    }
    assert "relation-without-target" not in [finding.code for finding in found.findings]


def test_links_of_the_abstract_and_the_author_list_are_references_once_each() -> None:
    links: Json = [{"recid": "451"}, {"url": "/about/CMS", "description": "x"}, {"url": "ftp://a/b"}]
    found = deposit(abstract={"links": links}, collaboration={"name": "CMS", "recid": "451"})
    assert found.payload["metadata"]["related_identifiers"] == [  # type: ignore[index, call-overload]
        related("url", "https://opendata.cern.ch/record/451", "references"),
        related("url", "https://opendata.cern.ch/about/CMS", "references"),
    ]
    assert "link-unusable" in [finding.code for finding in found.findings]


@pytest.mark.parametrize(
    ("section", "address", "expected"),
    [
        ("usage", "/record/80502", ("https://opendata.cern.ch/record/80502", "isdocumentedby")),
        (
            "usage",
            "http://opendata.cern.ch/record/80502#files",
            ("https://opendata.cern.ch/record/80502", "isdocumentedby"),
        ),
        ("usage", "/docs/cms-guide-docker", ("https://opendata.cern.ch/docs/cms-guide-docker", "isdocumentedby")),
        (
            "usage",
            "/docs/cms-guide-docker#images",
            ("https://opendata.cern.ch/docs/cms-guide-docker", "isdocumentedby"),
        ),
        ("use_with", "/record/1", ("https://opendata.cern.ch/record/1", "references")),
    ],
)
def test_records_and_guides_that_a_section_names_by_address_are_related(
    section: str, address: str, expected: tuple[str, str]
) -> None:
    said: Json = {"links": [{"description": "Read this", "url": address}]}
    found = deposit(**{section: said})
    assert found.payload["metadata"]["related_identifiers"] == [related("url", *expected)]  # type: ignore[index, call-overload]


@pytest.mark.parametrize(
    "address",
    [
        "/record/31308/files/lumis.json",
        "/search?q=/record/1",
        "/visualise/events/CMS",
        "/record/..",
        "https://elsewhere.example/record/1",
        "https://opendata.cern.ch.example/record/1",
        "http://[",
    ],
)
def test_other_pages_that_a_section_names_stay_in_its_text(address: str) -> None:
    found = deposit(usage={"links": [{"description": "Read this", "url": address}]})
    metadata = found.payload["metadata"]
    assert "related_identifiers" not in metadata  # type: ignore[operator]
    assert "Read this" in json.dumps(metadata["additional_descriptions"])  # type: ignore[index, call-overload]


def test_every_row_of_the_crosswalk_is_converted_by_a_function_of_a_module() -> None:
    names = [row.convert.__qualname__ for row in CROSSWALK.rows if isinstance(row, Row)]
    assert [name for name in names if "<" in name] == []


def test_a_record_of_nothing_is_converted_and_found_invalid() -> None:
    record = SourceRecord(source="opendata", recid=Recid("1"), url="", metadata={}, files=())
    found = transform(record, CROSSWALK)
    missing = ["metadata.title", "metadata.creators", "metadata.publication_date"]
    assert [violation.field for violation in validate(found.payload)] == missing


def test_a_licence_that_is_not_stated_is_told_and_none_is_invented() -> None:
    made = deposit()
    assert "rights" not in dict(made.payload["metadata"])  # type: ignore[arg-type]
    assert [finding.code for finding in made.findings if finding.field == "license.attribution"] == ["licence-unstated"]


def fates(**changes: Json) -> dict[str, list[tuple[str, int]]]:
    found: dict[str, list[tuple[str, int]]] = {}
    for fate in deposit(**changes).fates:
        found.setdefault(fate.path, []).append((fate.fate, fate.leaves))
    return found


def described(title: str, **changes: Json) -> str:
    (text,) = [
        str(item["description"])  # type: ignore[index, call-overload]
        for item in metadata(**changes).get("additional_descriptions", [])  # type: ignore[union-attr]
        if f"<h3>{title}</h3>" in str(item)
    ]
    return text


def test_ror_ids_of_authors_stand_with_their_names_and_are_given_to_whoever_asks_the_target() -> None:
    authors: Json = [{"name": "Doe, Jane", "affiliation": "Orsay, LAL; Paris", "rorid": "046w3ze59; 03fd77x13"}]
    assert described("Affiliations by ROR id", authors=authors) == (
        "<h3>Affiliations by ROR id</h3><ul>"
        '<li>Orsay, LAL: <a href="https://ror.org/046w3ze59">https://ror.org/046w3ze59</a></li>'
        '<li>Paris: <a href="https://ror.org/03fd77x13">https://ror.org/03fd77x13</a></li></ul>'
    )
    assert deposit(authors=authors).rors == (("Orsay, LAL", "046w3ze59"), ("Paris", "03fd77x13"))
    assert fates(authors=authors)["authors[].rorid"] == [("carried", 1)]
    assert fates(authors=authors)["authors[].name"] == [("carried", 1)]


def test_ror_ids_of_another_number_than_names_stand_beside_the_author_and_a_wrong_one_is_told() -> None:
    authors: Json = [{"name": "Doe, Jane", "affiliation": "Orsay; Paris", "rorid": "046w3ze59"}]
    assert "<li>Doe, Jane: <a" in described("Affiliations by ROR id", authors=authors)
    assert deposit(authors=authors).rors == ()
    wrong: Json = [{"name": "Doe, Jane", "affiliation": "Orsay", "rorid": "046w3ze58"}]
    assert codes(authors=wrong) == ["ror-invalid"]
    assert fates(authors=wrong)["authors[].rorid"] == [("dropped", 1)]


def test_what_follows_from_leaves_is_derived_and_what_stands_there_is_carried() -> None:
    runs: Json = ["1", "2", "3", "7"]
    assert fates(run_numbers=runs)["run_numbers[]"] == [("carried", 3), ("derived", 1)]
    assert fates(collaboration={"name": "CMS collaboration"})["collaboration.name"] == [("derived", 1)]
    assert fates(collaboration={"name": "CMS Collaboration"})["collaboration.name"] == [("carried", 1)]
    assert fates(publisher="CERN Open Data portal")["publisher"] == [("derived", 1)]
    relation: Json = {"type": "isChildOf", "doi": "10.7483/OPENDATA.CMS.A1B2", "recid": "5", "description": "the other"}
    found = fates(relations=[relation])
    assert found["relations[].type"] == [("derived", 1)]
    assert found["relations[].description"] == [("carried", 1)]
    assert found["relations[].recid"] == [("dropped", 1)]
    (recid,) = [each for each in deposit(relations=[relation]).fates if each.path == "relations[].recid"]
    assert recid.reason == "The related record is named by its DOI."


def test_inspire_ids_of_authors_stand_in_a_table_in_their_order_and_odd_ones_are_told() -> None:
    authors: Json = [
        {"name": "Li, Y.", "inspireid": "INSPIRE-00175052"},
        {"name": "Foster, F."},
        {"name": "Li, Y.", "inspireid": "INSPIRE-0017505O"},
    ]
    rows = "<tr><th>Li, Y.</th><td>INSPIRE-00175052</td></tr><tr><th>Li, Y.</th><td>INSPIRE-0017505O</td></tr>"
    shown = f"<h3>Authors by INSPIRE id</h3><table><tbody>{rows}</tbody></table>"
    assert metadata(authors=authors)["additional_descriptions"] == [
        {"description": shown, "type": {"id": "technical-info"}}
    ]
    assert codes(authors=authors) == ["inspire-id-odd"]
    fates = {(fate.path, fate.leaves, fate.target) for fate in deposit(authors=authors).fates if "authors" in fate.path}
    assert ("authors[].inspireid", 2, "metadata.additional_descriptions") in fates
    assert ("authors[].name", 1, "metadata.creators") in fates  # the one without an id is not in the table


def test_a_doi_that_is_too_long_is_said_to_be_so() -> None:
    long = f"10.7483/OPENDATA.{'A' * 300}"
    told = [finding.message for finding in deposit(doi=long).findings if finding.code == "doi-invalid"]
    assert told == ["This DOI has 317 characters, and InvenioRDM keeps 255 at most; the record is carried without."]
    told = [finding.message for finding in deposit(doi="10.7483").findings if finding.code == "doi-invalid"]
    assert told == ["This is no DOI; the record is carried without."]
