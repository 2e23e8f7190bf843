"""How a collection stands, as asset checks: what waits for a steward's word, and what is to be mended.

They are evaluated at the end of each run over recids, and by whoever presses their button.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import dagster as dg

from cern_assets.defs.partitions import registered_recids
from cern_assets.defs.run_events import forget_red
from cern_assets.errors import RejectionAcceptedError
from cern_assets.model.identifiers import Recid
from cern_assets.model.outcomes import MAY_SUCCEED, STAGE_NAMES, STATES
from cern_assets.settings import load_settings
from cern_assets.telemetry.database import Row
from cern_assets.telemetry.ledger import Counts, Ledger, opened_ledger

_SHOWN = 200
CODES = "codes"
"""The entry of a check that counts what stopped by kind of error."""
_ACCEPTED = RejectionAcceptedError("").code
_STOPPED = dg.TableSchema(
    columns=[
        dg.TableColumn("recid", "string"),
        dg.TableColumn("stage", "string", "Where it stopped."),
        dg.TableColumn("reason", "string", "A word to count by."),
        dg.TableColumn("message", "string", "What, where, and what to do."),
    ]
)


@dataclass(frozen=True)
class Standing:
    """How many recids of a collection stand where, and those that stopped."""

    counts: Counter[str]
    rejected: tuple[Row, ...]
    failing: tuple[Row, ...]


def standing_of(instance: dg.DagsterInstance, collection: str) -> Standing:
    """The standing of a collection by the ledger: what its stages told last, over its partitions."""
    with opened_ledger_of(instance, collection) as ledger:
        counts: Counter[str] = Counter({state: ledger.totals[state] for state in STATES})
        failing = tuple(row for row in ledger.entries("pending") if row["code"])
        counts["failing"] = len(failing)
        counts["pending"] -= len(failing)
        accepted = sum(row["code"] == _ACCEPTED for row in ledger.entries("left_out"))
        counts["rejections accepted"] = accepted
        counts["left_out"] -= accepted
        return Standing(counts, tuple(ledger.entries("rejected")), failing)


def recids_to_retry(instance: dg.DagsterInstance, collection: str) -> list[Recid]:
    """The recids that stopped, or never began, and may succeed when they are run: none that was rejected."""
    with opened_ledger_of(instance, collection) as ledger:
        return [Recid(str(row["recid"])) for state in MAY_SUCCEED for row in ledger.entries(state)]


def rejections(collection: str, standing: Standing) -> dg.AssetCheckEvaluation:
    """The check `rejections`: records that cannot be carried, each with its reason."""
    count = standing.counts["rejected"]
    return _evaluation(
        collection,
        "rejections",
        passed=count == 0,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "rejected": dg.MetadataValue.int(count),
            CODES: _codes(standing.rejected),
            "list": _table(standing.rejected),
        },
    )


def at_a_glance(collection: str, standing: Standing) -> dg.AssetCheckEvaluation:
    """The check `standing`: recids by state; it fails while one is to be mended."""
    counts = {name: dg.MetadataValue.int(count) for name, count in sorted(standing.counts.items())}
    return _evaluation(
        collection,
        "standing",
        passed=standing.counts["failing"] == 0,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={**counts, CODES: _codes(standing.failing), "list": _table(standing.failing)},
    )


CHECKS: dict[str, tuple[str, Callable[[str, Standing], dg.AssetCheckEvaluation]]] = {
    "rejections": ("Records that cannot be carried, with the reason: a steward decides about them.", rejections),
    "standing": ("How many recids are published, pending, waiting, rejected, failing.", at_a_glance),
}


def build_checks(collection: str) -> list[dg.AssetChecksDefinition]:
    """The asset checks of a collection, on the last of its assets."""
    return [_check(collection, name) for name in CHECKS]


def report_standing(instance: dg.DagsterInstance, collection: str) -> None:
    """Evaluate the checks of a collection now, and have Dagster forget reds of recids that are rejected."""
    standing = standing_of(instance, collection)
    for _, evaluated in CHECKS.values():
        instance.report_runless_asset_event(evaluated(collection, standing))
    forget_rejected(instance, collection, standing)


def forget_rejected(instance: dg.DagsterInstance, collection: str, standing: Standing) -> None:
    """Where the UI counted while a run ended, it may have kept a red that is none any more."""
    recids = {str(row["recid"]) for row in standing.rejected}
    if recids:
        forget_red(instance, {dg.AssetKey([collection, stage]): recids for stage in STAGE_NAMES})


def _check(collection: str, name: str) -> dg.AssetChecksDefinition:
    description, evaluated = CHECKS[name]

    @dg.asset_check(asset=[collection, STAGE_NAMES[-1]], name=name, description=description)
    def check(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        standing = standing_of(context.instance, collection)
        forget_rejected(context.instance, collection, standing)
        found = evaluated(collection, standing)
        return dg.AssetCheckResult(passed=found.passed, severity=found.severity, metadata=found.metadata)

    return check


def _evaluation(
    collection: str,
    name: str,
    *,
    passed: bool,
    severity: dg.AssetCheckSeverity,
    metadata: dict[str, dg.MetadataValue],
) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey([collection, STAGE_NAMES[-1]]),
        check_name=name,
        passed=passed,
        severity=severity,
        metadata=metadata,
    )


def _codes(rows: Sequence[Row]) -> dg.MetadataValue:
    return dg.MetadataValue.json(dict(Counter(str(row["code"]) for row in rows)))


def _table(rows: Sequence[Row]) -> dg.MetadataValue:
    """As data: what a record says is never Markdown."""
    return dg.MetadataValue.table(
        records=[
            dg.TableRecord(
                {
                    "recid": str(row["recid"]),
                    "stage": str(row["stage"]),
                    "reason": str(row["code"]),
                    "message": str(row["message"]),
                }
            )
            for row in rows[:_SHOWN]
        ],
        schema=_STOPPED,
    )


@contextmanager
def opened_ledger_of(instance: dg.DagsterInstance, collection: str) -> Iterator[Ledger]:
    """The ledger of one collection, over its partitions."""
    registered = [(collection, registered_recids(instance, collection))]
    counts = Counts(registered=registered, collections=(collection,), only=(collection,))
    with opened_ledger(load_settings().telemetry_dir, counts) as ledger:
        yield ledger
