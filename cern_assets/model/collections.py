"""Collections: what is brought in, from which source and into which target, under one name."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from cern_assets.model.archives import ArchiveLimits, ArchivePolicy
from cern_assets.model.checksums import Algorithm
from cern_assets.model.decisions import StewardDecision
from cern_assets.model.files import FilesChoice, FilesMode
from cern_assets.model.values import Value

Visibility = Literal["public", "restricted"]
Profile = Literal["plain", "bibliographic", "cern"]
"""Which fields a target keeps: those of every InvenioRDM; also its own custom fields, for journals, imprints, meetings
and theses; or these and `cern:*`."""


class Access(Value):
    """Who may see a published record and its files: everybody, or those whom the repository lets in."""

    record: Visibility = "public"
    files: Visibility = "public"


EditChoice = Literal["keep", "overwrite"]
WithdrawalChoice = Literal["keep", "tombstone"]
UnverifiedChoice = Literal["refuse", "accept"]
"""Whether a record is carried although nothing vouches for the bytes of a file."""


TransferChoice = Literal["auto", "stream", "parts", "fetch"]
"""Files in parts from a size on; all in one stream; all in parts; or fetched by the target from the source's server.

What cannot come in parts comes in one stream; what the target cannot fetch comes as with `auto`.
"""


OrderChoice = Literal["as-listed", "small-first"]
"""Which recids of a run begin first: as they are listed, or those with the fewest bytes, as far as that is known."""


class TransferPolicy(Value):
    """How bytes go into the target; see `TransferChoice`.

    `parts_from_bytes` is that size. A part has `part_bytes`, or, where that is None, a hundredth of the file and at
    least 64 MiB; `at_once` parts of a file are under way at the same time.
    """

    how: TransferChoice = "stream"
    parts_from_bytes: Annotated[int, Field(ge=1)] = 1024**3
    part_bytes: Annotated[int | None, Field(ge=1, le=5 * 1024**3)] = None
    at_once: Annotated[int, Field(ge=1, le=32)] = 4


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
    `community` (slug or id in the target), a record is published through it. `communities` says which of the target
    stand for communities of the source. `edits` says what becomes of fields that
    people edited there, `withdrawn` what becomes of a record that the source withdrew, `unverified` whether files are
    taken for whose bytes nothing vouches, `third_party_copy` whether XRootD servers copy among themselves,
    `digests` what is computed of mirrored bytes besides what others need. `profile` says which fields the target keeps.
    `licence_default` stands where a record states no licence. `left_out` has recids that stay out, each with the
    reason, `decisions` what stewards said about single recids. `curation` is the folder of what people correct in
    deposits. `order` says which recids of a run begin first.
    """

    name: str
    source: str
    target: str
    limits: ArchiveLimits
    archive: ArchivePolicy = ArchivePolicy()
    access: Access = Access()
    community: str | None = None
    communities: Mapping[str, str] = Field(default_factory=dict)
    files_mode: FilesMode = "mirror"
    files_choice: FilesChoice = FilesChoice()
    third_party_copy: bool = False
    digests: tuple[Algorithm, ...] = ()
    edits: EditPolicy = EditPolicy()
    withdrawn: WithdrawalChoice = "keep"
    unverified: UnverifiedChoice = "refuse"
    profile: Profile = "plain"
    transfer: TransferPolicy = TransferPolicy()
    licence_default: LicenceDefault | None = None
    order: OrderChoice = "as-listed"
    left_out: Mapping[str, str] = Field(default_factory=dict)
    curation: Path | None = None
    decisions: Mapping[str, StewardDecision] = Field(default_factory=dict)
