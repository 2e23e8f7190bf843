"""The crosswalk of CDS: MARC 21 as Invenio 1 kept it, as InvenioRDM records.

A field is added by adding a row; how a row reads and writes is said in `cern_assets.metadata.crosswalk`, and how MARC
is written as JSON in `cern_assets.sources.marc`.
"""

from collections.abc import Mapping
from dataclasses import replace

from cern_assets.metadata.crosswalk import Crosswalk
from cern_assets.metadata.described import patterns_of
from cern_assets.metadata.rows import Row
from cern_assets.model.collections import Profile
from cern_assets.sources.cds import agents, converters, custom_fields, kinds, links, sections
from cern_assets.sources.cds.left_behind import DROPS
from cern_assets.sources.cds.tags import RESTRICTIONS, fields

DESCRIPTIONS = "metadata.additional_descriptions"


CROSSWALK = Crosswalk(
    source="cds",
    identifier=converters.source_identifier,
    rows=(
        Row(
            reads=(*fields("963__", "a"), *fields("591__", "a"), *RESTRICTIONS, "file_status[]"),
            target="access",
            convert=converters.access,
            note="Restricted unless the record says PUBLIC and names no restriction (506); files where one is.",
            derives=True,
        ),
        Row(
            reads=(), target="files.enabled", convert=converters.files_enabled, note="True if the record lists a file."
        ),
        Row(
            reads=("001",),
            target="metadata.identifiers",
            convert=converters.identifiers,
            note="CDS's OAI identifier, unique over all sources, and the address of the record's page.",
        ),
        Row(
            reads=(
                *fields("037__", "az"),
                *fields("088__", "az"),
                *fields("035__", "a9"),
                *fields("022__", "a"),
                *fields("970__", "a"),
            ),
            target="metadata.identifiers",
            convert=converters.other_identifiers,
            note="Report numbers, and what other systems call the record, with a word before it that says who.",
        ),
        Row(
            reads=(*fields("980__", "ab"), *fields("690C_", "a"), *fields("697C_", "a")),
            target="metadata.resource_type",
            convert=kinds.resource_type,
            note="By a table of words in collection codes, the most particular first.",
            derives=True,
        ),
        Row(
            reads=fields("245__", "a"),
            target="metadata.title",
            convert=converters.title,
            note="The first; a title under 3 characters, which InvenioRDM refuses, gets the recid before it.",
        ),
        Row(
            reads=(*fields("246__", "a"), *fields("246_1", "a"), *fields("246_3", "a")),
            target="metadata.title",
            convert=converters.title,
            note="Of a record without a title: the first alternative one.",
            fallback=True,
        ),
        Row(
            reads=(
                *(*fields("245__", "ba"), *fields("242__", "ab"), *fields("210__", "ab"), *fields("246__", "ab")),
                *(*fields("246_1", "ab"), *fields("246_3", "ab")),
            ),
            target="metadata.additional_titles",
            convert=converters.additional_titles,
            note="Subtitles, further and abbreviated titles as alternative ones, translated titles.",
        ),
        Row(
            reads=agents.people(agents.AUTHOR_FIELDS),
            target="metadata.creators",
            convert=agents.authors,
            note="First author, co-authors and speakers in order. `Family, Given` is split; bodies are organisations.",
            keep_equal=True,
        ),
        Row(
            reads=(*fields("110__", "ag"), *fields("710__", "g")),
            target="metadata.creators",
            convert=agents.bodies,
            note="Corporate authors and collaborations, after the people.",
        ),
        Row(
            reads=(*fields("710__", "a"),),
            target="metadata.creators",
            convert=agents.host_as_creator,
            note="Without any of these: the department, else CERN, with a note.",
            fallback=True,
        ),
        Row(
            reads=agents.people(agents.AUTHOR_FIELDS),
            target="metadata.contributors",
            convert=agents.others,
            note="Editors, directors and others who are no authors; a role without an entry of the table is `other`.",
            keep_equal=True,
        ),
        Row(
            reads=agents.people((agents.SUPERVISOR_FIELD,)),
            target="metadata.contributors",
            convert=agents.supervisors,
            note="As supervisors.",
            keep_equal=True,
        ),
        Row(
            reads=(*fields("710__", "a5b"), *fields("901__", "u")),
            target="metadata.contributors",
            convert=agents.departments,
            note="Departments, units and places of work as `hostinginstitution`.",
        ),
        Row(
            reads=(
                *(*fields("260__", "ca"), *fields("269__", "c")),
                *(*fields("502__", "c"), *fields("916__", "w"), "creation_date"),
            ),
            target="metadata.publication_date",
            convert=converters.publication_date,
            note="The imprint's year, with the day of 269 if that is in it; else 269, 502, the catalogue, the dump.",
        ),
        Row(
            reads=(*fields("269__", "c"), *fields("502__", "c"), "creation_date", *fields("925__", "ab")),
            target="metadata.dates",
            convert=converters.dates,
            note="Issued or defended (269), thesis (502), came to CDS; validity (925) as an interval where it ends.",
        ),
        Row(
            reads=(*fields("260__", "b"), *fields("269__", "b"), *fields("502__", "b")),
            target="metadata.publisher",
            convert=converters.publisher,
            note="Of the imprint, else of 269, else the university of a thesis, else CERN.",
        ),
        Row(
            reads=fields("520__", "a"),
            target="metadata.description",
            convert=converters.description,
            note="The first abstract: HTML, reduced to what InvenioRDM takes.",
        ),
        Row(
            reads=fields("0247_", "a2q"),
            target="pids.doi",
            convert=converters.doi,
            note="The record's own DOI, external: the first that is not of another edition.",
        ),
        Row(
            reads=fields("540__", "abu3"),
            target="metadata.rights",
            convert=kinds.rights,
            note="Creative Commons by SPDX id, others by their words and address; what part it is for in the title.",
            derives=True,
        ),
        Row(
            reads=fields("542__", "dgfu"),
            target="metadata.copyright",
            convert=kinds.copyright_line,
            note="Year and holder, with the statement.",
        ),
        Row(
            reads=(*fields("520__", "ab"), *fields("590__", "ab")),
            target=DESCRIPTIONS,
            convert=sections.abstracts,
            note="Further abstracts, and those in French (590), as `abstract`.",
        ),
        Row(reads=fields("500__", "a"), target=DESCRIPTIONS, convert=sections.notes, note="Notes as `other`."),
        Row(
            reads=(*fields("505__", "atrg"), *fields("5050_", "atrg")),
            target=DESCRIPTIONS,
            convert=sections.contents,
            note="As `table-of-contents`.",
        ),
        Row(
            reads=fields("490__", "av"),
            target=DESCRIPTIONS,
            convert=sections.series,
            note="As `series-information`, with the number in the series.",
        ),
        Row(
            reads=patterns_of(sections.PUBLISHED),
            target=DESCRIPTIONS,
            convert=sections.published,
            note="As `series-information`: journal, book, thesis, meeting, in a table.",
        ),
        Row(
            reads=fields("8564_", "uyz3"),
            target=DESCRIPTIONS,
            convert=sections.links,
            note="Links that have a label, as `other`.",
        ),
        Row(
            reads=fields("8567_", "udxy2"),
            target=DESCRIPTIONS,
            convert=sections.media,
            note="Files of the media archive, as `technical-info`: their places, which the dump does not list.",
        ),
        Row(
            reads=patterns_of(sections.STATED),
            target=DESCRIPTIONS,
            convert=sections.stated,
            note="As `other`: collections, access in CDS's words, roles, reviewers, in a table.",
        ),
        Row(
            reads=(*fields("041__", "a"),),
            target="metadata.languages",
            convert=converters.languages,
            note="By ISO 639-3 code; an unknown one costs no other.",
            derives=True,
        ),
        Row(
            reads=(*fields("300__", "abcde"), *fields("980__", "a")),
            target="metadata.sizes",
            convert=converters.sizes,
            note="Pages and durations; a bare number is of pages, but for a talk or a video.",
        ),
        Row(reads=fields("340__", "a"), target="metadata.formats", convert=converters.formats, note="As they stand."),
        Row(
            reads=(
                *(*fields("65017", "a"), *fields("65027", "a"), *fields("650__", "a"), *fields("650_7", "a")),
                *fields("653__", "a"),
                *(*fields("6531_", "a"), *fields("6532_", "a"), *fields("694__", "a"), *fields("695__", "a")),
                *(*fields("693__", "eapfsb"), *fields("080__", "a"), *fields("082__", "a"), *fields("084__", "a2")),
            ),
            target="metadata.subjects",
            convert=converters.subjects,
            note="Subjects, keywords, experiments, accelerators and class marks as free subjects, each once.",
        ),
        Row(
            reads=fields("536__", "acf"),
            target="metadata.funding",
            convert=converters.funding,
            note="Programmes of the European Union by number and acronym, others by their words.",
        ),
        Row(
            reads=fields("999C5", converters.OF_REFERENCES),
            target="metadata.references",
            convert=converters.references,
            note="Each structured reference, its parts in one line.",
        ),
        Row(
            reads=fields("0247_", "a2q"),
            target="metadata.related_identifiers",
            convert=converters.other_pids,
            note="Other DOIs, handles and URNs as `isvariantformof`.",
        ),
        Row(
            reads=fields("020__", "az"),
            target="metadata.related_identifiers",
            convert=converters.books,
            note="Editions by ISBN as `isvariantformof`; with a wrong check digit as `other`.",
        ),
        Row(
            reads=(*fields("773__", "zxa"), *fields("490__", "x")),
            target="metadata.related_identifiers",
            convert=converters.hosts,
            note="The book (ISBN) and the series (ISSN) as `ispartof`, the journal as `ispublishedin`.",
        ),
        Row(
            reads=links.RECORDS,
            target="metadata.related_identifiers",
            convert=links.records,
            note="By address: 773, 962 `ispartof`, 774 `haspart`, 780, 785 what is continued, others by their word.",
        ),
        Row(
            reads=fields("8564_", "u"),
            target="metadata.related_identifiers",
            convert=links.pages,
            note="Pages as `references`, by their addresses as they are.",
        ),
        *DROPS,
    ),
)
CROSSWALKS: Mapping[Profile, Crosswalk] = {
    "plain": CROSSWALK,
    "bibliographic": replace(CROSSWALK, rows=(*CROSSWALK.rows, *custom_fields.BIBLIOGRAPHIC)),
    "cern": replace(CROSSWALK, rows=(*CROSSWALK.rows, *custom_fields.BIBLIOGRAPHIC, *custom_fields.CERN)),
}
"""What a target of each profile is sent."""
