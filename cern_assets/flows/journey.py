"""The journey of one recid: five stages in order, and the one rule that decides what is done.

Each stage's document records the hash of its inputs: the parts that it depends on of the documents before it, and the
version of its rules. Equal means there is nothing to do, different means do it again. Skipping, resuming after a crash,
noticing changes and the data versions that Dagster shows are all this one comparison.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Any

from cern_assets.errors import (
    CernAssetsError,
    LeftOutError,
    MissingInputError,
    PermanentError,
    RecordAliasError,
    RecordWithdrawnError,
    WaitingError,
)
from cern_assets.flows import archive, metadata, published_record, raw_files, raw_record
from cern_assets.flows.publish import withdrawal
from cern_assets.flows.stages import Context, Stage, Summary, Task
from cern_assets.model.archives import Archive
from cern_assets.model.documents import Document
from cern_assets.model.identifiers import Recid
from cern_assets.model.manifests import Manifest
from cern_assets.model.metadata import Metadata
from cern_assets.model.outcomes import Problem, StageOutcome, Status
from cern_assets.model.publications import Receipt
from cern_assets.model.records import SourceRecord
from cern_assets.model.values import Json, Value, content_hash
from cern_assets.recording import begin_stage

# Stages differ in the type of their bodies; the table holds them all.
type AnyStage = Stage[Any]
type Known = dict[str, Document[Value]]

STAGES: tuple[AnyStage, ...] = (
    Stage(
        name="raw_record",
        kind="json",
        description="The record as the source answers it, parsed; its irregularities are findings.",
        body=SourceRecord,
        needs={},
        rules=raw_record.rules,
        make=raw_record.make,
        summarise=raw_record.summarise,
        looks_outside=True,
    ),
    Stage(
        name="raw_files",
        kind="file",
        description="Every file of the record: read once, verified against the source's checksum, and stored.",
        body=Manifest,
        needs={"raw_record": raw_files.listed},
        rules=raw_files.rules,
        make=raw_files.make,
        summarise=raw_files.summarise,
        intact=raw_files.intact,
    ),
    Stage(
        name="metadata",
        kind="json",
        description="The InvenioRDM record made by the crosswalk, validated; every leaf of the source has its fate.",
        body=Metadata,
        needs={"raw_record": metadata.described},
        rules=metadata.rules,
        decided=metadata.decided,
        make=metadata.make,
        summarise=metadata.summarise,
    ),
    Stage(
        name="archive",
        kind="zip",
        description="The files in the form in which they are uploaded: as they are, or one deterministic ZIP.",
        body=Archive,
        needs={"raw_files": archive.stored},
        rules=archive.rules,
        make=archive.make,
        summarise=archive.summarise,
        intact=archive.intact,
    ),
    Stage(
        name="published_record",
        kind="invenio",
        description="The record in the repository, compared field by field and byte by byte with what was sent.",
        body=Receipt,
        needs={
            "metadata": published_record.deposited,
            "archive": published_record.packed,
            "raw_files": published_record.read_for_the_upload,
        },
        rules=published_record.rules,
        make=published_record.make,
        summarise=published_record.summarise,
        looks_outside=True,
    ),
)


def stage_named(name: str) -> AnyStage:
    """The row of a stage.

    Raises:
        KeyError: there is none of that name.
    """
    return {stage.name: stage for stage in STAGES}[name]


def travel(context: Context, recid: Recid, stages: Sequence[AnyStage] = STAGES) -> Iterator[StageOutcome]:
    """Run the selected stages for one recid, in order, until one does not succeed; an outcome each.

    What one stage leaves is handed to the next, and not read again from the store.
    """
    known: Known = {}
    for stage in stages:
        outcome = run_stage(context, recid, stage, known)
        yield outcome
        if not outcome.succeeded:
            return


def run_stage(context: Context, recid: Recid, stage: AnyStage, known: Known | None = None) -> StageOutcome:
    """Run one stage for one recid, or find that there is nothing to do; errors of the package become outcomes.

    `known` are documents of this recid, by stage, that need not be read; the stage's own joins them.
    """
    known = {} if known is None else known
    started = time.monotonic()
    try:
        context.shared.cancellation.check()
        begin_stage(stage.name)
        status, document = _done(context, recid, stage, known)
    except CernAssetsError as error:
        stopped = _stopped(context, stage, error.at(recid=recid, stage=stage.name), recid, time.monotonic() - started)
        if stopped.status == "withdrawn":
            return stopped.model_copy(update={"findings": withdrawal.findings(context, recid)})
        if stopped.status == "left_out":
            return stopped.model_copy(update={"findings": withdrawal.findings_of_left_out(context, recid)})
        return stopped
    known[stage.name] = document
    summary: Summary = stage.summarise(document.body)
    return StageOutcome(
        collection=context.collection.name,
        source=context.collection.source,
        repository=context.adapters.repository.url,
        recid=recid,
        stage=stage.name,
        source_page=context.adapters.source.page(recid),
        status=status,
        elapsed_seconds=time.monotonic() - started,
        content_hash=document.content_hash,
        size_bytes=summary.size_bytes,
        files=summary.files,
        archives=summary.archives,
        url=summary.url,
        facts=dict(summary.facts),
        findings=summary.findings,
    )


def _done(context: Context, recid: Recid, stage: AnyStage, known: Known) -> tuple[Status, Document[Value]]:
    """The stage's document, and whether it had to be made."""
    task = _task(context, recid, stage, known)
    previous = task.previous
    if previous is not None and task.settled and not stage.looks_outside and stage.intact(context, previous.body):
        return "unchanged", previous
    made = stage.make(context, task)
    document = Document[Value](
        collection=context.collection.name,
        source=context.collection.source,
        repository=context.adapters.repository.url,
        stage=stage.name,
        recid=recid,
        input_hash=task.input_hash,
        content_hash=content_hash(made.body),
        body=made.body,
        etag=made.etag,
        answer=made.answer,
    )
    if previous is not None and task.settled and previous.content_hash == document.content_hash:
        if previous.etag != document.etag:
            context.adapters.documents.write(document)
        return "unchanged", document
    context.adapters.documents.write(document)
    return "done", document


def _task(context: Context, recid: Recid, stage: AnyStage, known: Known) -> Task:
    needs = {name: known.get(name) or _needed(context, recid, name) for name in stage.needs}
    parts = {name: content_hash(part(needs[name].body)) for name, part in stage.needs.items()}
    decided = stage.decided(context, recid)
    inputs: dict[str, Json] = {"parts": dict(parts), "rules": stage.rules(context)}
    return Task(
        recid=recid,
        input_hash=content_hash(inputs if decided is None else {**inputs, "decided": decided}),
        needs=needs,
        previous=context.adapters.documents.read(context.collection.name, stage.name, recid, stage.body),
    )


def _needed(context: Context, recid: Recid, name: str) -> Document[Value]:
    stage = stage_named(name)
    document: Document[Value] | None = context.adapters.documents.read(context.collection.name, name, recid, stage.body)
    if document is None:
        raise MissingInputError(
            f"The stage {name} has left no document for this recid.", remedy=f"Materialize {name} of it first."
        )
    return document


def _stopped(context: Context, stage: AnyStage, error: CernAssetsError, recid: Recid, elapsed: float) -> StageOutcome:
    return StageOutcome(
        collection=context.collection.name,
        source=context.collection.source,
        repository=context.adapters.repository.url,
        recid=recid,
        stage=stage.name,
        source_page=context.adapters.source.page(recid),
        status=status_of(error),
        elapsed_seconds=elapsed,
        problem=problem_of(error),
    )


def problem_of(error: CernAssetsError) -> Problem:
    """An error as data."""
    ticket = error.ticket if isinstance(error, WaitingError) else ""
    return Problem(code=error.code, message=str(error), ticket=ticket, may_affect_all=error.may_affect_all)


def status_of(error: CernAssetsError) -> Status:
    """The status in which an error leaves a recid."""
    if isinstance(error, RecordWithdrawnError):
        return "withdrawn"
    if isinstance(error, WaitingError):
        return "waiting"
    if isinstance(error, RecordAliasError):
        return "redirected"
    if isinstance(error, LeftOutError):
        return "left_out"
    return "rejected" if isinstance(error, PermanentError) else "failed"
