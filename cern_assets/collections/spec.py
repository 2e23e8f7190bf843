"""What a collection's file may say."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from cern_assets.model.archives import ArchivePolicy
from cern_assets.model.checksums import Algorithm
from cern_assets.model.collections import (
    Access,
    EditChoice,
    EditPolicy,
    LicenceDefault,
    OrderChoice,
    Profile,
    TransferChoice,
    TransferPolicy,
    UnverifiedChoice,
    WithdrawalChoice,
)
from cern_assets.model.files import FilesChoice, FilesMode
from cern_assets.model.values import Value

DEFAULT_TARGET = "default"
"""The repository of `CERN_ASSETS_REPOSITORY_URL`."""

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
CommunityName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,99}$")]
SourceCommunity = Annotated[str, Field(min_length=1, max_length=200)]
"""What asset keys, partitions, folders and variables can be called alike."""


class Selection(Value):
    """Which recids belong to a collection: those of a list, of a file (one a line) and of a query, each once.

    `file` is relative to the collection's own file; `query` is in the source's search syntax; `facets` narrow it, or
    select by themselves. With `all`, every record that the source's search tells. `left_out` has recids that stay out
    all the same, each with the reason that the ledger shows.
    """

    recids: tuple[str | int, ...] = ()
    file: Path | None = None
    query: Annotated[str | None, Field(min_length=1)] = None
    facets: dict[str, str] = Field(default_factory=dict)
    all: bool = False
    left_out: dict[str, Annotated[str, Field(min_length=1)]] = Field(default_factory=dict)


class Limits(Value):
    """Stricter limits than the target's own: files in a record, bytes in a file and in a record."""

    max_files: Annotated[int | None, Field(ge=1)] = None
    max_file_bytes: Annotated[int | None, Field(ge=1)] = None
    max_record_bytes: Annotated[int | None, Field(ge=1)] = None


class Files(FilesChoice):
    """Which files are brought, and how, in full; see `model.files.FilesChoice` and `FilesMode`.

    With `third_party_copy`, an XRootD store copies them from an XRootD source by itself, where both servers let it;
    None leaves that to the settings. `digests` are computed of mirrored files besides adler32, crc32 and md5.
    """

    mode: FilesMode = "mirror"
    third_party_copy: bool | None = None
    digests: tuple[Literal["sha1", "sha256"], ...] = ()


class Packing(Value):
    """How archives are made, in full; see `model.archives.ArchivePolicy`."""

    when: Literal["needed", "always"] = "needed"
    copy_in_store: bool = True
    preview: bool = False
    deflate: tuple[Annotated[str, Field(pattern=r"^\.[A-Za-z0-9]{1,16}$")], ...] = ()


class Edits(Value):
    """What becomes of fields that people edited in the target, in full; see `model.collections.EditPolicy`."""

    default: EditChoice = "keep"
    fields: dict[Annotated[str, Field(pattern=r"^(metadata|access|pids|custom_fields)\.[^.\s]+$")], EditChoice] = Field(
        default_factory=dict
    )


class Discovery(Value):
    """How the source is watched: whether the sensor runs from the first, how often it looks, and how often at all.

    A recid that had to wait is looked at again after `revisit_minutes`. Of what is known, no more than `withdraw_share`
    counts as withdrawn at once (one always may), unless a steward says so.
    """

    unattended: bool = False
    every_seconds: Annotated[int, Field(ge=1)] = 300
    full_every_hours: Annotated[float, Field(ge=0)] = 24.0
    withdraw_share: Annotated[float, Field(ge=0, le=1)] = 0.01
    revisit_minutes: Annotated[float, Field(ge=0)] = 30.0


class CollectionSpec(Value):
    """A collection as its file says it; `name` is the file's own name where it says none.

    `files` is how bytes travel: `mirror` keeps a verified copy in the store, `stream` reads the source when they
    are sent, `reference` names them only; in full, which of them at all. `archive` says what is packed: files that
    the target would not take as they are (`when-needed`), or all (`always`), or more in full. `target` is `default`
    or a name whose address the settings hold; `community` is one of that target, by slug or id, through which its
    records are published for the first time; `communities` says which of that target stand for the source's own, by
    which records are published in the same way. `edits` says whether fields that people edited in the target stay,
    `withdrawn` whether what the source withdrew is withdrawn there too, `unverified` whether files are taken for
    whose bytes nothing vouches. `profile` says which fields the target keeps, where that differs from its settings,
    `transfer` how bytes go there, `licence_default` the licence of records that state none. `curation` is a folder,
    relative to the collection's own file, of what people correct in deposits. Of runs that wait, those of a higher
    `priority` begin first; within one, recids by their `order`. `discovery` says how the source is watched. With
    `segments`, Dagster's partitions are so many parts of the collection, and not its recids.
    """

    name: Name = ""
    source: Name
    selection: Selection = Selection()
    files: FilesMode | Files = "mirror"
    limits: Limits = Limits()
    archive: Literal["when-needed", "always"] | Packing = "when-needed"
    target: Name = DEFAULT_TARGET
    access: Access = Access()
    community: CommunityName | None = None
    communities: Mapping[SourceCommunity, CommunityName] = Field(default_factory=dict)
    edits: EditChoice | Edits = "keep"
    withdrawn: WithdrawalChoice = "keep"
    unverified: UnverifiedChoice = "refuse"
    profile: Profile | None = None
    transfer: TransferChoice | TransferPolicy = "stream"
    licence_default: LicenceDefault | None = None
    curation: Path | None = None
    priority: Annotated[int, Field(ge=-100, le=100)] = 0
    order: OrderChoice = "as-listed"
    discovery: Discovery = Discovery()
    segments: Annotated[int | None, Field(ge=1, le=10_000)] = None

    @property
    def files_mode(self) -> FilesMode:
        """How bytes travel."""
        return self.files if isinstance(self.files, str) else self.files.mode

    @property
    def files_choice(self) -> FilesChoice:
        """Which files are brought."""
        if isinstance(self.files, str):
            return FilesChoice()
        return FilesChoice(**self.files.model_dump(include=set(FilesChoice.model_fields)))

    @property
    def digests(self) -> tuple[Algorithm, ...]:
        """Which are computed besides the usual ones."""
        return () if isinstance(self.files, str) else self.files.digests

    @property
    def third_party_copy(self) -> bool | None:
        """Whether servers may copy among themselves; None if the collection does not say."""
        return None if isinstance(self.files, str) else self.files.third_party_copy

    @property
    def packing(self) -> ArchivePolicy:
        """The policy of archives."""
        if isinstance(self.archive, str):
            return ArchivePolicy(always=self.archive == "always")
        given = self.archive
        return ArchivePolicy(
            always=given.when == "always",
            copy_in_store=given.copy_in_store,
            preview=given.preview,
            deflate=given.deflate,
        )

    @property
    def edit_policy(self) -> EditPolicy:
        """The policy of edits in the target."""
        if isinstance(self.edits, str):
            return EditPolicy(default=self.edits)
        return EditPolicy(default=self.edits.default, fields=self.edits.fields)

    @property
    def transfer_policy(self) -> TransferPolicy:
        """How bytes go into the target."""
        return TransferPolicy(how=self.transfer) if isinstance(self.transfer, str) else self.transfer

    def placed(self, name: str, folder: Path) -> "CollectionSpec":
        """The same with `name` where it has none; its list of recids and its curation are below `folder`."""
        file = self.selection.file
        selection = self.selection.model_copy(update={"file": folder / file}) if file else self.selection
        curation = folder / self.curation if self.curation else None
        return self.model_copy(update={"name": self.name or name, "selection": selection, "curation": curation})
