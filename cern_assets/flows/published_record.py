"""Stage 5, published_record: one draft a recid, its files, a comparison, publication, and a receipt.

Safe to repeat at any point: the draft is noted before any byte moves, a second attempt goes on with the same draft or
the record it became, and a receipt that got lost is found again by the record's identifier.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cern_assets.documents.claims import claim
from cern_assets.documents.journal import latest
from cern_assets.errors import DepositRefusedError, DoiTakenError, RepositoryUnavailableError, WaitingError
from cern_assets.flows.kept_fields import HOW_TO_KEEP_THEM
from cern_assets.flows.publish.affiliations import affiliated
from cern_assets.flows.publish.communities import beginning_in, further_asked, still_asked
from cern_assets.flows.publish.dois import of_its_own, telling_taken
from cern_assets.flows.publish.dois import told as told_of_doi
from cern_assets.flows.publish.fenced import holding
from cern_assets.flows.publish.files import bring_files, compared_files, files_of, wrong_files
from cern_assets.flows.publish.identify import look_until, new_draft, note_draft, own_record, reviewed_by
from cern_assets.flows.publish.others import strangers, trusted
from cern_assets.flows.publish.payload import doi_among_identifiers, doi_of, payload_of
from cern_assets.flows.publish.review import heed_review, through_the_community
from cern_assets.flows.publish.said import last_said
from cern_assets.flows.publish.wanted import Wanted, wanted_files
from cern_assets.flows.stages import Context, Made, Summary, Task
from cern_assets.metadata.comparison import COMPARED, differences
from cern_assets.metadata.custom_fields import SECTION
from cern_assets.metadata.merging import Merged, merge
from cern_assets.model.archives import Archive
from cern_assets.model.identifiers import Recid
from cern_assets.model.journal import (
    DraftsDiscarded,
    EditWanted,
    JournalEntry,
    PublishSeen,
    PublishWanted,
    RecordFound,
    VersionWanted,
)
from cern_assets.model.manifests import Manifest
from cern_assets.model.metadata import Metadata
from cern_assets.model.publications import Draft, FileWay, Published, Receipt, RemoteFile, RemoteRecord
from cern_assets.model.values import Json, JsonObject
from cern_assets.ports import Repository


@dataclass(frozen=True)
class Complete:
    """A draft that holds the metadata and the files that are wanted, compared: what may be published."""

    draft: Draft
    ways: tuple[FileWay, ...] = ()


def rules(context: Context) -> str:
    """A receipt holds for one repository, whatever community it goes through."""
    return context.adapters.repository.url


def deposited(deposit: Metadata) -> Json:
    """What is sent of the metadata: the payload and the communities to be asked, and not the account of leaves."""
    payload = dict(deposit.payload)
    return [payload, list(deposit.communities)] if deposit.communities else payload


def packed(archive: Archive) -> Json:
    """What is sent of the files: key, size and MD5, wherever they lie; of what is made for the upload, its content."""
    content = "" if all(file.ref.place == "store" for file in archive.files) else archive.content
    files: list[Json] = [[file.key, file.size_bytes, str(file.checksum("md5"))] for file in archive.files]
    return [content, *files]


def read_for_the_upload(_manifest: Manifest) -> Json:
    """Nothing: the stored files are read for archives that lie nowhere, of which `packed` tells the content."""
    return None


def make(context: Context, task: Task) -> Made[Receipt]:
    """Bring the repository to hold this deposit with these files, published, and read it back.

    Raises:
        DepositRefusedError: the repository refuses the deposit, or changed what was sent.
        RecordClaimedError: another collection brings the recid into this repository.
        PublicationConflictError: the repository holds several records with this recid.
        WaitingError: a community has to take the record first, or the search has to catch up.
        RecordHeldError: another process is publishing the record.
        TargetCopyDamagedError, StoredFileDamagedError: its copy of a file is not ours, or ours is damaged.
        MissingInputError: our store has lost a file since it was archived.
        RepositoryUnavailableError, CredentialsRefusedError: it did not answer, or refused the token.
    """
    claim(
        context.adapters.store,
        context.collection.name,
        source=context.collection.source,
        repository=context.adapters.repository.url,
        recid=task.recid,
    )
    made = task.body("metadata", Metadata)
    context = beginning_in(context, made.communities)
    deposit = affiliated(made.payload, context.adapters.repository, stated=dict(made.rors))
    receipt = _unchanged(context, task, deposit) if task.settled else None
    if receipt is not None:
        return Made(receipt)
    with holding(context, task.recid) as held:
        try:
            return Made(_brought(held, task, deposit, doi=doi_of(deposit)))
        except DoiTakenError:
            # The search did not show the other record yet.
            return Made(_brought(held, task, doi_among_identifiers(deposit), doi=doi_of(deposit)))


def summarise(receipt: Receipt) -> Summary:
    """Where the record is published, and what the repository holds of it."""
    return Summary(
        size_bytes=sum(file.size_bytes or 0 for file in receipt.files),
        files=len(receipt.files),
        url=receipt.url,
        findings=receipt.findings,
        facts={"record_id": receipt.record_id, "version": receipt.version_index, "repository": receipt.repository},
    )


def _unchanged(context: Context, task: Task, deposit: JsonObject) -> Receipt | None:
    """The receipt, if the repository's search shows this record under the recid, no other of ours, and as it should be.

    One request and no write: whatever else it shows is looked at under the lease, by id.
    """
    receipt = task.previous_body(Receipt)
    if receipt is None or receipt.look_until is not None or _is_unknown(context, task.recid):
        return None
    identifier, doi = context.adapters.crosswalk.identifier(task.recid), doi_of(deposit)
    shown = context.adapters.repository.find_published(identifier, doi=doi)
    found = [record for record in shown if record.has_identifier(identifier)]
    record = next((record for record in found if record.record_id == receipt.record_id), None)
    if record is None:
        return None
    sharing = [record for record in shown if record not in found]
    deposit = of_its_own(deposit, record, sharing)
    others = [other for other in found if other.parent_id != record.parent_id]
    if any(other.owner == record.owner or trusted(other, context.collection.community) for other in others):
        return None
    if record.files is None or differences(payload_of(deposit, record.version_index), record.payload):
        return None
    wanted = wanted_files(context, task)
    if wrong_files(wanted, record.files):
        return None
    now = _receipt(context, record, wanted, record.files, _earlier_ways(task))
    told = told_of_doi(now.repository, doi, deposit, record, sharing)
    return now.model_copy(update={"findings": (*strangers(others), *told, *still_asked(receipt.findings, record))})


def _brought(context: Context, task: Task, deposit: JsonObject, *, doi: str | None) -> Receipt:
    """Find or make the record, bring it to what it should be, and compare: under the recid's lease.

    `doi` is what the source states, wherever the deposit has it.
    """
    wanted = wanted_files(context, task)
    entries = context.adapters.journal.entries(context.collection.name, task.recid)
    own = own_record(context, task, entries, doi=doi)
    deposit = of_its_own(deposit, own.record, own.sharing)
    fresh, ways = own.record is None, _earlier_ways(task)
    record: RemoteRecord = own.record or new_draft(context, task, payload_of(deposit, 1))
    merged = _merged(context, deposit, record, entries)
    if isinstance(record, Published):
        record = _reopened_if_changed(context, task, record, merged, wanted, entries=entries)
    if isinstance(record, Draft):
        if not fresh:
            said = payload_of(deposit, record.version_index)
            heed_review(context, task, record, said=said, entries=entries)
            _note_intent(context, task, record, said=said)  # of a fresh one, it was noted with it
        payload = payload_of(merged.payload, record.version_index)
        earlier = task.previous_body(Receipt)
        complete = _completed(context, record, payload, wanted, fresh=fresh, entries=entries, earlier=earlier)
        record = _published(context, task, complete)
        ways = {**ways, **{way.key: way for way in complete.ways}}
    elif not any(getattr(entry.what, "repository", None) == context.adapters.repository.url for entry in entries):
        _note_found(context, task, record)
    receipt = _receipt(context, record, wanted, compared_files(wanted, record), ways)
    told = told_of_doi(receipt.repository, doi, deposit, record, own.sharing)
    asked = further_asked(context, task, record, task.body("metadata", Metadata).communities, entries=entries)
    findings = (*own.findings, *told, *merged.findings, *asked)
    return receipt.model_copy(update={"findings": findings, "look_until": look_until(context, entries)})


def _merged(context: Context, deposit: JsonObject, record: RemoteRecord, entries: Sequence[JournalEntry]) -> Merged:
    """What is to be sent, with what people edited in the published record; in a draft, nothing is theirs.

    A draft may hold what an earlier attempt of ours put there, so that it is not compared itself, but the record that
    it is to follow or to replace.
    """
    repository = context.adapters.repository
    base = _followed(repository, entries) if isinstance(record, Draft) else record
    if base is None:
        payload = payload_of(deposit, record.version_index)
        return Merged(payload, differs=True)
    said = last_said(entries, repository.url)
    return merge(payload_of(deposit, base.version_index), base.payload, said, context.collection.edits)


def _followed(repository: Repository, entries: Sequence[JournalEntry]) -> Published | None:
    """The published record of which a draft was begun, or that was seen last; a killed run noted the first alone."""
    here = [entry for entry in entries if getattr(entry.what, "repository", None) == repository.url]
    known = latest(here, PublishSeen, VersionWanted, EditWanted)
    if known is None or not isinstance(known.what, PublishSeen | VersionWanted | EditWanted):
        return None
    return repository.read_published(known.what.record_id)


def _reopened_if_changed(
    context: Context,
    task: Task,
    record: Published,
    merged: Merged,
    wanted: Wanted,
    *,
    entries: Sequence[JournalEntry],
) -> RemoteRecord:
    """The published record itself if it is as it should be, else a draft of it: a new version if files changed."""
    repository = context.adapters.repository
    if wrong_files(wanted, files_of(repository, record)):
        version = VersionWanted(repository=repository.url, record_id=record.record_id)
        context.adapters.journal.note(context.collection.name, task.recid, version)
        draft = repository.new_version(record.record_id)
        note_draft(context, task, draft)
        return draft
    if merged.differs:
        before = {section: record.payload[section] for section in COMPARED if section in record.payload}
        edit = EditWanted(repository=repository.url, record_id=record.record_id, before=before)
        context.adapters.journal.note(context.collection.name, task.recid, edit)
        draft = repository.edit(record.record_id)
        last = latest(entries, EditWanted, PublishSeen, DraftsDiscarded)
        ours = last is not None and isinstance(last.what, EditWanted)
        if not ours and differences(before, draft.payload):
            raise WaitingError(
                "Somebody is editing the record in the repository.",
                uri=draft.url,
                remedy="Have the edit published or given up, then run the recid again.",
            )
        return draft
    return record


def _completed(
    context: Context,
    draft: Draft,
    payload: JsonObject,
    wanted: Wanted,
    *,
    fresh: bool,
    entries: Sequence[JournalEntry],
    earlier: Receipt | None,
) -> Complete:
    """The draft with this payload and these files, compared; a fresh one was made of the payload."""
    if not fresh:
        draft = context.adapters.repository.update_draft(draft.record_id, payload)
    # Files are brought below; that they are missing now is no fault of the deposit.
    problems = tuple(problem for problem in draft.problems if not problem.startswith("files"))
    problems += differences(payload, draft.payload)
    if problems:
        raise DepositRefusedError(
            f"The repository does not take the deposit as it is: {'; '.join(problems[:5])}.",
            uri=draft.url,
            field=problems[0].split(":")[0],
            remedy=_remedy(problems),
        )
    if draft.is_edit:
        return Complete(draft)
    return Complete(draft, bring_files(wanted, draft, fresh=fresh, entries=entries, earlier=earlier))


def _remedy(problems: Sequence[str]) -> str:
    if any(problem.startswith(f"{SECTION}.") for problem in problems):
        return f"Nothing was published. The repository does not keep the fields of profile `cern`. {HOW_TO_KEEP_THEM}"
    return "Nothing was published. Correct the crosswalk, or the repository's vocabularies."


def _note_intent(context: Context, task: Task, draft: Draft, *, said: JsonObject) -> None:
    """Note what the draft is about to say, before it is sent: an attempt that ends halfway leaves our words there."""
    intent = PublishWanted(
        repository=context.adapters.repository.url,
        record_id=draft.record_id,
        version_index=draft.version_index,
        said=said,
        community=reviewed_by(context, draft),
    )
    context.adapters.journal.note(context.collection.name, task.recid, intent)


def _is_unknown(context: Context, recid: Recid) -> bool:
    """Whether the journal, of which each record of ours has a part, was lost."""
    return not context.adapters.journal.holds(context.collection.name, recid)


def _note_found(context: Context, task: Task, record: Published) -> None:
    """Note a record of which the journal knows nothing, so that it is known again of which recids we look after one."""
    found = RecordFound(
        repository=context.adapters.repository.url,
        record_id=record.record_id,
        version_index=record.version_index,
        url=record.url,
    )
    context.adapters.journal.note(context.collection.name, task.recid, found)


def _published(context: Context, task: Task, complete: Complete) -> Published:
    """The draft, published; that it was read so is noted after."""
    repository, draft = context.adapters.repository, complete.draft
    noted = {"repository": repository.url, "record_id": draft.record_id, "version_index": draft.version_index}
    community = reviewed_by(context, draft)
    if community:
        published = through_the_community(context, task, draft, community)
    else:
        published = _surely_published(repository, draft)
    seen = PublishSeen(**noted, url=published.url)
    context.adapters.journal.note(context.collection.name, task.recid, seen)
    return published


def _surely_published(repository: Repository, draft: Draft) -> Published:
    """Publish; where the answer was lost, reading settles whether it was done. It is never asked for twice.

    Raises:
        DoiTakenError: another record has the DOI.
    """
    try:
        with telling_taken(draft):
            return repository.publish(draft)
    except RepositoryUnavailableError:
        published = repository.read_published(draft.record_id)
        if published is None or repository.read_draft(draft.record_id) is not None:
            raise
        return published


def _earlier_ways(task: Task) -> dict[str, FileWay]:
    """How files went into the repository that the receipt of the last time tells of, by key."""
    receipt = task.previous_body(Receipt)
    return {way.key: way for way in receipt.ways} if receipt is not None else {}


def _receipt(
    context: Context, record: Published, wanted: Wanted, files: Sequence[RemoteFile], ways: Mapping[str, FileWay]
) -> Receipt:
    present = sorted(file.key for file in files)
    return Receipt(
        repository=context.adapters.repository.url,
        record_id=record.record_id,
        url=record.url,
        version_index=record.version_index,
        files=tuple(sorted(files, key=lambda file: file.key)),
        ways=tuple(ways[key] for key in present if key in ways),
        content=wanted.archive.content,
    )
