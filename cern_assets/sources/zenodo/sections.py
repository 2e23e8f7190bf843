"""What InvenioRDM has no field for: prose, and tables of what a record of Zenodo says besides, so that none is lost."""

from collections.abc import Mapping

from cern_assets.metadata.described import Labels, prose_of, table_of, tabled
from cern_assets.metadata.leaves import Reading
from cern_assets.metadata.rows import Converted
from cern_assets.sources.zenodo.converters import record_url

PUBLISHED: Labels = {
    "Journal": ("journal.title", "journal_title"),
    "Volume": ("journal.volume", "journal_volume"),
    "Issue": ("journal.issue", "journal_issue"),
    "Pages": ("journal.pages", "journal_pages"),
    "Year": ("journal.year",),
    "ISSN": ("journal.issn", "journal_issn"),
    "Part of": ("part_of.title", "partof_title"),
    "Pages there": ("part_of.pages", "partof_pages"),
    "Place": ("imprint.place", "imprint_place"),
    "ISBN": ("imprint.isbn", "imprint_isbn"),
    "University": ("thesis.university", "thesis_university"),
    "Conference": ("meeting.title", "conference_title"),
    "Acronym": ("meeting.acronym", "conference_acronym"),
    "Dates": ("meeting.dates", "conference_dates"),
    "Held in": ("meeting.place", "conference_place"),
    "Session": ("meeting.session", "conference_session"),
    "Part of the session": ("meeting.session_part", "conference_session_part"),
    "Website": ("meeting.url", "conference_url"),
}
STATED: Labels = {
    "Access": ("access_right",),
    "Conditions of access": ("access_conditions",),
    "Embargoed until": ("embargo_date",),
    "Communities": ("communities[]", "communities[].identifier", "communities[].id"),
    "Concept": ("conceptrecid",),
    "Type in OpenAIRE": ("resource_type.openaire_subtype", "openaire_type"),
    "Owners (Zenodo's numbers)": ("owners[]", "owner", "_deposit.owners[]"),
    "Deposit": ("_deposit.id",),
    "Licence": ("license.title",),
    "Reason of removal": ("removal_json", "removal_json[]", "removal_json.removal_reason"),
}
TERMS = ("subjects[].term", "subjects[].identifier", "subjects[].scheme")
TYPED = tuple(
    f"alternate_identifiers[].{name}"
    for name in ("identifier", "resource_type", "resource_type.type", "resource_type.subtype")
)
_VOCABULARIES: Mapping[str, tuple[str, ...]] = {
    "dwc": (
        *("basisOfRecord", "catalogNumber", "class", "collectionCode", "country", "county", "dateIdentified"),
        *("decimalLatitude", "decimalLongitude", "eventDate", "family", "genus", "identifiedBy", "individualCount"),
        *("institutionCode", "kingdom", "lifeStage", "locality", "materialSampleID", "namePublishedInID"),
        *("namePublishedInYear", "order", "otherCatalogNumbers", "phylum", "preparations", "recordedBy"),
        *("scientificName", "scientificNameAuthorship", "scientificNameID", "sex", "specificEpithet", "stateProvince"),
        *("taxonID", "taxonRank", "taxonomicStatus", "typeStatus", "verbatimElevation", "verbatimEventDate"),
    ),
    "gbif-dwc": ("identifiedByID", "recordedByID"),
    "dc": ("creator", "rightsHolder"),
    "ac": (
        *("associatedSpecimenReference", "captureDevice", "physicalSetting", "resourceCreationTechnique"),
        *("subjectOrientation", "subjectPart"),
    ),
    "openbiodiv": ("TaxonomicConceptLabel",),
}
CUSTOM = tuple(f"custom.{prefix}:{name}[]" for prefix, names in _VOCABULARIES.items() for name in names)
INTERACTIONS = ("custom.obo:RO_0002453[].subject[]", "custom.obo:RO_0002453[].object[]")
"""Relations of organisms, `host of` in the Relation Ontology: lists of subjects and objects in pairs."""


def notes(reading: Reading) -> Converted:
    """What the depositor noted; InvenioRDM has no type for it but `other`."""
    return prose_of(reading.all("notes"), "other", record_url(reading.recid))


def method(reading: Reading) -> Converted:
    """How the data came to be."""
    return prose_of(reading.all("method"), "methods", record_url(reading.recid))


def published(reading: Reading) -> Converted:
    """Where it appeared or was presented: journal, book, university, conference."""
    return table_of(reading, PUBLISHED, "series-information", "Publication")


def stated(reading: Reading) -> Converted:
    """What Zenodo says of the record itself: access in its own words, communities, owners."""
    return table_of(reading, STATED, "other", "At Zenodo")


def terms(reading: Reading) -> Converted:
    """Terms of vocabularies with their identifiers."""
    items = reading.items("subjects[]")
    rows = [
        (item.text("term"), " ".join(filter(None, (item.text("scheme"), item.text("identifier"))))) for item in items
    ]
    return tabled("technical-info", "Terms", [(term, said) for term, said in rows if said])


def types_of_alternates(reading: Reading) -> Converted:
    """What other identifiers of the record stand for."""
    rows = []
    for item in reading.items("alternate_identifiers[]"):
        kinds = (item.text(name) for name in ("resource_type", "resource_type.type", "resource_type.subtype"))
        rows.append((item.text("identifier"), ", ".join(filter(None, kinds))))
    return tabled("other", "Types of the alternate identifiers", [(name, kind) for name, kind in rows if kind])


def custom(reading: Reading) -> Converted:
    """Metadata of biodiversity, by its terms."""
    rows = []
    for pattern in CUSTOM:
        values = ", ".join(leaf.text for leaf in reading.all(pattern))
        rows.append((pattern.removeprefix("custom.").removesuffix("[]"), values))
    for pair in reading.items("custom.obo:RO_0002453[]"):
        sides = (", ".join(leaf.text for leaf in pair.all(side)) for side in ("subject[]", "object[]"))
        rows.append(("obo:RO_0002453", " - ".join(sides)))
    return tabled("technical-info", "Biodiversity", [(name, value) for name, value in rows if value])
