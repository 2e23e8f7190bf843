"""Archive plans and what was made of them: the files as they will be uploaded."""

from typing import Literal

from cern_assets.model.manifests import StoredFile
from cern_assets.model.values import Value

Form = Literal["none", "as-is", "zip"]


class ArchiveLimits(Value):
    """What the target takes: the number of files in a record, and bytes in a file and in a record."""

    max_files: int
    max_file_bytes: int
    max_record_bytes: int


class ArchivePlan(Value):
    """`none` for a record without files, `as-is` for one upload a file, `zip` for all in one archive; and why."""

    form: Form
    reason: str


class Archive(Value):
    """The files to upload; for `zip` one file, whose members are the manifest's files."""

    plan: ArchivePlan
    files: tuple[StoredFile, ...]

    @property
    def size_bytes(self) -> int:
        """Sum over the files to upload."""
        return sum(file.size_bytes for file in self.files)
