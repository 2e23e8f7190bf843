"""Collections: what is brought in, from which source and into which target, under one name."""

from typing import Literal

from cern_assets.model.archives import ArchiveLimits, ArchivePolicy
from cern_assets.model.values import Value

Visibility = Literal["public", "restricted"]
FilesMode = Literal["mirror", "stream"]
"""Bytes kept in our store, verified; or read from the source, and verified, when they are packed and sent."""


class Access(Value):
    """Who may see a published record and its files: everybody, or those whom the repository lets in."""

    record: Visibility = "public"
    files: Visibility = "public"


class Collection(Value):
    """A set of a source's records that is brought into one target in one way.

    `name` stands in asset keys, partitions, paths and events; a source's default collection bears the source's name.
    `target` names a repository of the settings, `limits` says what it takes, `archive` how files are packed. With a
    `community` (slug or id in the target), a record is published through it.
    """

    name: str
    source: str
    target: str
    limits: ArchiveLimits
    archive: ArchivePolicy = ArchivePolicy()
    access: Access = Access()
    community: str | None = None
    files_mode: FilesMode = "mirror"
