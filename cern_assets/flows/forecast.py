"""What a run would do for a recid, reckoned beforehand: its record is read and converted, and nothing is written.

What only the bytes tell (that they are not what their record declares) and what others do meanwhile is not known.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from pydantic import Field

from cern_assets.archives.listing import listing, listing_of_left
from cern_assets.archives.members import Member
from cern_assets.archives.plan import plan_archive, plan_order
from cern_assets.errors import ArchiveLimitError, CernAssetsError
from cern_assets.flows import metadata, raw_record
from cern_assets.flows.archive import room_beside
from cern_assets.flows.choosing import chosen, left_out
from cern_assets.flows.journey import status_of
from cern_assets.flows.raw_files import algorithms
from cern_assets.flows.stages import Context, Task
from cern_assets.flows.vouching import vouched
from cern_assets.model.archives import LISTING_KEY, ArchivePlan
from cern_assets.model.checksums import HEX_DIGITS, Checksum
from cern_assets.model.documents import Document
from cern_assets.model.events import CallMade, CallsPlanned, Event, Place, Planned, RecidPlan, utc_text
from cern_assets.model.identifiers import Recid
from cern_assets.model.manifests import StoredFile
from cern_assets.model.outcomes import STAGE_NAMES, Status
from cern_assets.model.records import SourceFile, SourceRecord
from cern_assets.model.values import Value, content_hash
from cern_assets.recording import Recorder, recorded_by
from cern_assets.transfers.movers import SMALL_BYTES

_REVIEW_CALLS = 3
_INCLUSION_CALLS = 2
"""Of a community's review, beside publishing, and of each further community (docs/reference/requests.md)."""


class Forecast(Value):
    """What a run would do for one recid. Sizes are bytes.

    `status` is `done` for one that would be published, `unchanged` for one that has a receipt, else what stops it, with
    `code` and `message`. `calls` are requests by system. `kept_bytes` are written into our store, `sent_bytes` into the
    repository. `lost_leaves` of the metadata arrive nowhere.
    """

    recid: Recid
    status: Status
    code: str = ""
    message: str = ""
    calls: Mapping[str, int] = Field(default_factory=dict)
    files: int = 0
    read_bytes: int = 0
    kept_bytes: int = 0
    sent_bytes: int = 0
    archives: int = 0
    archive_bytes: int = 0
    tape_files: int = 0
    tape_bytes: int = 0
    lost_leaves: int = 0
    over_quota: bool = False


def forecast(context: Context, recid: Recid) -> Forecast:
    """Reckon one recid; errors of the package are what would stop it."""
    calls: Counter[str] = Counter()

    def count(events: Sequence[Event]) -> None:
        calls.update(event.fact.system for event in events if isinstance(event.fact, CallMade))

    try:
        with recorded_by(Recorder(count, _place(context, recid))):
            made = _reckoned(context, recid)
    except CernAssetsError as error:
        made = Forecast(
            recid=recid, status=status_of(error), code=error.code, message=str(error),
            over_quota=isinstance(error, ArchiveLimitError),
        )  # fmt: skip
    return made.model_copy(update={"calls": dict(calls + Counter(made.calls))})


def keep(context: Context, made: Sequence[Forecast]) -> None:
    """Tell telemetry of plans, for the runs after them to be compared with (`sql/views/plan_and_fact.sql`).

    Raises:
        StorageFullError, StorageUnavailableError: they are not kept, or not all.
    """
    context.adapters.telemetry.emit(
        [Event(ts=utc_text(), place=_place(context, each.recid), fact=Planned(plan=_plan_of(each))) for each in made]
    )


def _plan_of(made: Forecast) -> RecidPlan:
    calls = tuple(CallsPlanned(system=system, calls=count) for system, count in sorted(made.calls.items()))
    same = {name: getattr(made, name) for name in RecidPlan.model_fields if name != "calls"}
    return RecidPlan(calls=calls, **same)


def _place(context: Context, recid: Recid) -> Place:
    return Place(
        run_id="", collection=context.collection.name, source=context.collection.source,
        repository=context.adapters.repository.url, recid=recid, stage=STAGE_NAMES[0],
    )  # fmt: skip


def _reckoned(context: Context, recid: Recid) -> Forecast:
    record = raw_record.make(context, Task(recid=recid, input_hash="", needs={}, previous=None)).body
    if context.adapters.documents.holds(context.collection.name, STAGE_NAMES[-1], recid):
        return Forecast(recid=recid, status="unchanged", calls={"repository": 1})
    taken, _ = chosen(context.collection, record.files)
    stay, files = left_out(context.collection, record.files), vouched(context, taken)
    if context.collection.files_mode == "reference":
        files = ()
    deposit = metadata.make(
        context, Task(recid=recid, input_hash="", needs=_needs(context, record), previous=None)
    ).body
    sizes = {file.key: _size(context, file) for file in files}
    stored = {file.key: _as_stored(context, file, sizes[file.key]) for file in files}
    order = plan_order(list(sizes))
    members = [Member(key, sizes[key]) for key in order]
    policy = context.collection.archive
    base = f"{context.collection.source}-{recid}"
    limits = room_beside(context.collection.limits, members, LISTING_KEY if stay else "")
    plan = plan_archive(members, limits, base=base, policy=policy)
    beside = len(listing(plan, [stored[key] for key in order])) if plan.form == "zips" else 0
    packed, total = sum(archive.size_bytes for archive in plan.archives), sum(sizes.values())
    kept = total if context.collection.files_mode == "mirror" else 0
    named = len(listing_of_left(stay)) if stay else 0
    tape = [sizes[file.key] for file in files if file.availability == "on demand"]
    calls = {"repository": _publishing_calls(plan, len(files), named=bool(stay))}
    calls["repository"] += _community_calls(context, deposit.communities)
    if files and context.adapters.files.uri(files[0].path).startswith("http"):  # other systems tell of no calls
        calls["files"] = sum(1 if sizes[file.key] <= SMALL_BYTES else 2 for file in files)
    return Forecast(
        recid=recid,
        status="waiting" if tape else "done",
        calls=calls,
        files=len(files),
        read_bytes=total,
        kept_bytes=kept + (packed if policy.copy_in_store else 0) + beside + named,
        sent_bytes=(packed + beside if plan.archives else total) + named,
        archives=len(plan.archives),
        archive_bytes=packed,
        tape_files=len(tape),
        tape_bytes=sum(tape),
        lost_leaves=sum(fate.leaves for fate in deposit.fates if fate.fate in {"dropped", "unmapped"}),
    )


def _needs(context: Context, record: SourceRecord) -> dict[str, Document[Value]]:
    document = Document[Value](
        collection=context.collection.name, source=context.collection.source, stage=STAGE_NAMES[0], recid=record.recid,
        input_hash=None, content_hash=content_hash(record), body=record,
    )  # fmt: skip
    return {STAGE_NAMES[0]: document}


def _size(context: Context, file: SourceFile) -> int:
    if file.size_bytes is not None:
        return file.size_bytes
    return context.adapters.places.reader(file.ref).size_bytes(file.path) or 0


def _as_stored(context: Context, file: SourceFile, size_bytes: int) -> StoredFile:
    """With checksums of the lengths that they will have."""
    wanted = algorithms(context.collection, file.checksum)
    checksums = tuple(Checksum(algorithm=name, value="0" * HEX_DIGITS[name]) for name in wanted)
    return StoredFile(key=file.key, ref=file.ref, size_bytes=size_bytes, checksums=checksums, verified=True)


def _publishing_calls(plan: ArchivePlan, files: int, *, named: bool) -> int:
    """Requests of a new record, as docs/reference/requests.md counts them."""
    uploads = len(plan.archives) + (plan.form == "zips") if plan.archives else files
    uploads += named
    return 5 + 2 * uploads if uploads else 4


def _community_calls(context: Context, communities: Sequence[str]) -> int:
    """Requests of the communities of a new record: the review of the first, and what the others are asked."""
    through = context.collection.community or next(iter(communities), None)
    further = sum(community != through for community in communities)
    read_again = 1 if further else 0
    return (_REVIEW_CALLS if through else 0) + _INCLUSION_CALLS * further + read_again
