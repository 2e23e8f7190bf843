"""Outcomes as Dagster events: what the UI shows of a recid.

Nothing here is Markdown: the UI would load what an image in it names, and Dagster does what a GET of its address says,
so that a field name of a record could do whatever the steward may who looks at it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import dagster as dg

from cern_assets.model.findings import Finding
from cern_assets.model.outcomes import StageOutcome
from cern_assets.model.values import Json

DATA_VERSION_TAG = "dagster/data_version"
_SHOWN = 200
_FINDINGS = dg.TableSchema(
    columns=[
        dg.TableColumn("severity", "string"),
        dg.TableColumn("finding", "string", "A word to count by."),
        dg.TableColumn("field", "string", "Its place in the source's record."),
        dg.TableColumn("places", "int", "How many places of the record it speaks of."),
        dg.TableColumn("what", "string"),
    ]
)


def materialization(outcome: StageOutcome) -> dg.AssetMaterialization:
    """A stage that succeeded; the data version is the hash of what it left."""
    return dg.AssetMaterialization(
        asset_key=[outcome.collection, outcome.stage],
        partition=outcome.recid,
        metadata=_metadata(outcome),
        tags={DATA_VERSION_TAG: outcome.content_hash},
    )


def observation(outcome: StageOutcome) -> dg.AssetObservation:
    """A stage at which a recid stopped, or waits, with the reason and the ticket; the asset stays unmaterialized."""
    problem = outcome.problem
    return dg.AssetObservation(
        asset_key=[outcome.collection, outcome.stage],
        partition=outcome.recid,
        description=problem.code if problem else outcome.status,  # which the UI takes for Markdown
        metadata=_metadata(outcome)
        | {
            "problem": problem.code if problem else "",
            "message": problem.message if problem else "",
            "ticket": problem.ticket if problem else "",
        },
    )


LOST = "lost"
"""The entry of a failure that tells that events of the run are lost."""


def failure(stopped: Sequence[StageOutcome], recids: int, lost: Exception | None = None) -> dg.Failure:
    """The end of a run in which recids stopped; Dagster must not repeat the whole batch for them.

    `lost` says that telemetry missed events of the run.
    """
    kinds = Counter(outcome.problem.code if outcome.problem else outcome.status for outcome in stopped)
    counted = f" ({', '.join(f'{count} {kind}' for kind, count in kinds.most_common())})" if kinds else ""
    return dg.Failure(
        description=f"{len(stopped)} of {recids} recids stopped{counted}; the others did not. {lost or ''}".rstrip(),
        metadata={
            "stopped": dg.MetadataValue.json(
                [
                    {
                        "recid": outcome.recid,
                        "stage": outcome.stage,
                        "status": outcome.status,
                        "message": outcome.problem.message if outcome.problem else "",
                    }
                    for outcome in stopped[:_SHOWN]
                ]
            ),
            **({LOST: dg.MetadataValue.text(str(lost))} if lost else {}),
        },
        allow_retries=False,
    )


def _metadata(outcome: StageOutcome) -> dict[str, dg.MetadataValue]:
    metadata: dict[str, dg.MetadataValue] = {
        "status": dg.MetadataValue.text(outcome.status),
        "elapsed_seconds": dg.MetadataValue.float(round(outcome.elapsed_seconds, 3)),
        "source_page": dg.MetadataValue.url(outcome.source_page),
        "findings": dg.MetadataValue.int(len(outcome.findings)),
    }
    if outcome.url:
        metadata["published_record"] = dg.MetadataValue.url(outcome.url)
    if outcome.files is not None:
        metadata["files"] = dg.MetadataValue.int(outcome.files)
    if outcome.size_bytes is not None:
        metadata["size_bytes"] = dg.MetadataValue.int(outcome.size_bytes)
    if outcome.findings:
        metadata["finding_list"] = _table(outcome.findings[:_SHOWN])
    return metadata | {name: _value(fact) for name, fact in outcome.facts.items()}


def _value(fact: Json) -> dg.MetadataValue:
    if isinstance(fact, bool):
        return dg.MetadataValue.bool(fact)
    if isinstance(fact, int):
        return dg.MetadataValue.int(fact)
    if isinstance(fact, Mapping):
        return dg.MetadataValue.json(dict(fact))
    text = str(fact)
    return dg.MetadataValue.url(text) if text.startswith(("https://", "http://")) else dg.MetadataValue.text(text)


def _table(findings: Sequence[Finding]) -> dg.MetadataValue:
    return dg.MetadataValue.table(
        records=[
            dg.TableRecord(
                {
                    "severity": finding.severity,
                    "finding": finding.code,
                    "field": finding.field,
                    "places": finding.count,
                    "what": finding.message,
                }
            )
            for finding in findings
        ],
        schema=_FINDINGS,
    )
