"""The ids that InvenioRDM 14 takes in fields with a vocabulary, and the fields of `metadata` that it knows.

Languages, licences, subjects, affiliations and funders are not listed: their vocabularies are as long as the
repository that loads them wants, so this server takes any id there.
"""

from cern_assets.metadata.terms import vocabularies, vocabulary

RESOURCE_TYPES = vocabulary("resource_types").titles
CONTRIBUTOR_ROLES = frozenset(vocabulary("roles").titles)

IDENTIFIER_SCHEMES = frozenset(
    (
        *("ads", "ark", "arxiv", "crossreffunderid", "cstr", "doi", "ean13", "eissn", "grid", "handle", "igsn"),
        *("isbn", "isni", "issn", "istc", "lissn", "lsid", "other", "pmid", "purl", "rrid", "upc", "url", "urn"),
        *("w3id", "wikidata"),
    )
)

DATE_TYPES = frozenset(vocabulary("date_types").titles)
RELATION_TYPES = frozenset(vocabulary("relation_types").titles)
TITLE_TYPES = frozenset(vocabulary("title_types").titles)
DESCRIPTION_TYPES = frozenset(vocabulary("description_types").titles)

SHORT_VOCABULARIES = {
    each.target: each.titles
    for each in vocabularies().values()
    if each.name not in {"affiliations", "funders", "languages", "licences"}
}
"""Titles by id, by the name that InvenioRDM has for the vocabulary."""

METADATA_FIELDS = frozenset(
    (
        *("resource_type", "creators", "contributors", "title", "additional_titles", "publication_date"),
        *("description", "additional_descriptions", "rights", "copyright", "subjects", "languages", "dates"),
        *("version", "publisher", "identifiers", "related_identifiers", "sizes", "formats", "locations"),
        *("funding", "references"),
    )
)
