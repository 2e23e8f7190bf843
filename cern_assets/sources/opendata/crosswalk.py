"""The crosswalk of CERN Open Data: its record JSON (`record-v1.0.0.json` of the portal) as an InvenioRDM record.

A field is added by adding a row; how a row reads and writes is said in `cern_assets.metadata.crosswalk`.
"""

from cern_assets.metadata.crosswalk import Crosswalk
from cern_assets.metadata.rows import Drop, Row
from cern_assets.sources.opendata import agents, converters, links, sections


def linked(prefix: str) -> tuple[str, ...]:
    """Patterns of a list of links."""
    return tuple(f"{prefix}.{name}" for name in ("url", "recid", "title", "description"))


def described(section: str) -> tuple[str, ...]:
    """Patterns of a section with a text and links."""
    return (f"{section}.description", *linked(f"{section}.links[]"))


STEPS = tuple(
    f"methodology.steps[].{name}"
    for name in (
        *("type", "release", "global_tag", "generators[]", "output_dataset", "note", "note.description"),
        *("note.links[].recid", "configuration_files[].title", "configuration_files[].process"),
        *("configuration_files[].recid", "configuration_files[].url", "configuration_files[].cms_confdb_id"),
        "configuration_files[].script",
    )
)
METHODOLOGY = (*described("methodology"), "methodology.note.description", *STEPS)
SYSTEM = tuple(
    f"system_details.{name}"
    for name in (
        *("description", "release", "global_tag", "recid", "url", "container_images[].name"),
        *("container_images[].registry", "container_images[].description", "container_images[].recid"),
    )
)
SEMANTICS = tuple(f"dataset_semantics[].{name}" for name in ("variable", "type", "unit", "description"))
RELATED = tuple(f"relations[].{name}" for name in ("title", "description", "type", "doi", "recid"))
FACTS = sections.FACT_PATTERNS
IDS = ("authors[].rorid", "authors[].inspireid")
SECTION_LINKS = (
    *(
        f"{name}.links[].{kind}"
        for name in ("methodology", "usage", "use_with", "validation", "note", "pileup")
        for kind in ("recid", "url")
    ),
    *("links[].url", "links[].recid", "system_details.recid", "system_details.url"),
    "methodology.steps[].configuration_files[].recid",
)

CROSSWALK = Crosswalk(
    source="opendata",
    identifier=converters.source_identifier,
    rows=(
        Row(
            reads=(),
            target="access",
            convert=converters.public_access,
            note="Public: the portal shows the record to everybody.",
        ),
        Row(
            reads=(),
            target="files.enabled",
            convert=converters.files_enabled,
            note="True if the record lists a file.",
        ),
        Row(
            reads=("recid",),
            target="metadata.identifiers",
            convert=converters.identifiers,
            note="The portal's OAI identifier, unique over all sources, and the address of the record's page.",
        ),
        Row(
            reads=("cms_confdb_id", "prepublication.report_number"),
            target="metadata.identifiers",
            convert=converters.other_identifiers,
            note="What others call the record, with a word before it that says who.",
        ),
        Row(
            reads=("type.primary", "type.secondary[]"),
            target="metadata.resource_type",
            convert=converters.resource_type,
            note="By a table of all pairs of type and subtype; an unknown pair is `other`, with a warning.",
            derives=True,
        ),
        Row(
            reads=("title",),
            target="metadata.title",
            convert=converters.title,
            note="On one line; a title under 3 characters, which InvenioRDM refuses, gets the recid before it.",
        ),
        Row(
            reads=("title_additional", "alternative-title", "title", "abstract.description"),
            target="metadata.additional_titles",
            convert=converters.additional_titles,
            needs=("title_additional", "alternative-title"),
            note="As alternative titles; one that repeats the title or the abstract word for word is left out.",
        ),
        Row(
            reads=("authors[].name", "authors[].orcid", "authors[].affiliation"),
            target="metadata.creators",
            convert=agents.authors,
            note="Each author in order. `Family, Given` is split; a name of one word or of a group is an organisation. "
            "An ORCID iD with a wrong check digit is left out. Affiliations are separated by `;`.",
            keep_equal=True,
        ),
        Row(
            reads=("collaboration.name",),
            target="metadata.creators",
            convert=agents.collaboration,
            note="As an organisation after the authors, in the one spelling of `metadata/vocabularies/bodies.yaml`.",
        ),
        Row(
            reads=("experiment[]",),
            target="metadata.creators",
            convert=agents.experiments,
            note="Without authors and collaboration: the collaboration of each experiment, with a note.",
            derives=True,
            fallback=True,
        ),
        Row(
            reads=("collaboration.group",),
            target="metadata.contributors",
            convert=converters.group,
            note="As a research group.",
        ),
        Row(
            reads=("publisher",),
            target="metadata.creators",
            convert=agents.publisher_as_creator,
            note="Without any of these: the publisher as an organisation, with a note.",
            fallback=True,
        ),
        Row(
            reads=("date_published",),
            target="metadata.publication_date",
            convert=converters.publication_date,
            note="Year, month or day as it stands; anything else stops the record.",
        ),
        Row(
            reads=("publisher",), target="metadata.publisher", convert=converters.publisher, note="In its one spelling."
        ),
        Row(
            reads=described("abstract"),
            target="metadata.description",
            convert=converters.description,
            note="HTML, reduced to what InvenioRDM takes; text that is no HTML (`|eta| < 2.4`) stays text; links are "
            "made absolute. A warning if a reader would see another text than before.",
        ),
        Row(
            reads=("doi",),
            target="pids.doi",
            convert=converters.doi,
            note="As external DOI, which the target shows and does not manage.",
        ),
        Row(
            reads=("license.attribution",),
            target="metadata.rights",
            convert=converters.rights,
            note="The SPDX id in lower case for the licences that the portal uses, else its text. None is invented.",
            derives=True,
        ),
        *(
            Row(
                reads=reads,
                target="metadata.additional_descriptions",
                convert=convert,
                note=note,
                needs=tuple(pattern for pattern in reads if pattern in IDS),
            )
            for reads, convert, note in (
                (METHODOLOGY, sections.methodology, "As `methods`: text, links, and steps with their files in order."),
                (described("pileup"), sections.pileup, "As `methods`, with its links."),
                (described("usage"), sections.usage, "As `other`, with its links and their labels."),
                (described("use_with"), sections.use_with, "As `other`, with its links and their labels."),
                (described("validation"), sections.validation, "As `other`, with its links and their labels."),
                (SYSTEM, sections.system_details, "As `technical-info`: release, global tag, container images."),
                (SEMANTICS, sections.dataset_semantics, "As `technical-info`: a table of the variables."),
                (
                    ("source_code_repository.description", "source_code_repository.url"),
                    sections.source_code,
                    "As `other`, with its link.",
                ),
                (linked("links[]"), sections.other_links, "As `other`, each link with its label."),
                (
                    RELATED,
                    sections.relations,
                    "As `other`: titles and words of related records, with links; how, where a link is missing.",
                ),
                (described("note"), sections.note, "As `other`, with its links."),
                (FACTS, sections.facts, "As `technical-info`: a table; run numbers in a row as a range."),
                (
                    ("authors[].name", "authors[].affiliation", "authors[].rorid"),
                    sections.affiliation_ids,
                    "As `technical-info`: ROR ids with names. Where the target has such a term, it is sent as id, too.",
                ),
                (
                    ("authors[].name", "authors[].inspireid"),
                    sections.inspire_ids,
                    "As `technical-info`: a table of names and INSPIRE ids, in the order of the authors.",
                ),
            )
        ),
        Row(
            reads=("date_created[]", "date_reprocessed", "prepublication.date"),
            target="metadata.dates",
            convert=converters.dates,
            note="Data taken or made: `created`; reprocessed: `other`; published elsewhere before: `issued`.",
        ),
        Row(
            reads=("language",),
            target="metadata.languages",
            convert=converters.languages,
            note="By ISO 639-3 code; an unknown name is left out with a warning.",
            derives=True,
        ),
        Row(
            reads=("distribution.formats[]",),
            target="metadata.formats",
            convert=converters.formats,
            note="As they stand.",
        ),
        Row(
            reads=tuple(f"distribution.{name}" for name in ("size", "number_files", "number_events", "number_entries")),
            target="metadata.sizes",
            convert=converters.sizes,
            note="With their units; where they differ from the files listed, parsing tells it.",
        ),
        Row(
            reads=(
                *("keywords[]", "experiment[]", "accelerator", "categories.primary", "categories.secondary[]"),
                *("collision_information.type", "collision_information.energy", "run_period[]", "signature[]"),
                *("magnet_polarity", "stripping.stream"),
            ),
            target="metadata.subjects",
            convert=converters.subjects,
            note="As free subjects, each once, whatever its capitals.",
        ),
        Row(
            reads=("relations[].type", "relations[].doi", "relations[].recid", "relations[].description"),
            target="metadata.related_identifiers",
            convert=links.relations,
            note="By DOI, else by the address of the other record's page. Child of, produced by: `isderivedfrom`; part "
            "of: `ispartof`; parent of: `issourceof`, and `haspart` for a record without files; sibling: "
            "`isvariantformof`; related: `references`. Words that say what replaces what: `isobsoletedby`, "
            "`obsoletes`.",
        ),
        Row(
            reads=("abstract.links[].recid", "abstract.links[].url"),
            target="metadata.related_identifiers",
            convert=links.abstract_links,
            note="As `references`, by address.",
        ),
        Row(
            reads=SECTION_LINKS,
            target="metadata.related_identifiers",
            convert=links.section_links,
            note="Records and guides of the portal that sections name, by address, and all of `links`: methodology, "
            "usage, validation `isdocumentedby`, system details `requires`, others `references`.",
        ),
        Row(
            reads=("source_code_repository.url",),
            target="metadata.related_identifiers",
            convert=links.repository,
            note="As `issupplementedby`, software.",
        ),
        Row(
            reads=("dataset_semantics_files.url", "dataset_semantics_files.json"),
            target="metadata.related_identifiers",
            convert=links.semantics_files,
            note="As `isdocumentedby`, by the portal's address.",
        ),
        Row(
            reads=("collaboration.recid",),
            target="metadata.related_identifiers",
            convert=links.author_list,
            note="The record of the collaboration's author list, as `references`.",
        ),
        Drop(
            reads=("authors[].ccid",),
            reason="A person's number in CERN's own administration, which says nothing to anybody outside of it.",
        ),
        Drop(
            reads=("distribution.availability", "release", "prerelease", "dataset"),
            reason="The state of the portal's copy or of its curation, and not of the record.",
        ),
    ),
)
