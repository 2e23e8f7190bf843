"""The ids that InvenioRDM 14 takes in fields with a vocabulary, and the fields of `metadata` that it knows.

Languages, licences, subjects, affiliations and funders are not listed: their vocabularies are as long as the
repository that loads them wants, so this server takes any id there.
"""

RESOURCE_TYPES = {
    "dataset": "Dataset",
    "event": "Event",
    "image": "Image",
    "image-diagram": "Diagram",
    "image-drawing": "Drawing",
    "image-figure": "Figure",
    "image-other": "Other",
    "image-photo": "Photo",
    "image-plot": "Plot",
    "instrument": "Instrument",
    "lesson": "Lesson",
    "model": "Model",
    "other": "Other",
    "physicalobject": "Physical object",
    "poster": "Poster",
    "presentation": "Presentation",
    "project": "Project",
    "publication": "Publication",
    "publication-annotationcollection": "Annotation collection",
    "publication-article": "Journal article",
    "publication-book": "Book",
    "publication-conferencepaper": "Conference paper",
    "publication-conferenceproceeding": "Conference proceeding",
    "publication-datamanagementplan": "Data management plan",
    "publication-datapaper": "Data paper",
    "publication-deliverable": "Project deliverable",
    "publication-dissertation": "Dissertation",
    "publication-journal": "Journal",
    "publication-milestone": "Project milestone",
    "publication-other": "Other",
    "publication-patent": "Patent",
    "publication-peerreview": "Peer review",
    "publication-preprint": "Preprint",
    "publication-proposal": "Proposal",
    "publication-report": "Report",
    "publication-section": "Book chapter",
    "publication-softwaredocumentation": "Software documentation",
    "publication-standard": "Standard",
    "publication-studyregistration": "Study registration",
    "publication-taxonomictreatment": "Taxonomic treatment",
    "publication-technicalnote": "Technical note",
    "publication-workingpaper": "Working paper",
    "software": "Software",
    "software-computationalnotebook": "Computational notebook",
    "audio": "Audio",
    "video": "Video",
    "workflow": "Workflow",
}

CONTRIBUTOR_ROLES = frozenset(
    (
        *("contactperson", "datacollector", "datacurator", "datamanager", "distributor", "editor"),
        *("hostinginstitution", "other", "producer", "projectleader", "projectmanager", "projectmember"),
        *("registrationagency", "registrationauthority", "relatedperson", "researcher", "researchgroup"),
        *("rightsholder", "sponsor", "supervisor", "translator", "workpackageleader"),
    )
)

IDENTIFIER_SCHEMES = frozenset(
    (
        *("ads", "ark", "arxiv", "crossreffunderid", "cstr", "doi", "ean13", "eissn", "grid", "handle", "igsn"),
        *("isbn", "isni", "issn", "istc", "lissn", "lsid", "other", "pmid", "purl", "rrid", "upc", "url", "urn"),
        *("w3id", "wikidata"),
    )
)

DATE_TYPES = frozenset(
    (
        *("accepted", "available", "collected", "copyrighted", "coverage", "created", "issued", "other"),
        *("submitted", "updated", "valid", "withdrawn"),
    )
)

RELATION_TYPES = frozenset(
    (
        *("cites", "compiles", "continues", "describes", "documents", "hasmetadata", "haspart", "hasversion"),
        *("iscitedby", "iscompiledby", "iscontinuedby", "isderivedfrom", "isdescribedby", "isdocumentedby"),
        *("isidenticalto", "ismetadatafor", "isnewversionof", "isobsoletedby", "isoriginalformof", "ispartof"),
        *("ispreviousversionof", "ispublishedin", "isreferencedby", "isrequiredby", "isreviewedby", "issourceof"),
        *("issupplementedby", "issupplementto", "isvariantformof", "isversionof", "obsoletes", "references"),
        *("requires", "reviews", "iscollectedby", "collects", "istranslationof", "hastranslation", "other"),
    )
)

TITLE_TYPES = frozenset(("alternative-title", "other", "subtitle", "translated-title"))

DESCRIPTION_TYPES = frozenset(
    ("abstract", "methods", "other", "series-information", "table-of-contents", "technical-info", "notes")
)

METADATA_FIELDS = frozenset(
    (
        *("resource_type", "creators", "contributors", "title", "additional_titles", "publication_date"),
        *("description", "additional_descriptions", "rights", "copyright", "subjects", "languages", "dates"),
        *("version", "publisher", "identifiers", "related_identifiers", "sizes", "formats", "locations"),
        *("funding", "references"),
    )
)
