"""Stage 4, archive: bring the files into the form in which they will be uploaded."""

from cern_assets.archives.plan import plan_archive
from cern_assets.archives.zip_stream import zip_chunks, zip_size_bytes
from cern_assets.documents.paths import folder_of
from cern_assets.flows.stages import Context, Made, Summary, Task
from cern_assets.model.archives import Archive
from cern_assets.model.identifiers import Recid
from cern_assets.model.manifests import Manifest, StoredFile
from cern_assets.model.values import content_hash
from cern_assets.transfers.hashing import Hasher


def rules(context: Context) -> str:
    """The limits of the target decide about the form."""
    return content_hash(context.collection.limits)


def make(context: Context, task: Task) -> Made[Archive]:
    """Plan, and write the ZIP if the plan is one; files that go up as they are stay where they are.

    Raises:
        ArchiveLimitError: the files fit the target in no form.
        ChecksumMismatchError, SizeMismatchError: a stored file is no longer what the manifest says.
    """
    manifest = task.body("raw_files", Manifest)
    plan = plan_archive(manifest, context.collection.limits)
    files = (_write_zip(context, task.recid, manifest),) if plan.form == "zip" else manifest.files
    return Made(Archive(plan=plan, files=files))


def summarise(archive: Archive) -> Summary:
    """The form, why, and what will be uploaded."""
    return Summary(
        size_bytes=archive.size_bytes,
        files=len(archive.files),
        facts={"form": archive.plan.form, "reason": archive.plan.reason},
    )


def intact(context: Context, archive: Archive) -> bool:
    """Whether the files to upload are in the store with their sizes."""
    return all(context.adapters.store.size_bytes(file.path) == file.size_bytes for file in archive.files)


def _write_zip(context: Context, recid: Recid, manifest: Manifest) -> StoredFile:
    key = f"{context.collection.source}-{recid}.zip"
    path = f"{folder_of('archives', context.collection.name, recid)}/{key}"

    size_bytes = zip_size_bytes(manifest.files)
    hasher = Hasher(("crc32", "md5"))
    with context.adapters.store.create(path, size_bytes=size_bytes) as writer:
        for chunk in zip_chunks(manifest.files, lambda file: context.adapters.store.open(file.path)):
            hasher.update(chunk)
            writer.write(chunk)
        writer.commit()
    return StoredFile(key=key, path=path, size_bytes=size_bytes, checksums=hasher.checksums(), verified=True)
