"""Records of CDS: each form is read, each field has its place, and nothing is public that does not say so."""

import json
from pathlib import Path
from typing import Any

import pytest

from cern_assets.errors import ConfigurationError, RecordInvalidError, RecordNotFoundError
from cern_assets.metadata.crosswalk import transform
from cern_assets.metadata.validation import validate
from cern_assets.model.metadata import Metadata
from cern_assets.settings import load_settings
from cern_assets.sources.cds.crosswalk import CROSSWALKS
from cern_assets.sources.cds.dates import read_date, read_week
from cern_assets.sources.cds.parse import parse_record, parse_summary, tombstone
from cern_assets.sources.cds.recids import parse_recid
from cern_assets.sources.parts import SourceParts
from cern_assets.sources.record_files import each_record
from cern_assets.wiring import collection_named, opened_context, source_parts
from cern_assets_tests.services.needs import SHARED_DATA, unavailable

BASE = """001__ 5
245__ $$aA note
260__ $$c2013
100__ $$aDoe, Jane
963__ $$aPUBLIC
980__ $$aINTNOTEPHPUBL
"""
MD5 = "2942bfabb3d05332b66eb128e0842cff"


def made(*lines: str, without: str = "", profile: str = "plain") -> Metadata:
    """The deposit of a record with these fields besides; every leaf has a fate and the deposit is valid."""
    kept = "\n".join(line for line in BASE.splitlines() if not without or not line.startswith(without))
    record = parse_record({"marc": "\n".join((kept, *lines))})
    deposit = transform(record, CROSSWALKS[profile])  # type: ignore[index]
    assert [fate.path for fate in deposit.fates if fate.fate == "unmapped"] == []
    assert validate(deposit.payload) == ()
    return deposit


def field(name: str, *lines: str, without: str = "", profile: str = "plain") -> Any:
    value: Any = made(*lines, without=without, profile=profile).payload
    for part in name.split("."):
        value = value.get(part)
    return value


def descriptions(*lines: str) -> str:
    return " ".join(each["description"] for each in field("metadata.additional_descriptions", *lines))


def dump(marc: str = "", files: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    xml = f"<record><controlfield tag='001'>5</controlfield>{marc}</record>"
    title = "<datafield tag='245'><subfield code='a'>Old</subfield></datafield>"
    old = f"<record><controlfield tag='001'>5</controlfield>{title}</record>"
    revisions = [
        {"marcxml": xml, "modification_datetime": "2021-10-04T18:58:46+00:00"},
        {"marcxml": old, "modification_datetime": "2013-09-06T09:31:11+00:00"},
    ]
    return {"recid": 5, "record": revisions, "files": files or [], "creation_date": "2013-09-06 11:31:10", **more}


def file(**more: Any) -> dict[str, Any]:
    place = "/opt/cdsweb/var/data/files/g79/792187/content.pdf;1"
    plain = {"full_name": "a.pdf", "full_path": place, "version": 1, "size": 5, "checksum": MD5, "status": ""}
    return {**plain, "hidden": False, "subformat": "", **more}


TITLE = "<datafield tag='245' ind1=' ' ind2=' '><subfield code='a'>New</subfield></datafield>"


@pytest.mark.parametrize(
    "text", ["2783104", "https://cds.cern.ch/record/2783104", "oai:cds.cern.ch:2783104", " CDS:2783104 "]
)
def test_a_recid_is_read_as_people_write_it(text: str) -> None:
    assert parse_recid(text) == "2783104"


@pytest.mark.parametrize("text", ["", "0", "x1", "https://evil.example/record/1", "1/../2"])
def test_what_can_be_no_recid_is_refused(text: str) -> None:
    with pytest.raises(RecordNotFoundError):
        parse_recid(text)


def test_the_last_revision_of_a_dump_is_the_record() -> None:
    read = parse_record(dump(TITLE))
    assert read.metadata["245__"] == [{"a": ["New"]}]
    assert parse_summary(dump(TITLE)).updated == "2021-10-04T18:58:46+00:00"


def test_a_file_is_taken_in_its_last_version_and_derivatives_are_left_behind_with_a_word() -> None:
    listed = [
        file(size=7, version=2, full_path="/opt/cdsweb/var/data/files/g79/792187/content.pdf;2"),
        file(),
        file(subformat="pdfa"),
        file(full_name="b.pdf", hidden=True),
        file(full_name="c.pdf", full_path="", checksum=None),
    ]
    read = parse_record(dump(TITLE, listed))
    found = [(each.key, each.path, each.size_bytes) for each in read.files]
    assert found == [("a.pdf", "g79/792187/content.pdf;2", 7), ("c.pdf", "record/5/files/c.pdf", 5)]
    assert {finding.code for finding in read.findings} == {
        "file-versions",
        "file-derived",
        "file-hidden",
        "checksum-unusable",
    }


@pytest.mark.parametrize("path", ["/opt/cdsweb/var/data/files/../../x", "../x", "a\\b", "a\nb"])
def test_a_file_at_a_dangerous_place_stops_the_record(path: str) -> None:
    read = parse_record(dump(TITLE, [file(full_path=path)]))
    assert read.files == ()
    assert [finding.severity for finding in read.findings] == ["error"]


def test_without_a_list_of_files_the_links_to_cds_itself_are_the_files() -> None:
    links = [
        "8564_ $$s5$$uhttp://cds.cern.ch/record/5/files/A report.pdf$$yAccess to fulltext",
        "8564_ $$s6$$uhttp://cds.cern.ch/record/5/files/A report.gif?subformat=icon$$xicon",
        "8564_ $$uhttps://cds.cern.ch.evil.example/record/5/files/x.pdf",
    ]
    read = parse_record({"marc": "\n".join((BASE, *links))})
    assert [(each.key, each.path, each.size_bytes) for each in read.files] == [
        ("A report.pdf", "record/5/files/A report.pdf", 5)
    ]
    related = field("metadata.related_identifiers", *links)
    assert [each["identifier"] for each in related] == ["https://cds.cern.ch.evil.example/record/5/files/x.pdf"]


@pytest.mark.parametrize(
    ("lines", "without", "record"),
    [
        ((), "", "public"),
        ((), "963", "restricted"),
        (("963__ $$aRESTRICTED",), "963", "restricted"),
        (("963__ $$aRESTRICTED",), "", "restricted"),
        (("591__ $$aPUBLIC",), "963", "public"),
        (("591__ $$aCERN Internal",), "963", "restricted"),
        (("5061_ $$aRestricted",), "", "restricted"),
        (("5061_ $$2CDS Invenio$$da-group [CERN]",), "", "restricted"),
        (("506_1 $$aRestricted",), "", "restricted"),
        (("506_1 $$da-group [CERN]$$mjane@example.org",), "", "restricted"),
        (("506__ $$da-group [CERN]",), "", "restricted"),
    ],
)
def test_a_record_is_restricted_unless_it_says_public(lines: tuple[str, ...], without: str, record: str) -> None:
    assert field("access", *lines, without=without) == {"record": record, "files": record}


def test_a_file_for_which_somebody_must_be_asked_closes_the_files_and_shows_no_address() -> None:
    public = "<datafield tag='963' ind1=' ' ind2=' '><subfield code='a'>PUBLIC</subfield></datafield>"
    status = 'firerole: allow group "it-dep"\r\nallow email "jane@example.org"'
    read = parse_record(dump(TITLE + public, [file(status=status)]))
    deposit = transform(read, CROSSWALKS["plain"])
    assert deposit.payload["access"] == {"record": "public", "files": "restricted"}
    text = json.dumps(deposit.payload)
    assert "it-dep" in text
    assert "jane@example.org" not in text


def test_co_authors_are_creators_and_other_roles_are_contributors() -> None:
    lines = [
        "700__ $$aRoe, Richard$$uCERN$$vCERN, Geneva$$j0000-0002-1694-233X$$mr@example.org",
        "700__ $$aPoe, Edgar$$eed.",
        "700__ $$aMoe, Mary$$espeaker",
        "700__ $$aZoe, Zed$$eCamera",
        "701__ $$aBoss, Bob",
        "110__ $$aCERN. Geneva",
        "710__ $$5EP",
        "710__ $$gALICE Collaboration",
    ]
    creators = [each["person_or_org"] for each in field("metadata.creators", *lines)]
    assert [each.get("family_name") or each["name"] for each in creators] == [
        "Doe",
        "Roe",
        "Moe",
        "CERN",
        "ALICE Collaboration",
    ]
    assert creators[1]["identifiers"] == [{"scheme": "orcid", "identifier": "0000-0002-1694-233X"}]
    affiliations = field("metadata.creators", *lines)[1]["affiliations"]
    assert affiliations == [{"name": "CERN, Geneva"}, {"name": "CERN"}]
    roles = [
        (each["person_or_org"].get("family_name"), each["role"]["id"])
        for each in field("metadata.contributors", *lines)
    ]
    assert roles == [("Poe", "editor"), ("Zoe", "other"), ("Boss", "supervisor"), (None, "hostinginstitution")]
    text = json.dumps(made(*lines).payload)
    assert "r@example.org" not in text
    assert "Camera" in text


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("06 Sep 2013", "2013-09-06"),
        ("6 September 2013", "2013-09-06"),
        ("May 1999", "1999-05"),
        ("c2005", "2005"),
        ("[1998]", "1998"),
        ("1998?", "1998"),
        ("2013-2014", "2013/2014"),
        ("2013-09-06", "2013-09-06"),
        ("31 Feb 2013", ""),
        ("3/4/2005", ""),
        ("2014-2013", ""),
        ("mult. p", ""),
    ],
)
def test_dates_are_as_exact_as_they_are_written(text: str, date: str) -> None:
    assert read_date(text) == date


@pytest.mark.parametrize(("week", "day"), [("201336", "2013-09-02"), ("201399", ""), ("x", "")])
def test_a_week_of_the_catalogue_has_a_first_day(week: str, day: str) -> None:
    assert read_week(week) == day


@pytest.mark.parametrize(
    ("lines", "without", "date"),
    [
        ((), "", "2013"),
        (("269__ $$c06 Sep 2013",), "", "2013-09-06"),
        (("269__ $$c06 Sep 2012",), "", "2013"),
        (("269__ $$c06 Sep 2012",), "260", "2012-09-06"),
        (("260__ $$a2017",), "260", "2017"),
        (("502__ $$c2018",), "260", "2018"),
        (("916__ $$w201336",), "260", "2013-09-02"),
    ],
)
def test_the_publication_date_is_the_most_exact_that_agrees(lines: tuple[str, ...], without: str, date: str) -> None:
    assert field("metadata.publication_date", *lines, without=without) == date


def test_a_year_beyond_the_imprint_stands_among_the_dates() -> None:
    dates = field("metadata.dates", "269__ $$c06 Sep 2012", "925__ $$a2021-05-01$$b2222-12-31")
    assert [(each["date"], each["type"]["id"]) for each in dates] == [("2012-09-06", "issued"), ("2021-05-01", "valid")]


@pytest.mark.parametrize(
    ("codes", "kind"),
    [
        (["THESIS"], "publication-dissertation"),
        (["NOTE", "INTNOTEPHPUBL"], "publication-technicalnote"),
        (["BOOK", "PROCEEDINGS"], "publication-conferenceproceeding"),
        (["PUBLVIDEOMOVIE"], "video"),
        (["INDICO.588590"], "other"),
        (["INDICO"], "presentation"),
        (["SOMETHING"], "other"),
    ],
)
def test_types_go_by_words_in_collection_codes(codes: list[str], kind: str) -> None:
    lines = [f"980__ $$a{code}" for code in codes]
    assert field("metadata.resource_type.id", *lines, without="980") == kind


def test_what_other_migrations_lose_is_kept() -> None:
    lines = [
        "999C5 $$o1$$hDoe$$sPhys. Rev. D 1 (2000) 2$$y2000",
        "300__ $$a317",
        "300__ $$amult. p",
        "590__ $$aEn fran\u00e7ais.",
        "490__ $$x1932-2437",
        "773__ $$z9780081020623$$x2470-0010",
        "540__ $$aCC-BY-4.0$$3publication",
        "540__ $$aCC-BY-NC-SA-3.0",
        "540__ $$aCC0",
        "210__ $$aAbbr. title",
        "8564_ $$uhttps://www.example.org/page$$yA page",
        "041__ $$aeng",
        "041__ $$aklingon",
        "041__ $$afre",
        "490__ $$aA series$$v43",
    ]
    metadata = field("metadata", *lines)
    assert metadata["references"] == [{"reference": "1, Doe, Phys. Rev. D 1 (2000) 2, 2000"}]
    assert metadata["sizes"] == ["317 p", "mult. p"]
    assert metadata["rights"] == [
        {"title": {"en": "CC-BY-4.0 (publication)"}},
        {"id": "cc-by-nc-sa-3.0"},
        {"id": "cc0-1.0"},
    ]
    assert {"title": "Abbr. title", "type": {"id": "alternative-title"}} in metadata["additional_titles"]
    assert [(each["identifier"], each["relation_type"]["id"]) for each in metadata["related_identifiers"]] == [
        ("978-0-08-102062-3", "ispartof"),
        ("2470-0010", "ispublishedin"),
        ("1932-2437", "ispartof"),
        ("https://www.example.org/page", "references"),
    ]
    assert "En fran\u00e7ais." in descriptions(*lines)
    assert field("metadata.sizes", "300__ $$a317", "980__ $$aIndico") == ["317"]
    assert metadata["languages"] == [{"id": "eng"}, {"id": "fra"}]
    assert "A series" in descriptions(*lines)


def test_a_thesis_is_published_by_its_university_if_nobody_else_is_named() -> None:
    assert field("metadata.publisher", "502__ $$aPhD$$bGeneva U.") == "Geneva U."
    assert field("metadata.publisher", "502__ $$aPhD$$bGeneva U.", "269__ $$bCERN") == "CERN"
    assert field("metadata.publisher") == "CERN"


def test_an_alternative_title_that_stands_for_the_title_is_not_said_twice() -> None:
    metadata = field("metadata", "246_1 $$aMobilit\u00e9", "246_1 $$aMobility", without="245")
    assert metadata["title"] == "Mobilit\u00e9"
    assert [each["title"] for each in metadata["additional_titles"]] == ["Mobility"]


def test_a_series_that_is_stated_twice_stands_once() -> None:
    related = field("metadata.related_identifiers", "490__ $$aSpringer$$x0302-9743", "490__ $$aLNCS$$x0302-9743$$v5")
    assert [each["identifier"] for each in related] == ["0302-9743"]


def test_identifiers_say_whose_they_are() -> None:
    lines = [
        "037__ $$aCERN-THESIS-2018-042",
        "037__ $$aarXiv:1805.07822",
        "035__ $$9Inspire$$a1807709",
        "970__ $$a000733613CER",
        "970__ $$aINDICO.588590",
        "0247_ $$2DOI$$a10.1017/9781108292566$$qebook",
        "0247_ $$2DOI$$a10.18154/RWTH-2020-05782",
        "020__ $$a9780081020623$$uprint version",
    ]
    payload = made(*lines).payload
    found = [each["identifier"] for each in field("metadata.identifiers", *lines)]
    assert found[2:] == [
        "report number:CERN-THESIS-2018-042",
        "arXiv:1805.07822",
        "inspire:1807709",
        "aleph:000733613CER",
        "INDICO.588590",
    ]
    assert payload["pids"] == {"doi": {"identifier": "10.18154/RWTH-2020-05782", "provider": "external"}}
    related = [(each["scheme"], each["identifier"]) for each in field("metadata.related_identifiers", *lines)]
    assert related == [("doi", "10.1017/9781108292566"), ("isbn", "978-0-08-102062-3")]


def test_records_that_belong_together_say_how() -> None:
    lines = [
        "773__ $$uhttps://cds.cern.ch/record/1$$w7",
        "774__ $$w8",
        "787__ $$iissue$$w1713049",
        "775__ $$w9",
        "785__ $$wx",
        "780__ $$w10",
        "962__ $$b11$$k7-9",
        "773__ $$wC18-07-04.1",
    ]
    related = [
        (each["identifier"].rpartition("/")[2], each["relation_type"]["id"])
        for each in field("metadata.related_identifiers", *lines)
    ]
    assert sorted(related) == [
        ("1", "ispartof"),
        ("10", "continues"),
        ("11", "ispartof"),
        ("1713049", "ispartof"),
        ("7", "ispartof"),
        ("8", "haspart"),
        ("9", "references"),
    ]
    refused = [finding for finding in made(*lines).findings if finding.code == "link-unusable"]
    assert [finding.value for finding in refused] == ["x"]
    assert "C18-07-04.1" in descriptions(*lines)


def test_funding_and_copyright_are_read() -> None:
    lines = ["536__ $$aFP7$$c654168$$fAIDA-2020$$ropenAccess", "536__ $$aCERN DG", "542__ $$dCERN$$g2017"]
    first, second = field("metadata.funding", *lines)
    assert first == {
        "funder": {"name": "European Commission"},
        "award": {"number": "654168", "title": {"en": "AIDA-2020 (FP7)"}},
    }
    assert second == {"funder": {"name": "CERN DG"}}
    assert field("metadata.copyright", *lines) == "\u00a9 2017 CERN"


def test_a_target_that_keeps_cern_fields_has_experiment_and_accelerator() -> None:
    fields = field("custom_fields", "693__ $$aCERN LHC$$eALICE", "693__ $$eCMS", profile="cern")
    assert fields == {"cern:experiment": ["ALICE", "CMS"], "cern:accelerator": "CERN LHC"}


@pytest.mark.parametrize(
    ("lines", "name", "value"),
    [
        (
            ("773__ $$y1998", "773__ $$pPhys. Rev. D$$v98$$n7$$c072005$$y2018", "022__ $$a2470-0010"),
            "journal",
            {"title": "Phys. Rev. D", "volume": "98", "issue": "7", "pages": "072005", "issn": "2470-0010"},
        ),
        (("773__ $$pA journal", "022__ $$a1234-5678"), "journal", {"title": "A journal"}),
        (("773__ $$y1998",), "journal", None),
        (("773__ $$pA journal", "300__ $$a6 p", "269__ $$aGeneva"), "imprint", None),
        (
            ("020__ $$a9780081020623", "250__ $$a2nd ed.", "260__ $$aSan Diego", "300__ $$a390 p"),
            "imprint",
            {"isbn": "978-0-08-102062-3", "edition": "2nd ed.", "place": "San Diego", "pages": "390 p"},
        ),
        (
            ("773__ $$tA book$$z9780081020623$$c7-9", "300__ $$a3 p"),
            "imprint",
            {"isbn": "978-0-08-102062-3", "title": "A book", "pages": "7-9"},
        ),
        (("260__ $$a2017", "300__ $$a00:01:09"), "imprint", None),
        (
            ("111__ $$aA meeting$$cGeneva$$d1-2 May 2018$$920180501$$f20180502", "773__ $$qAM18"),
            "meeting",
            {"title": "A meeting", "place": "Geneva", "dates": "1-2 May 2018", "acronym": "AM18"},
        ),
        (
            ("711__ $$aA meeting$$92016-10-24T10:00:00$$z2016-10-25T12:00:00",),
            "meeting",
            {"title": "A meeting", "dates": "2016-10-24 - 2016-10-25"},
        ),
        (("518__ $$d2016-10-24",), "meeting", None),
        (
            ("502__ $$aPhD$$bGeneva U.$$c2018", "269__ $$c18 Sep 2017"),
            "thesis",
            {"type": "PhD", "university": "Geneva U.", "date_submitted": "2018", "date_defended": "2017-09-18"},
        ),
        (("269__ $$c18 Sep 2017",), "thesis", None),
        (
            ("502__ $$aPhD", "500__ $$aA note", "500__ $$aPresented 27 Apr 2018"),
            "thesis",
            {"type": "PhD", "date_defended": "2018-04-27"},
        ),
    ],
)
def test_a_target_with_bibliographic_fields_has_where_it_was_published_besides(
    lines: tuple[str, ...], name: str, value: object
) -> None:
    plain, bibliographic = (made(*lines, profile=profile).payload for profile in ("plain", "bibliographic"))
    assert (bibliographic.get("custom_fields") or {}).get(f"{name}:{name}") == value  # type: ignore[union-attr]
    assert {section: said for section, said in bibliographic.items() if section != "custom_fields"} == plain


def test_internal_notes_and_addresses_of_people_do_not_leave() -> None:
    text = json.dumps(made("595__ $$aA secret note", "859__ $$fjane@example.org", "937__ $$sjoe@example.org").payload)
    assert not any(word in text for word in ("secret", "@example.org"))


def test_a_record_that_was_deleted_or_merged_is_gone() -> None:
    assert tombstone({"marc": BASE}) is None
    assert tombstone({"marc": f"{BASE}980__ $$cDELETED"}) == "deleted at CDS"
    assert tombstone({"marc": f"{BASE}980__ $$cDELETED\n970__ $$d77"}) == "merged into record 77"


@pytest.mark.parametrize(
    "body", [None, [], {}, {"record": []}, {"record": [{"json": {}}]}, {"marcxml": "<record/>"}, {"marc": "nonsense"}]
)
def test_what_is_no_record_is_refused(body: object) -> None:
    with pytest.raises(RecordInvalidError):
        parse_record(body)


def test_without_a_dump_the_source_says_which_variable_is_missing() -> None:
    settings = load_settings(repository_token="t").given(cds_files_url="/nowhere")
    opening = opened_context(settings, collection_named(settings, "cds"))
    with pytest.raises(ConfigurationError, match="nothing to read") as raised:
        opening.__enter__()
    assert raised.value.field == "CERN_ASSETS_CDS_DUMP_URL"


def test_a_file_of_marcxml_is_read_record_by_record(tmp_path: Path) -> None:
    parts: SourceParts[Any] = source_parts("cds")
    broken = "<record><datafield></record>"
    xml = f"<collection><record><controlfield tag='001'>1</controlfield>{TITLE}</record>{broken}"
    (tmp_path / "a.xml").write_text(
        f"{xml}<record><controlfield tag='001'>2</controlfield>{TITLE}</record></collection>"
    )
    (tmp_path / "b.marc").write_text(BASE)
    (tmp_path / "c.xml").write_bytes(b"<record>\xff</record>")
    read = [each for name in ("a.xml", "b.marc", "c.xml") for each in each_record(tmp_path / name, parts.texts)]
    places = [each.place.removeprefix(f"{tmp_path}/") for each in read]
    assert places == [
        "a.xml, record 1",
        "a.xml, record 2",
        "a.xml, record 3",
        "b.marc, record 1",
        "c.xml, after record 0",
    ]
    assert [each.error is None for each in read] == [True, True, True, True, False]


def test_all_real_records_give_valid_deposits_with_a_fate_for_every_leaf() -> None:
    parts: SourceParts[Any] = source_parts("cds")
    paths = [
        path
        for folder in ("cds-legacy-dump", "cds-marcxml")
        for path in sorted((SHARED_DATA / folder / "records").glob("*"))
    ]
    if not paths:
        unavailable("records of CDS are not here (../shared/data/cds-*)")
    wrong, seen = [], 0
    for path in paths:
        for read in each_record(path, parts.texts):
            assert read.body is not None, read.error
            seen += 1
            record = parse_record(read.body)
            for crosswalk in CROSSWALKS.values():
                deposit = transform(record, crosswalk)
                wrong += [f"{path.name}: {each.field} {each.message}" for each in validate(deposit.payload)]
                wrong += [f"{path.name}: {fate.path} unmapped" for fate in deposit.fates if fate.fate == "unmapped"]
            wrong += [f"{path.name}: {each.code}" for each in record.findings if each.severity == "error"]
    assert (seen, wrong) == (40, [])
