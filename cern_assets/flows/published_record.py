"""Stage 5, published_record: one draft a recid, its files, a comparison, publication, and a receipt.

Safe to repeat at any point: the draft is noted before any byte moves, a second attempt goes on with the same draft or
the record it became, and a receipt that got lost is found again by the record's identifier.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from cern_assets.documents.claims import claim
from cern_assets.documents.journal import latest
from cern_assets.errors import DepositRefusedError, PublicationConflictError, RepositoryUnavailableError, WaitingError
from cern_assets.flows.kept_fields import HOW_TO_KEEP_THEM
from cern_assets.flows.publish.affiliations import affiliated
from cern_assets.flows.publish.fenced import holding
from cern_assets.flows.publish.files import bring_files, compared_files, files_of, wrong_files
from cern_assets.flows.publish.identify import look_until, new_draft, note_draft, own_record
from cern_assets.flows.publish.others import strangers, trusted
from cern_assets.flows.publish.payload import doi_of, payload_of
from cern_assets.flows.publish.said import last_said
from cern_assets.flows.publish.wanted import Wanted, wanted_files
from cern_assets.flows.stages import Context, Made, Summary, Task
from cern_assets.metadata.comparison import COMPARED, differences
from cern_assets.metadata.custom_fields import SECTION
from cern_assets.metadata.merging import Merged, merge
from cern_assets.model.archives import Archive
from cern_assets.model.journal import EditWanted, JournalEntry, PublishSeen, PublishWanted, ReviewAsked
from cern_assets.model.manifests import Manifest
from cern_assets.model.metadata import Metadata
from cern_assets.model.publications import Draft, Published, Receipt, RemoteFile, RemoteRecord, Review
from cern_assets.model.values import Json, JsonObject
from cern_assets.ports import Repository


@dataclass(frozen=True)
class Complete:
    """A draft that holds the metadata and the files that are wanted, compared: what may be published."""

    draft: Draft


def rules(context: Context) -> str:
    """A receipt holds for one repository, whatever community it goes through."""
    return context.adapters.repository.url


def deposited(deposit: Metadata) -> Json:
    """What is sent of the metadata: the payload, and not the account of leaves."""
    return dict(deposit.payload)


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
        PublicationConflictError: the repository holds several records with this recid, or another with its DOI.
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
    deposit = affiliated(task.body("metadata", Metadata).payload, context.adapters.repository)
    receipt = _unchanged(context, task, deposit) if task.settled else None
    if receipt is not None:
        return Made(receipt)
    with holding(context, task.recid) as held:
        return Made(_brought(held, task, deposit))


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
    if receipt is None or receipt.look_until is not None:
        return None
    found = context.adapters.repository.find_published(context.adapters.crosswalk.identifier(task.recid))
    record = next((record for record in found if record.record_id == receipt.record_id), None)
    if record is None:
        return None
    others = [other for other in found if other.parent_id != record.parent_id]
    if any(other.owner == record.owner or trusted(other, context.collection.community) for other in others):
        return None
    if record.files is None or differences(payload_of(deposit, record.version_index), record.payload):
        return None
    wanted = wanted_files(context, task)
    if wrong_files(wanted, record.files):
        return None
    return _receipt(context, record, wanted, record.files).model_copy(update={"findings": strangers(others)})


def _brought(context: Context, task: Task, deposit: JsonObject) -> Receipt:
    """Find or make the record, bring it to what it should be, and compare: under the recid's lease."""
    wanted = wanted_files(context, task)
    entries = context.adapters.journal.entries(context.collection.name, task.recid)
    own = own_record(context, task, entries)
    fresh = own.record is None
    record: RemoteRecord = own.record or new_draft(context, task, payload_of(deposit, 1))
    merged = _merged(context, deposit, record, entries)
    if isinstance(record, Published):
        record = _reopened_if_changed(context, task, record, merged, wanted, entries=entries)
    if isinstance(record, Draft):
        if not fresh:
            _refuse_while_in_review(context, record)
        payload = payload_of(merged.payload, record.version_index)
        said_now = payload_of(deposit, record.version_index)
        if not fresh:  # of a fresh one, nobody said anything yet
            _note_intent(context, task, record, said=said_now)
        complete = _completed(context, record, payload, wanted, fresh=fresh)
        if fresh:
            _note_intent(context, task, record, said=said_now)
        record = _published(context, task, complete)
    receipt = _receipt(context, record, wanted, compared_files(wanted, record))
    findings = (*own.findings, *merged.findings)
    return receipt.model_copy(update={"findings": findings, "look_until": look_until(context, entries)})


def _merged(context: Context, deposit: JsonObject, record: RemoteRecord, entries: Sequence[JournalEntry]) -> Merged:
    """What is to be sent, with what people edited in the published record; in a draft, nothing is theirs.

    A draft may hold what an earlier attempt of ours put there, so that one of a new version is not compared itself.
    """
    repository = context.adapters.repository
    seen = latest(entries, PublishSeen)
    base: RemoteRecord | None = record
    if isinstance(record, Draft):
        known = seen.what if seen else None
        here = isinstance(known, PublishSeen) and known.repository == repository.url
        base = repository.read_published(known.record_id) if here and isinstance(known, PublishSeen) else None
    if base is None:
        payload = payload_of(deposit, record.version_index)
        return Merged(payload, differs=True)
    said = last_said(entries, repository.url)
    return merge(payload_of(deposit, base.version_index), base.payload, said, context.collection.edits)


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
        draft = repository.new_version(record.record_id)
        note_draft(context, task, draft)
        return draft
    if merged.differs:
        before = {section: record.payload[section] for section in COMPARED if section in record.payload}
        edit = EditWanted(repository=repository.url, record_id=record.record_id, before=before)
        context.adapters.journal.note(context.collection.name, task.recid, edit)
        draft = repository.edit(record.record_id)
        last = latest(entries, EditWanted, PublishSeen)
        ours = last is not None and isinstance(last.what, EditWanted)
        if not ours and differences(before, draft.payload):
            raise WaitingError(
                "Somebody is editing the record in the repository.",
                uri=draft.url,
                remedy="Have the edit published or given up, then run the recid again.",
            )
        return draft
    return record


def _refuse_while_in_review(context: Context, draft: Draft) -> None:
    """A draft that lies before a community is the community's: it is not changed under its reviewers' eyes."""
    review = context.adapters.repository.review(draft) if context.collection.community else None
    if review is not None and review.status == "waiting":
        raise _in_review(context, draft, review)


def _completed(context: Context, draft: Draft, payload: JsonObject, wanted: Wanted, *, fresh: bool) -> Complete:
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
    if not draft.is_edit:
        bring_files(wanted, draft, fresh=fresh)
    return Complete(draft)


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
    )
    context.adapters.journal.note(context.collection.name, task.recid, intent)


def _published(context: Context, task: Task, complete: Complete) -> Published:
    """The draft, published; that it was read so is noted after."""
    repository, draft = context.adapters.repository, complete.draft
    noted = {"repository": repository.url, "record_id": draft.record_id, "version_index": draft.version_index}
    community = context.collection.community
    if community is None or draft.is_edit or draft.in_community:
        published = _surely_published(repository, draft)
    else:
        published = _through_the_community(context, task, draft, community)
    seen = PublishSeen(**noted, url=published.url)
    context.adapters.journal.note(context.collection.name, task.recid, seen)
    return published


def _surely_published(repository: Repository, draft: Draft) -> Published:
    """Publish; where the answer was lost, reading settles whether it was done. It is never asked for twice.

    Raises:
        PublicationConflictError: another record has the DOI.
    """
    try:
        return repository.publish(draft)
    except DepositRefusedError as error:
        doi = doi_of(draft.payload)
        if doi is None or not (error.field or "").startswith("pids.doi"):
            raise
        raise PublicationConflictError(
            f"The repository does not take the DOI {doi}, as another record has it: {error.message}",
            uri=f"{repository.url}/search?{urlencode({'q': f'pids.doi.identifier:"{doi}"'})}",
            field="pids.doi",
            value=doi,
            remedy="Two source records state it, or somebody else brought it in: have their curators say whose it is.",
        ) from error
    except RepositoryUnavailableError:
        published = repository.read_published(draft.record_id)
        if published is None or repository.read_draft(draft.record_id) is not None:
            raise
        return published


def _through_the_community(context: Context, task: Task, draft: Draft, community: str) -> Published:
    """A record that begins in a community is published through the community's review."""
    repository = context.adapters.repository
    review = repository.submit_review(draft, community)
    asked = ReviewAsked(
        repository=repository.url, record_id=draft.record_id, community=community, request_id=review.request_id
    )
    context.adapters.journal.note(context.collection.name, task.recid, asked)
    if review.status == "waiting":
        raise _in_review(context, draft, review)
    if review.status == "refused":
        raise DepositRefusedError(
            f"The community {community} refused the record.", uri=draft.url, remedy="Ask its curators for the reason."
        )
    published = repository.read_published(draft.record_id)
    if published is None:
        raise RepositoryUnavailableError(f"The community {community} took {draft.url}, and it is not published.")
    return published


def _in_review(context: Context, draft: Draft, review: Review) -> WaitingError:
    return WaitingError(
        f"The community {context.collection.community} has to take the record.",
        ticket=review.request_id,
        uri=draft.url,
        remedy="Have a curator of the community accept it, then run this recid again.",
    )


def _receipt(context: Context, record: Published, wanted: Wanted, files: Sequence[RemoteFile]) -> Receipt:
    return Receipt(
        repository=context.adapters.repository.url,
        record_id=record.record_id,
        url=record.url,
        version_index=record.version_index,
        files=tuple(sorted(files, key=lambda file: file.key)),
        content=wanted.archive.content,
    )
