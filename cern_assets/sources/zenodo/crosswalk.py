"""The crosswalk of legacy Zenodo: its records, in each of their forms, as InvenioRDM records.

A field is added by adding a row; how a row reads and writes is said in `cern_assets.metadata.crosswalk`. Where forms
spell a field differently (`resource_type.type`, `upload_type`), one row reads all of its spellings.
"""

from collections.abc import Mapping
from dataclasses import replace

from cern_assets.metadata.crosswalk import Crosswalk
from cern_assets.metadata.described import patterns_of
from cern_assets.metadata.rows import Drop, Row
from cern_assets.model.collections import Profile
from cern_assets.sources.zenodo import agents, converters, custom_fields, funding, kinds, sections

RELATED = tuple(
    f"related_identifiers[].{name}"
    for name in ("identifier", "relation", "scheme", "resource_type", "resource_type.type", "resource_type.subtype")
)
GRANTS = tuple(f"grants[].{name}" for name in ("$ref", "id", "code", "title", "url", "funder.name", "funder.doi"))

CROSSWALK = Crosswalk(
    source="zenodo",
    identifier=converters.source_identifier,
    rows=(
        Row(
            reads=("access_right", "embargo_date"),
            target="access",
            convert=converters.access,
            note="Open is public. All else has a public description and restricted files, until an embargo ends.",
            derives=True,
        ),
        Row(
            reads=(), target="files.enabled", convert=converters.files_enabled, note="True if the record lists a file."
        ),
        Row(
            reads=("recid", "_oai.id"),
            target="metadata.identifiers",
            convert=converters.identifiers,
            note="Zenodo's OAI identifier, unique over all sources, and the address of the record's page.",
        ),
        Row(
            reads=(
                *("alternate_identifiers[].identifier", "alternate_identifiers[].scheme"),
                *(f"related_identifiers[].{name}" for name in ("identifier", "relation", "scheme")),
            ),
            target="metadata.identifiers",
            convert=converters.alternate_identifiers,
            note="In their schemes; one that InvenioRDM does not know stands as a word before the identifier.",
        ),
        Row(
            reads=(
                *("resource_type.type", "resource_type.subtype"),
                *("upload_type", "publication_type", "image_type"),
            ),
            target="metadata.resource_type",
            convert=kinds.resource_type,
            note="By a table of types and subtypes; an unknown one is `other`, with a warning.",
            derives=True,
        ),
        Row(
            reads=("title",),
            target="metadata.title",
            convert=converters.title,
            note="On one line; a title under 3 characters, which InvenioRDM refuses, gets the recid before it.",
        ),
        Row(
            reads=agents.people("creators[]"),
            target="metadata.creators",
            convert=agents.creators,
            note="In order. A name that no person has is an organisation; stated family and given names come first.",
            keep_equal=True,
        ),
        Row(
            reads=(*agents.people("contributors[]"), "contributors[].type"),
            target="metadata.contributors",
            convert=agents.contributors,
            note="By the stated role.",
            keep_equal=True,
        ),
        Row(
            reads=(*agents.people("thesis.supervisors[]"), *agents.people("thesis_supervisors[]")),
            target="metadata.contributors",
            convert=agents.supervisors,
            note="As supervisors.",
            keep_equal=True,
        ),
        Row(
            reads=("publication_date",),
            target="metadata.publication_date",
            convert=converters.publication_date,
            note="As it stands; anything that is no date stops the record.",
        ),
        Row(
            reads=("imprint.publisher", "imprint_publisher"),
            target="metadata.publisher",
            convert=converters.publisher,
            note="Of the imprint; without one, Zenodo.",
        ),
        Row(
            reads=("description",),
            target="metadata.description",
            convert=converters.description,
            note="HTML, reduced to what InvenioRDM takes.",
        ),
        Row(reads=("version",), target="metadata.version", convert=converters.version, note="As it stands."),
        Row(
            reads=("doi", "prereserve_doi.doi"),
            target="pids.doi",
            convert=converters.doi,
            note="As external DOI, which the target shows and does not manage.",
        ),
        Row(
            reads=("license.$ref", "license.id", "license", "license.title", "license.url"),
            target="metadata.rights",
            convert=kinds.rights,
            note="The SPDX id in lower case where it is sure, else title and address. None is invented.",
            derives=True,
        ),
        Row(
            reads=("method",), target="metadata.additional_descriptions", convert=sections.method, note="As `methods`."
        ),
        Row(reads=("notes",), target="metadata.additional_descriptions", convert=sections.notes, note="As `other`."),
        Row(
            reads=patterns_of(sections.PUBLISHED),
            target="metadata.additional_descriptions",
            convert=sections.published,
            note="As `series-information`: journal, book, university, conference, in a table.",
        ),
        Row(
            reads=sections.TERMS,
            target="metadata.additional_descriptions",
            convert=sections.terms,
            note="As `technical-info`: terms with their identifiers.",
        ),
        Row(
            reads=sections.TYPED,
            target="metadata.additional_descriptions",
            convert=sections.types_of_alternates,
            note="As `other`: what alternate identifiers stand for, where that is stated.",
        ),
        Row(
            reads=(*sections.CUSTOM, *sections.INTERACTIONS),
            target="metadata.additional_descriptions",
            convert=sections.custom,
            note="As `technical-info`: biodiversity metadata by its terms, in a table.",
        ),
        Row(
            reads=patterns_of(sections.STATED),
            target="metadata.additional_descriptions",
            convert=sections.stated,
            note="As `other`: access in Zenodo's words, communities, all owners, the concept, in a table.",
        ),
        Row(
            reads=tuple(f"dates[].{name}" for name in ("start", "end", "type", "description")),
            target="metadata.dates",
            convert=converters.dates,
            note="Days and intervals; of one with one end only, the description says so.",
        ),
        Row(
            reads=("created", "submitted"),
            target="metadata.dates",
            convert=converters.entered,
            note="When the record came to Zenodo, as `submitted`.",
            derives=True,
        ),
        Row(
            reads=("language",),
            target="metadata.languages",
            convert=converters.languages,
            note="By ISO 639-3 code.",
            derives=True,
        ),
        Row(
            reads=("keywords[]", "subjects[].term"),
            target="metadata.subjects",
            convert=converters.subjects,
            note="As free subjects, each once, whatever its capitals.",
        ),
        Row(
            reads=RELATED,
            target="metadata.related_identifiers",
            convert=kinds.related_identifiers,
            note="By the stated relation, in the identifier's scheme.",
        ),
        Row(
            reads=("conceptdoi",),
            target="metadata.related_identifiers",
            convert=kinds.concept,
            note="As `isversionof`: the DOI that all versions share.",
        ),
        Row(
            reads=("journal.issn", "imprint.isbn", "imprint_isbn"),
            target="metadata.related_identifiers",
            convert=kinds.printed,
            note="The journal as `ispublishedin`, the book as `ispartof`; with a wrong check digit it stays text.",
        ),
        Row(
            reads=("references[].raw_reference", "references[]"),
            target="metadata.references",
            convert=converters.references,
            note="As they are written.",
        ),
        Row(
            reads=tuple(f"locations[].{name}" for name in ("lat", "lon", "place", "description")),
            target="metadata.locations.features",
            convert=converters.locations,
            note="As points (longitude, latitude) and places; 0 is a coordinate.",
        ),
        Row(
            reads=GRANTS,
            target="metadata.funding",
            convert=funding.funding,
            note="Funder by name, award by number; a bare number is a grant of the European Commission.",
        ),
        Drop(
            reads=tuple(f"_internal.source.agents[].{name}" for name in ("email", "username", "name")),
            reason="Personal data of whoever uploaded it.",
        ),
        Drop(
            reads=(
                *("_internal.source.agents[].role", "_internal.source.agents[].user_id"),
                *("_internal.source.legacy_deposit_id", "_internal.comments[].comment"),
                *("_internal.comments[].timestamp", "_internal.comments[].user_id"),
            ),
            reason="The uploader's account at Zenodo, and notes of its operators; owners are carried.",
        ),
        Drop(
            reads=(
                *("_oai.sets[]", "_deposit.pid.type", "_deposit.pid.value", "_deposit.pid.revision_id"),
                *("_deposit.status", "_deposit.created_by", "_deposit.extformats[]", "state", "prereserve_doi.recid"),
                *("resource_type.title", "removal_json.removed_by"),
            ),
            reason="How Zenodo keeps and serves the record, or a name of what its id says.",
        ),
        Drop(
            reads=tuple(
                f"{place}.{name}"
                for place in ("relations.version[]", "relations.version[].parent", "relations.version[].last_child")
                for name in ("index", "count", "is_last", "pid_type", "pid_value")
            ),
            reason="The chain of versions at one moment; each version names its concept.",
        ),
        Drop(
            reads=tuple(
                f"grants[].{name}"
                for name in (
                    *("acronym", "program", "internal_id", "funder.acronyms[]", "links.self"),
                    *("funder.links.self", "funder.$ref", "enddate", "startdate"),
                )
            ),
            reason="What the registry of grants says of a grant that is named by its number.",
        ),
    ),
)
_BIBLIOGRAPHIC = replace(CROSSWALK, rows=(*CROSSWALK.rows, *custom_fields.BIBLIOGRAPHIC))
CROSSWALKS: Mapping[Profile, Crosswalk] = {
    "plain": CROSSWALK,
    "bibliographic": _BIBLIOGRAPHIC,
    "cern": _BIBLIOGRAPHIC,
}
"""What a target of each profile is sent; of taking data, which is what `cern:*` tell, Zenodo says nothing."""
