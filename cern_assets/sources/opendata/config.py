"""What is fixed about CERN Open Data."""

NAME = "opendata"
"""The source's name in asset keys, documents and tables."""

SITE_URL = "https://opendata.cern.ch"
"""Where people open records, at `/record/<recid>`."""

OAI_PREFIX = "oai:cernopendata.cern:"
"""Begins the OAI identifiers of records; a recid follows."""

EOS_HOST = "eospublic.cern.ch"
"""The XRootD host in every file URI; new-style records add its port, 1094."""

EOS_FOLDER = "eos/opendata/"
"""All bytes of the portal lie below this folder."""

SEARCH_WINDOW = 10_000
"""Hits that the search pages through (`page * size`); beyond it the portal answers 400."""

FACETS = frozenset({"experiment", "type", "year"})
"""Facets by which the search can be narrowed; it passes over others without a word."""

PORTAL_MADE = frozenset({"$schema", "availability", "files", "pids"})
"""Top-level keys that the portal makes, as it does every key that begins with `_`: see `parse.canonical_metadata`."""
