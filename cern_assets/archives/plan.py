"""Which form the files of a record take in the target."""

from cern_assets.archives.zip_stream import zip_size_bytes
from cern_assets.errors import ArchiveLimitError
from cern_assets.model.archives import ArchiveLimits, ArchivePlan
from cern_assets.model.manifests import Manifest


def plan_archive(manifest: Manifest, limits: ArchiveLimits) -> ArchivePlan:
    """Files go up as they are when the target takes them so, else in one ZIP when it takes that.

    Raises:
        ArchiveLimitError: no form fits, with the numbers that forbid it.
    """
    if not manifest.files:
        return ArchivePlan(form="none", reason="the record has no files")
    obstacle = _obstacle(manifest, limits)
    if obstacle is None:
        return ArchivePlan(form="as-is", reason=f"{len(manifest.files)} file(s) fit the repository's limits")
    zipped = zip_size_bytes(manifest.files)
    if zipped <= min(limits.max_file_bytes, limits.max_record_bytes):
        return ArchivePlan(form="zip", reason=obstacle)
    raise ArchiveLimitError(
        f"The files fit the repository in no form: {obstacle}, and one ZIP would have {zipped} bytes, where a file "
        f"may have {limits.max_file_bytes} and a record {limits.max_record_bytes}.",
        field="files",
        remedy="Ask for a higher quota and raise CERN_ASSETS_MAX_FILE_BYTES and CERN_ASSETS_MAX_RECORD_BYTES.",
    )


def _obstacle(manifest: Manifest, limits: ArchiveLimits) -> str | None:
    if len(manifest.files) > limits.max_files:
        return f"{len(manifest.files)} files are more than the {limits.max_files} that a record may have"
    largest = max(manifest.files, key=lambda file: file.size_bytes)
    if largest.size_bytes > limits.max_file_bytes:
        return f"{largest.key} has {largest.size_bytes} bytes, more than the {limits.max_file_bytes} of a file"
    if manifest.size_bytes > limits.max_record_bytes:
        return f"{manifest.size_bytes} bytes are more than the {limits.max_record_bytes} that a record may have"
    return None
