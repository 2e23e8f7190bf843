"""Archive plans and what was made of them: the files as they will be uploaded."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from cern_assets.model.manifests import StoredFile
from cern_assets.model.values import Value

Form = Literal["none", "as-is", "zip", "zips"]

MANIFEST_KEY = "manifest.csv"
"""Name of the file beside several archives that says which of them holds which file."""


LISTING_KEY = "files-at-source.csv"
"""Name of the file of a deposit that names the files which stay at the source."""

PREVIEW_ENTRIES, PREVIEW_BYTES, PREVIEW_DIRECTORY_BYTES = 10_000, 500_000_000, 65_536
"""What InvenioRDM's pages list of a ZIP: its entries, their size in bytes when unpacked, and its directory."""


class ArchivePolicy(Value):
    """How a collection wants its archives.

    `always`: pack also what the target would take as it is. `copy_in_store`: keep each archive in the store, or write
    it straight into the target's upload. `preview`: cut so small that the target's pages list what is inside.
    `deflate`: suffixes of files that are compressed (`.txt`); all others, and what would not get smaller, are stored.
    """

    always: bool = False
    copy_in_store: bool = True
    preview: bool = False
    deflate: tuple[str, ...] = ()


class ArchiveLimits(Value):
    """What the target takes: the number of files in a record, and bytes in a file and in a record."""

    max_files: int
    max_file_bytes: int
    max_record_bytes: int


class PlannedArchive(Value):
    """One archive of a plan: its key, exact size in bytes, and which of the files, by position, go into it.

    Members are neighbours in the plan's order: `first` to `first + count - 1`. `folder` is the deepest folder that
    holds all of them, "" for the top. `previewable` says whether the target's pages can list what is inside.
    """

    key: str
    size_bytes: int
    first: int
    count: int
    folder: str
    previewable: bool = True


class ArchivePlan(Value):
    """How the files go up, and why.

    `none` for a record without files, `as-is` for one upload a file, `zip` for all in one archive, `zips` for several
    and a manifest. `archives` is empty for the first two. `warnings` are for people who will extract it: names that
    some systems cannot make, and the like.
    """

    form: Form
    reason: str
    archives: tuple[PlannedArchive, ...] = ()
    warnings: tuple[str, ...] = ()


class Archive(Value):
    """The files to upload: for `zip` and `zips` archives, whose members are the manifest's files.

    Archives that are written straight into the upload lie nowhere: their address is in the place `upload`, their MD5 is
    known when they are sent, and `content` (a hash) stands for their bytes. `packed` has the compressed size of the
    members that are compressed.
    """

    plan: ArchivePlan
    files: tuple[StoredFile, ...]
    content: str = ""
    packed: Mapping[str, int] = Field(default_factory=dict)

    @property
    def size_bytes(self) -> int:
        """Sum over the files to upload."""
        return sum(file.size_bytes for file in self.files)
