"""What is fixed about the CERN Document Server."""

NAME = "cds"
"""The source's name in asset keys, documents and tables."""

SITE_URL = "https://cds.cern.ch"
"""Where people open records, at `/record/<recid>`."""

OAI_PREFIX = "oai:cds.cern.ch:"
"""Begins the OAI identifiers of records; a recid follows."""

FILES_FOLDER = "/opt/cdsweb/var/data/files/"
"""Where the server keeps the bytes of its records; what follows is a file's place in any copy of that folder."""

MOVING = frozenset({"003", "005"})
"""Control fields about the copy of the record: the agency that made it, and when it was last written."""
