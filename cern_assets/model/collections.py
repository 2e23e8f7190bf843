"""Collections: what is brought in, from which source and into which target, under one name."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from cern_assets.model.archives import ArchiveLimits, ArchivePolicy
from cern_assets.model.values import Value

Visibility = Literal["public", "restricted"]
FilesMode = Literal["mirror", "stream"]
"""Bytes kept in our store, verified; or read from the source, and verified, when they are packed and sent."""

Profile = Literal["plain", "cern"]
"""Which fields a target keeps: those of every InvenioRDM; or the custom fields `cern:*` as well."""


class Access(Value):
    """Who may see a published record and its files: everybody, or those whom the repository lets in."""

    record: Visibility = "public"
    files: Visibility = "public"


EditChoice = Literal["keep", "overwrite"]
WithdrawalChoice = Literal["keep", "tombstone"]
UnverifiedChoice = Literal["refuse", "accept"]
"""Whether a record is carried although nothing vouches for the bytes of a file."""


class EditPolicy(Value):
    """What becomes of a field that people edited in the target: it stays, or what the source says replaces it.

    `fields` are paths of two steps (`metadata.title`) that differ from the `default`.
    """

    default: EditChoice = "keep"
    fields: Mapping[str, EditChoice] = Field(default_factory=dict)

    def of(self, field: str) -> EditChoice:
        """The choice for a field."""
        return self.fields.get(field, self.default)


class Collection(Value):
    """A set of a source's records that is brought into one target in one way.

    `name` stands in asset keys, partitions, paths and events; a source's default collection bears the source's name.
    `target` names a repository of the settings, `limits` says what it takes, `archive` how files are packed. With a
    `community` (slug or id in the target), a record is published through it. `edits` says what becomes of fields that
    people edited there, `withdrawn` what becomes of a record that the source withdrew, `unverified` whether files are
    taken for whose bytes nothing vouches. `profile` says which fields the target keeps. `left_out` has recids that stay
    out, each with the reason.
    """

    name: str
    source: str
    target: str
    limits: ArchiveLimits
    archive: ArchivePolicy = ArchivePolicy()
    access: Access = Access()
    community: str | None = None
    files_mode: FilesMode = "mirror"
    edits: EditPolicy = EditPolicy()
    withdrawn: WithdrawalChoice = "keep"
    unverified: UnverifiedChoice = "refuse"
    profile: Profile = "plain"
    left_out: Mapping[str, str] = Field(default_factory=dict)
