"""Stage 4, archive: bring the files into the form in which they will be uploaded."""

import time
from collections.abc import Mapping, Sequence

from cern_assets.archives.layout import LAYOUT
from cern_assets.archives.listing import listing, listing_of_left
from cern_assets.archives.members import Member
from cern_assets.archives.plan import plan_archive, plan_order
from cern_assets.documents.paths import folder_of
from cern_assets.errors import ArchiveLimitError
from cern_assets.flows.damage import reading_ours
from cern_assets.flows.reading import member_bytes, opened
from cern_assets.flows.stages import Context, Made, Summary, Task
from cern_assets.flows.tidying import clear_the_way, tidy
from cern_assets.model.archives import LISTING_KEY, MANIFEST_KEY, Archive, ArchiveLimits, PlannedArchive
from cern_assets.model.checksums import Algorithm, Checksum
from cern_assets.model.events import ArchiveWritten, How
from cern_assets.model.files import FileRef
from cern_assets.model.manifests import Manifest, StoredFile
from cern_assets.model.values import Json, content_hash
from cern_assets.recording import note
from cern_assets.transfers.deflating import by_suffix, measured
from cern_assets.transfers.hashing import Hasher
from cern_assets.transfers.progress import Progress
from cern_assets.transfers.zip_files import write_archive

_DIGESTS: tuple[Algorithm, ...] = ("crc32", "md5")


def rules(context: Context) -> str:
    """The limits of the target decide about the form, and whether the collection wants all packed.

    `LAYOUT` stands for the code that plans and writes: a change that leaves the archives as they are redoes none.
    """
    policy = context.collection
    return content_hash([policy.limits.model_dump(), policy.archive.model_dump(), LAYOUT])


def stored(manifest: Manifest) -> Json:
    """What the archive is made of: where each stored file lies, its size and its checksums."""
    files: list[Json] = [
        [file.key, file.ref.model_dump(), file.size_bytes, *map(str, file.checksums)] for file in manifest.carried
    ]
    return [files, [file.model_dump(mode="json") for file in manifest.left_out]] if manifest.left_out else files


def make(context: Context, task: Task) -> Made[Archive]:
    """Plan, and write the ZIPs if the plan has some; files that go up as they are stay where they are.

    Raises:
        ArchiveLimitError: the files fit the target in no form.
        StoredFileDamagedError: a stored file is no longer what the manifest says.
    """
    manifest, policy = task.body("raw_files", Manifest), context.collection.archive
    files, members = packed_files(context, manifest)
    base = f"{context.collection.source}-{task.recid}"
    listed = _listing_key(manifest)
    plan = plan_archive(members, room_beside(context.collection.limits, members, listed), base=base, policy=policy)
    folder = folder_of("archives", context.collection.name, task.recid)
    kept_here = [archive.key for archive in plan.archives if policy.copy_in_store]
    wanted = {f"{folder}/{key}" for key in kept_here}
    wanted |= {f"{folder}/{MANIFEST_KEY}"} if plan.form == "zips" else set()
    wanted |= {f"{folder}/{listed}"} if listed else set()
    present = clear_the_way(context, folder, wanted)
    if policy.copy_in_store:
        written = [_write_zip(context, folder, archive, files, members) for archive in plan.archives]
    else:
        written = [_for_the_upload(archive, files) for archive in plan.archives]
    if plan.form == "zips":
        written.append(_write_listing(context, MANIFEST_KEY, folder, listing(plan, files)))
    beside = (_write_listing(context, listed, folder, listing_of_left(manifest.left_out)),) if listed else ()
    tidy(context, folder, present.keys() - wanted)
    content = content_hash([LAYOUT, plan.model_dump(), stored(manifest)])
    if not plan.archives:
        return Made(Archive(plan=plan, files=(*manifest.carried, *beside), content=content))
    deflated = {member.name: member.packed_bytes for member in members if member.deflated_bytes is not None}
    return Made(Archive(plan=plan, files=(*written, *beside), content=content, packed=deflated))


def packed_files(
    context: Context, manifest: Manifest, known: Mapping[str, int] | None = None
) -> tuple[list[StoredFile], list[Member]]:
    """The stored files in the order of the plan, each with the member that it becomes.

    `known` has the compressed sizes of an earlier time, by key; without it, what the policy wants compressed is
    measured.
    """
    by_key = {file.key: file for file in manifest.carried}
    files = [by_key[key] for key in plan_order(list(by_key))]
    members = [_member(file, (known or {}).get(file.key)) for file in files]
    if known is None and context.collection.archive.deflate:
        with reading_ours(context, files):
            deflates = by_suffix(context.collection.archive.deflate)
            members = measured(members, lambda name: opened(context, by_key[name]), deflates)
    return files, members


def summarise(archive: Archive) -> Summary:
    """The form, why, and what will be uploaded."""
    return Summary(
        size_bytes=archive.size_bytes,
        files=len(archive.files),
        archives=len(archive.plan.archives),
        facts={
            "form": archive.plan.form,
            "reason": archive.plan.reason,
            "warnings": list(archive.plan.warnings),
            "archives": {plan.key: f"{plan.count} files of {plan.folder or '/'}" for plan in archive.plan.archives},
        },
    )


def intact(context: Context, archive: Archive) -> bool:
    """Whether the files to upload that lie in our store are there with their sizes."""
    places = context.adapters.places
    lying = (file for file in archive.files if file.ref.place == "store")
    return all(places.size_bytes(file.ref) == file.size_bytes for file in lying)


def _write_zip(
    context: Context, folder: str, archive: PlannedArchive, files: Sequence[StoredFile], members: Sequence[Member]
) -> StoredFile:
    path = f"{folder}/{archive.key}"
    chosen = files[archive.first : archive.first + archive.count]
    inside = members[archive.first : archive.first + archive.count]
    started = time.monotonic()
    told = Progress(f"archive {path}", archive.size_bytes)
    with context.shared.slots.taken(archive.size_bytes), reading_ours(context, chosen):
        pairs = member_bytes(context, chosen, inside)
        written = write_archive(context.adapters.store, path, inside, pairs, _DIGESTS, progress=told.moved)
    _note(archive, chosen, "moved", time.monotonic() - started)
    return _stored_file(archive.key, path, written.size_bytes, written.checksums)


def _note(archive: PlannedArchive, chosen: Sequence[StoredFile], how: How, elapsed_seconds: float = 0.0) -> None:
    note(
        ArchiveWritten(
            key=archive.key,
            files=archive.count,
            size_bytes=archive.size_bytes,
            content_bytes=sum(file.size_bytes for file in chosen),
            how=how,
            elapsed_seconds=elapsed_seconds,
        )
    )


def _for_the_upload(archive: PlannedArchive, files: Sequence[StoredFile]) -> StoredFile:
    """An archive that lies nowhere: its bytes are made when they are sent, and its checksums are known then."""
    _note(archive, files[archive.first : archive.first + archive.count], "by reference")
    ref = FileRef(place="upload", path=archive.key)
    return StoredFile(key=archive.key, ref=ref, size_bytes=archive.size_bytes, checksums=(), verified=False)


def _listing_key(manifest: Manifest) -> str:
    """The name of the file that names what stays at the source, "" where nothing does; no other file has it."""
    key, taken = LISTING_KEY, {file.key for file in manifest.carried}
    while key in taken:
        key = f"_{key}"
    return key if manifest.left_out else ""


def room_beside(limits: ArchiveLimits, members: Sequence[Member], listed: str) -> ArchiveLimits:
    """What the target takes besides that file.

    Raises:
        ArchiveLimitError: nothing.
    """
    if not listed or not members:
        return limits
    if limits.max_files == 1:
        raise ArchiveLimitError(
            f"A record of the target has one file, and {listed} is needed beside the others.",
            field="files",
            remedy="Raise CERN_ASSETS_MAX_FILES, or bring all files of the record.",
        )
    return limits.model_copy(update={"max_files": limits.max_files - 1})


def _write_listing(context: Context, key: str, folder: str, content: bytes) -> StoredFile:
    path = f"{folder}/{key}"
    hasher = Hasher(_DIGESTS)
    hasher.update(content)
    with context.adapters.store.create(path, size_bytes=len(content)) as writer:
        writer.write(content)
        writer.commit()
    return _stored_file(key, path, len(content), hasher.checksums())


def _stored_file(key: str, path: str, size_bytes: int, checksums: tuple[Checksum, ...]) -> StoredFile:
    ref = FileRef(place="store", path=path)
    return StoredFile(key=key, ref=ref, size_bytes=size_bytes, checksums=checksums, verified=True)


def _member(file: StoredFile, deflated_bytes: int | None) -> Member:
    crc = file.checksum("crc32")  # that of a file which nobody has read yet is computed while it is packed
    return Member(file.key, file.size_bytes, int(crc.value, 16) if crc else 0, deflated_bytes)
