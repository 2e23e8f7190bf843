"""Stage 3, metadata: make the deposit by the crosswalk, and refuse it here if the target would."""

from collections import Counter

from cern_assets.flows.stages import Context, Made, Summary, Task
from cern_assets.metadata.crosswalk import transform
from cern_assets.metadata.validation import ensure_valid
from cern_assets.model.metadata import Metadata
from cern_assets.model.records import SourceRecord


def make(context: Context, task: Task) -> Made[Metadata]:
    """Convert and validate.

    Raises:
        MetadataInvalidError: every field that breaks a rule of the target, and which rule.
    """
    record = task.body("raw_record", SourceRecord)
    deposit = transform(record, context.adapters.crosswalk)
    ensure_valid(deposit, task.recid)
    return Made(deposit)


def summarise(deposit: Metadata) -> Summary:
    """How many leaves of the source record have which fate."""
    leaves: Counter[str] = Counter()
    for fate in deposit.fates:
        leaves[fate.fate] += fate.leaves
    return Summary(
        findings=deposit.findings,
        facts={f"leaves_{fate}": leaves[fate] for fate in ("carried", "dropped", "unmapped")},
    )
