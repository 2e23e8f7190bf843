"""Archive plans and what was made of them: the files as they will be uploaded."""

from typing import Literal

from cern_assets.model.manifests import StoredFile
from cern_assets.model.values import Value

Form = Literal["none", "as-is", "zip", "zips"]

MANIFEST_KEY = "manifest.csv"
"""Name of the file beside several archives that says which of them holds which file."""


class ArchiveLimits(Value):
    """What the target takes: the number of files in a record, and bytes in a file and in a record."""

    max_files: int
    max_file_bytes: int
    max_record_bytes: int


class PlannedArchive(Value):
    """One archive of a plan: its key, exact size in bytes, and which of the files, by position, go into it.

    Members are neighbours in the plan's order: `first` to `first + count - 1`. `folder` is the deepest folder that
    holds all of them, "" for the top.
    """

    key: str
    size_bytes: int
    first: int
    count: int
    folder: str


class ArchivePlan(Value):
    """How the files go up, and why.

    `none` for a record without files, `as-is` for one upload a file, `zip` for all in one archive, `zips` for several
    and a manifest. `archives` is empty for the first two.
    """

    form: Form
    reason: str
    archives: tuple[PlannedArchive, ...] = ()


class Archive(Value):
    """The files to upload: for `zip` and `zips` archives, whose members are the manifest's files."""

    plan: ArchivePlan
    files: tuple[StoredFile, ...]

    @property
    def size_bytes(self) -> int:
        """Sum over the files to upload."""
        return sum(file.size_bytes for file in self.files)
