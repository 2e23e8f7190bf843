"""`cern-assets archive`: plan, write, verify and repair archives of a folder, without Dagster or a repository."""

import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import PurePosixPath

import click

from cern_assets.archives.members import Member
from cern_assets.archives.plan import plan_archive
from cern_assets.cli import show
from cern_assets.errors import ConfigurationError
from cern_assets.model.archives import ArchiveLimits, ArchivePlan, ArchivePolicy
from cern_assets.places import store_at
from cern_assets.ports import FileStore
from cern_assets.settings import load_settings
from cern_assets.transfers.deflating import by_suffix, measured
from cern_assets.transfers.zip_files import (
    WrittenArchive,
    folder_members,
    repair_archive,
    verify_archive,
    with_checksums,
    write_folder,
)
from cern_assets.wiring import machine_slots

_SHOWN = 20
_NO_LIMIT = 2**63


@click.group("archive")
def command() -> None:
    """Plan, write, verify and repair ZIP archives.

    Folders and archives are local paths or root:// URLs.
    """


_JSON = click.option("--json", "json_", is_flag=True, help="One JSON object.")
_PREVIEW = click.option(
    "--preview", is_flag=True, help="Cut archives so small that InvenioRDM's pages list what is inside."
)
_DEFLATE = click.option(
    "--deflate",
    multiple=True,
    metavar="SUFFIX",
    help="Compress files of this suffix (.txt) where it helps.",
)


@command.command("plan")
@_JSON
@click.option("--max-files", type=click.IntRange(min=1), help="Files in a record; default: the settings'.")
@click.option("--max-file-bytes", type=click.IntRange(min=1), help="Bytes in a file; default: the settings'.")
@click.option("--max-record-bytes", type=click.IntRange(min=1), help="Bytes in a record; default: the settings'.")
@_PREVIEW
@_DEFLATE
@click.argument("folder")
def plan(  # noqa: PLR0917  options of the command
    json_: bool,
    max_files: int | None,
    max_file_bytes: int | None,
    max_record_bytes: int | None,
    preview: bool,
    deflate: tuple[str, ...],
    folder: str,
) -> None:
    """Say in which form the files of FOLDER would go into a record, and why; nothing is written.

    Nothing is read either, but for files that --deflate names.
    """
    settings = load_settings()
    limits = ArchiveLimits(
        max_files=max_files or settings.max_files,
        max_file_bytes=max_file_bytes or settings.max_file_bytes,
        max_record_bytes=max_record_bytes or settings.max_record_bytes,
    )
    with closing(store_at(folder, settings)) as store:
        members = _members(store, deflate=deflate)
    policy = ArchivePolicy(preview=preview, deflate=deflate)
    made = plan_archive(members, limits, base=PurePosixPath(folder.rstrip("/")).name or "archive", policy=policy)
    if json_:
        answer = {"form": made.form, "reason": made.reason, "warnings": made.warnings}
        show.as_json({**answer, "archives": _planned(made, members)})
        return
    click.echo(f"{made.form}: {made.reason}")
    _warn(made)
    if made.archives:
        rows = [
            [archive.key, str(archive.count), show.human_size(archive.size_bytes), archive.folder or "/"]
            for archive in made.archives
        ]
        show.table(["archive", "files", "size", "of folder"], rows)


@command.command("write")
@_JSON
@click.option("--max-file-bytes", type=click.IntRange(min=1), help="Write several archives, none larger than this.")
@_PREVIEW
@_DEFLATE
@click.argument("folder")
@click.argument("archive")
def write(  # noqa: PLR0917  options of the command
    json_: bool, max_file_bytes: int | None, preview: bool, deflate: tuple[str, ...], folder: str, archive: str
) -> None:
    """Write the files of FOLDER into ARCHIVE, the same bytes on any machine.

    More than fits into one archive, and names that differ in capitals only, go into several beside each other:
    NAME-01.zip and so on. Each byte is read once, but for files over 128 MiB, whose CRC-32 stands before their bytes,
    and those that are compressed. Compressed bytes depend on the zlib of the machine.
    """
    settings = load_settings()
    place, name = _split(archive)
    limits = ArchiveLimits(max_files=_NO_LIMIT, max_file_bytes=max_file_bytes or _NO_LIMIT, max_record_bytes=_NO_LIMIT)
    with closing(store_at(folder, settings)) as source, closing(store_at(place, settings)) as store:
        members = _members(source, but=store.uri(name), deflate=deflate)
        if not members:
            raise ConfigurationError("There are no files in this folder.", uri=folder, remedy="Give another folder.")
        policy = ArchivePolicy(always=True, preview=preview, deflate=deflate)
        made = plan_archive(members, limits, base=name.removesuffix(".zip"), policy=policy)
        keys = [name] if made.form == "zip" else [planned.key for planned in made.archives]
        slots = machine_slots(settings)
        written = []
        for key, planned in zip(keys, made.archives, strict=True):
            inside = members[planned.first : planned.first + planned.count]
            with slots.taken(planned.size_bytes), show.bytes_moved(key, planned.size_bytes) as moved:
                written.append(write_folder(store, key, source, inside, progress=moved))
    if not json_:
        _warn(made)
    _show_written(written, json_=json_)


@command.command("verify")
@_JSON
@click.option("--against", "folder", metavar="FOLDER", help="It should hold just the files of this folder.")
@click.argument("archive")
def verify(json_: bool, folder: str | None, archive: str) -> None:
    """Check ARCHIVE: its directory, its local headers, and every byte of its members.

    With --against, missing, foreign and changed members are found too. Exit code 1 if something is wrong; each finding
    says what, in which member, and where.
    """
    settings = load_settings()
    place, name = _split(archive)
    with closing(store_at(place, settings)) as store:
        expected = None
        if folder is not None:
            with closing(store_at(folder, settings)) as source:
                expected = with_checksums(source, _members(source, but=store.uri(name)))
        found = verify_archive(store, name, expected)
    flaws = [{"code": flaw.code, "member": flaw.member, "message": flaw.message} for flaw in found.flaws]
    if json_:
        answer = {"whole": found.whole, "members": found.members, "intact": len(found.intact), "findings": flaws}
        show.as_json({"archive": archive, **answer})
    else:
        if flaws:
            show.table(["finding", "member", "what"], [list(flaw.values()) for flaw in flaws])
        verdict = "whole" if found.whole else "NOT WHOLE"
        click.echo(f"{archive}: {verdict}, {len(found.intact)} of {found.members} members intact")
    sys.exit(0 if found.whole else 1)


@command.command("repair")
@_JSON
@click.option("--from", "folder", required=True, metavar="FOLDER", help="Where missing and damaged members are read.")
@click.option("--compare", is_flag=True, help="Read all files of the folder, to see those that changed at equal size.")
@_DEFLATE
@click.argument("archive")
def repair(json_: bool, folder: str, compare: bool, deflate: tuple[str, ...], archive: str) -> None:
    """Make ARCHIVE what a fresh one of the folder would be, byte for byte.

    Members that are intact are copied from the archive; only those that are damaged, missing or of another size are
    read from the folder. The old archive stays until the new one is whole.
    """
    settings = load_settings()
    place, name = _split(archive)
    with closing(store_at(folder, settings)) as source, closing(store_at(place, settings)) as store:
        members = _members(source, but=store.uri(name))
        if compare:
            members = with_checksums(source, members)
        size_bytes = sum(member.size_bytes for member in members)
        with machine_slots(settings).taken(size_bytes), show.bytes_moved(name, size_bytes) as moved:
            repaired = repair_archive(store, name, source, members, deflates=by_suffix(deflate), progress=moved)
    if json_:
        facts = {"kept": len(repaired.kept), "fetched": repaired.fetched, "fetched_bytes": repaired.fetched_bytes}
        show.as_json({**_as_json(repaired.written), **facts})
        return
    click.echo(
        f"{archive}: {len(repaired.kept)} members kept, {len(repaired.fetched)} read again "
        f"({show.human_size(repaired.fetched_bytes)})"
    )
    for member in repaired.fetched[:_SHOWN]:
        click.echo(f"  {member}")


def _members(folder: FileStore, but: str = "", deflate: Sequence[str] = ()) -> list[Member]:
    """All files of a folder in the order of a plan, but for the archive itself where it lies among them."""
    members = [member for member in folder_members(folder) if folder.uri(member.name) != but]
    return measured(members, folder.open, by_suffix(deflate))


def _warn(made: ArchivePlan) -> None:
    for warning in made.warnings:
        click.echo(f"Note: {warning}.")


def _split(archive: str) -> tuple[str, str]:
    """The folder an archive lies in, and its name."""
    folder, slash, name = archive.rpartition("/")
    if not name.endswith(".zip") or len(name) == len(".zip"):
        raise ConfigurationError(
            "This is no name of an archive.", value=archive, remedy="Give a path or root:// URL that ends in NAME.zip."
        )
    return (folder + slash if slash else "."), name


def _planned(made: ArchivePlan, members: Sequence[Member]) -> list[dict[str, object]]:
    return [
        {
            "key": archive.key,
            "size_bytes": archive.size_bytes,
            "folder": archive.folder,
            "members": [
                {"name": member.name, "size_bytes": member.size_bytes}
                for member in members[archive.first : archive.first + archive.count]
            ],
        }
        for archive in made.archives
    ]


def _show_written(written: Sequence[WrittenArchive], *, json_: bool) -> None:
    if json_:
        show.as_json({"archives": [_as_json(archive) for archive in written]})
        return
    rows = [
        [archive.path, str(len(archive.members)), show.human_size(archive.size_bytes), *map(str, archive.checksums)]
        for archive in written
    ]
    show.table(["archive", "files", "size", "md5", "sha256"], rows)


def _as_json(written: WrittenArchive) -> dict[str, object]:
    return {
        "name": written.path,
        "size_bytes": written.size_bytes,
        **{checksum.algorithm: checksum.value for checksum in written.checksums},
        "members": [
            {"name": member.name, "size_bytes": member.size_bytes, "crc32": f"{member.crc32:08x}"}
            for member in written.members
        ],
    }
