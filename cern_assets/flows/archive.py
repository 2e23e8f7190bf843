"""Stage 4, archive: bring the files into the form in which they will be uploaded."""

from collections.abc import Sequence

from cern_assets.archives.layout import LAYOUT
from cern_assets.archives.listing import listing
from cern_assets.archives.members import Member
from cern_assets.archives.plan import plan_archive, tree_order
from cern_assets.documents.paths import folder_of
from cern_assets.flows.damage import reading_ours
from cern_assets.flows.stages import Context, Made, Summary, Task
from cern_assets.flows.tidying import clear_the_way, tidy
from cern_assets.model.archives import MANIFEST_KEY, Archive, ArchivePlan, PlannedArchive
from cern_assets.model.checksums import Algorithm, Checksum
from cern_assets.model.files import FileRef
from cern_assets.model.manifests import Manifest, StoredFile
from cern_assets.model.values import Json, content_hash
from cern_assets.transfers.hashing import Hasher
from cern_assets.transfers.members import known_members
from cern_assets.transfers.zip_files import write_archive

_DIGESTS: tuple[Algorithm, ...] = ("crc32", "md5")


def rules(context: Context) -> str:
    """The limits of the target decide about the form, and whether the collection wants all packed.

    `LAYOUT` stands for the code that plans and writes: a change that leaves the archives as they are redoes none.
    """
    policy = context.collection
    return content_hash([policy.limits.model_dump(), policy.always_zip, LAYOUT])


def stored(manifest: Manifest) -> Json:
    """What the archive is made of: where each stored file lies, its size and its checksums."""
    return [[file.key, file.ref.model_dump(), file.size_bytes, *map(str, file.checksums)] for file in manifest.files]


def make(context: Context, task: Task) -> Made[Archive]:
    """Plan, and write the ZIPs if the plan has some; files that go up as they are stay where they are.

    Raises:
        ArchiveLimitError: the files fit the target in no form.
        StoredFileDamagedError: a stored file is no longer what the manifest says.
    """
    manifest = task.body("raw_files", Manifest)
    files = sorted(manifest.files, key=lambda file: tree_order(file.key))
    base = f"{context.collection.source}-{task.recid}"
    plan = plan_archive(
        [_member(file) for file in files],
        context.collection.limits,
        base=base,
        always_zip=context.collection.always_zip,
    )
    folder = folder_of("archives", context.collection.name, task.recid)
    wanted = {f"{folder}/{archive.key}" for archive in plan.archives}
    wanted |= {f"{folder}/{MANIFEST_KEY}"} if plan.form == "zips" else set()
    present = clear_the_way(context, folder, wanted)
    written = [_write_zip(context, f"{folder}/{archive.key}", archive, files) for archive in plan.archives]
    if plan.form == "zips":
        written.append(_write_listing(context, f"{folder}/{MANIFEST_KEY}", plan, files))
    tidy(context, folder, present - wanted)
    return Made(Archive(plan=plan, files=tuple(written) if plan.archives else manifest.files))


def summarise(archive: Archive) -> Summary:
    """The form, why, and what will be uploaded."""
    return Summary(
        size_bytes=archive.size_bytes,
        files=len(archive.files),
        facts={
            "form": archive.plan.form,
            "reason": archive.plan.reason,
            "archives": {plan.key: f"{plan.count} files of {plan.folder or '/'}" for plan in archive.plan.archives},
        },
    )


def intact(context: Context, archive: Archive) -> bool:
    """Whether the files to upload are in the store with their sizes."""
    places = context.adapters.places
    return all(places.size_bytes(file.ref) == file.size_bytes for file in archive.files)


def _write_zip(context: Context, path: str, archive: PlannedArchive, files: Sequence[StoredFile]) -> StoredFile:
    chosen = files[archive.first : archive.first + archive.count]
    members, places = [_member(file) for file in chosen], context.adapters.places
    refs = {file.key: file.ref for file in chosen}
    stop = context.shared.cancellation
    with context.shared.slots.taken(archive.size_bytes), reading_ours(context, chosen):
        pairs = known_members(members, lambda name: stop.checked(places.open(refs[name])))
        written = write_archive(context.adapters.store, path, members, pairs, _DIGESTS)
    return _stored_file(archive.key, path, written.size_bytes, written.checksums)


def _write_listing(context: Context, path: str, plan: ArchivePlan, files: Sequence[StoredFile]) -> StoredFile:
    content = listing(plan, files)
    hasher = Hasher(_DIGESTS)
    hasher.update(content)
    with context.adapters.store.create(path, size_bytes=len(content)) as writer:
        writer.write(content)
        writer.commit()
    return _stored_file(MANIFEST_KEY, path, len(content), hasher.checksums())


def _stored_file(key: str, path: str, size_bytes: int, checksums: tuple[Checksum, ...]) -> StoredFile:
    ref = FileRef(place="store", path=path)
    return StoredFile(key=key, ref=ref, size_bytes=size_bytes, checksums=checksums, verified=True)


def _member(file: StoredFile) -> Member:
    crc = file.checksum("crc32")
    assert crc is not None, "every stored file has a CRC-32"
    return Member(file.key, file.size_bytes, int(crc.value, 16))
