"""What is fixed about legacy Zenodo."""

NAME = "zenodo"
"""The source's name in asset keys, documents and tables."""

SITE_URL = "https://zenodo.org"
"""Where people open records, at `/records/<recid>`."""

OAI_PREFIX = "oai:zenodo.org:"
"""Begins the OAI identifiers of records; a recid follows."""

PAGE_SIZE = 100
"""Hits of a page of its search."""

SEARCH_WINDOW = 10_000
"""Hits that its search pages through (`page * size`), as every Invenio of that time."""

STORED = frozenset({"$schema", "_buckets", "_files", "files", "links", "stats", "updated", "version_id", "revision"})
"""Keys about how a record is stored and served: they move without a change of the record, or are its file lists."""
