"""Collections: what is brought in, from which source and into which target, under one name."""

from collections.abc import Mapping
from typing import Annotated, Literal

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


class LicenceDefault(Value):
    """Under which licence a collection publishes records that state none, decided by people: why, and who says so.

    `id` is one of the target's vocabulary, `source` an address where the reason can be looked up.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.+-]{0,99}$")]
    reason: Annotated[str, Field(min_length=1, max_length=1000)]
    source: Annotated[str, Field(pattern=r"^https?://\S+$", max_length=1000)]

    def __str__(self) -> str:
        return f"{self.id}: {self.reason} ({self.source})"


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
    taken for whose bytes nothing vouches. `profile` says which fields the target keeps. `licence_default`
    stands where a record states no licence. `left_out` has recids that stay out, each with the reason.
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
    licence_default: LicenceDefault | None = None
    left_out: Mapping[str, str] = Field(default_factory=dict)
