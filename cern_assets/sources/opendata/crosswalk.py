"""The crosswalk of CERN Open Data: its record JSON (`record-v1.0.0.json` of the portal) as an InvenioRDM record.

A field is added by adding a row; how a row reads and writes is said in `cern_assets.metadata.crosswalk`.
"""

from cern_assets.metadata.crosswalk import Crosswalk, Drop, Row
from cern_assets.sources.opendata import agents, converters, links

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
            reads=("type.primary", "type.secondary[]"),
            target="metadata.resource_type",
            convert=converters.resource_type,
            note="By a table of all pairs of type and subtype; an unknown pair is `other`, with a warning.",
        ),
        Row(
            reads=("title",),
            target="metadata.title",
            convert=converters.title,
            note="On one line; a title under 3 characters, which InvenioRDM refuses, gets the recid before it.",
        ),
        Row(
            reads=("title_additional", "alternative-title"),
            target="metadata.additional_titles",
            convert=converters.additional_titles,
            note="As alternative titles.",
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
            note="The collaboration as an organisation, after the authors.",
        ),
        Row(
            reads=("experiment[]",),
            target="metadata.creators",
            convert=agents.experiments,
            note="Without authors and collaboration: the collaboration of each experiment, with a warning.",
            fallback=True,
        ),
        Row(
            reads=("publisher",),
            target="metadata.creators",
            convert=agents.publisher_as_creator,
            note="Without any of these: the publisher as an organisation, with a warning.",
            fallback=True,
        ),
        Row(
            reads=("date_published",),
            target="metadata.publication_date",
            convert=converters.publication_date,
            note="Year, month or day as it stands; anything else stops the record.",
        ),
        Row(reads=("publisher",), target="metadata.publisher", convert=converters.publisher, note="As it stands."),
        Row(
            reads=("abstract.description",),
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
        ),
        Row(
            reads=("keywords[]", "experiment[]", "accelerator", "categories.primary", "categories.secondary[]"),
            target="metadata.subjects",
            convert=converters.subjects,
            note="As free subjects, each once, whatever its capitals.",
        ),
        Row(
            reads=("relations[].type", "relations[].doi", "relations[].recid"),
            target="metadata.related_identifiers",
            convert=links.relations,
            note="By DOI and by the address of the other record's page. Child and part of: `ispartof`; parent of: "
            "`haspart`; produced by: `isderivedfrom`; sibling and related: `references`.",
        ),
        Row(
            reads=("abstract.links[].recid", "abstract.links[].url"),
            target="metadata.related_identifiers",
            convert=links.abstract_links,
            note="As `references`, by address.",
        ),
        Row(
            reads=("collaboration.recid",),
            target="metadata.related_identifiers",
            convert=links.author_list,
            note="The record of the collaboration's author list, as `references`.",
        ),
        Drop(
            reads=("authors[].inspireid", "authors[].ccid"),
            reason="InvenioRDM knows ORCID, ISNI, GND and ROR for people, neither INSPIRE nor CERN ids.",
        ),
        Drop(
            reads=("authors[].rorid",),
            reason="InvenioRDM refuses a ROR id that its own vocabulary of affiliations lacks; the name is carried.",
        ),
        Drop(
            reads=("relations[].title", "relations[].description", "abstract.links[].description"),
            reason="A related identifier of InvenioRDM has no text; the related record says its own title.",
        ),
    ),
)
