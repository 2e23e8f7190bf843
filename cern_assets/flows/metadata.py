"""Stage 3, metadata: make the deposit by the crosswalk, and refuse it here if the target would."""

from collections import Counter

from cern_assets.flows.stages import Context, Made, Summary, Task
from cern_assets.metadata.crosswalk import transform
from cern_assets.metadata.validation import checked_with, ensure_valid, findings_of, validation_version
from cern_assets.model.collections import Access, LicenceDefault
from cern_assets.model.events import Leaf, LeavesTold
from cern_assets.model.findings import UNSTATED_LICENCE, Finding, grouped
from cern_assets.model.metadata import Metadata
from cern_assets.model.records import SourceRecord
from cern_assets.model.values import Json, JsonObject, content_hash
from cern_assets.recording import note


def rules(context: Context) -> str:
    """The crosswalk, the rules of validation, and what the collection decides: who may see records, and the licence."""
    access, licence = context.collection.access.model_dump(), context.collection.licence_default
    decided: list[Json] = [access, licence.model_dump()] if licence else [access]
    return content_hash([context.adapters.crosswalk.version, validation_version(), *decided])


def described(record: SourceRecord) -> Json:
    """What the deposit is made of: the record's own metadata, and whether it has files."""
    return [record.recid, dict(record.metadata), len(record.files)]


def make(context: Context, task: Task) -> Made[Metadata]:
    """Convert and validate.

    Raises:
        MetadataInvalidError: every field that breaks a rule of the target, and which rule.
    """
    record = task.body("raw_record", SourceRecord)
    deposit = _restricted(transform(record, context.adapters.crosswalk), context.collection.access)
    deposit = _licensed(deposit, context.collection.licence_default)
    note(LeavesTold(leaves=tuple(Leaf(path=each.path, fate=each.fate, leaves=each.leaves) for each in deposit.fates)))
    ensure_valid(deposit, task.recid)
    findings = grouped((*deposit.findings, *findings_of(deposit.payload)))
    return Made(deposit.model_copy(update={"findings": findings, "checked_with": checked_with()}))


def _restricted(deposit: Metadata, access: Access) -> Metadata:
    """What the source or the collection calls restricted is restricted; neither opens what the other closes."""
    stated = deposit.payload.get("access")
    said = stated if isinstance(stated, dict) else {}
    joined = {
        part: "restricted" if "restricted" in (wanted, said.get(part)) else wanted
        for part, wanted in access.model_dump().items()
    }
    return deposit.model_copy(update={"payload": {**deposit.payload, "access": {**said, **joined}}})


def _licensed(deposit: Metadata, default: LicenceDefault | None) -> Metadata:
    """A record that states no licence has the one that was decided on for the collection, and its account says so."""
    metadata = deposit.payload.get("metadata")
    if default is None or not isinstance(metadata, dict) or metadata.get("rights"):
        return deposit
    told = Finding(
        code="licence-by-default",
        severity="note",
        field="metadata.rights",
        value=default.id,
        message=f"The record states no licence; the collection's default stands: {default.reason} ({default.source}).",
    )
    findings = (*(each for each in deposit.findings if each.code != UNSTATED_LICENCE), told)
    payload: JsonObject = {**deposit.payload, "metadata": {**metadata, "rights": [{"id": default.id}]}}
    return deposit.model_copy(update={"payload": payload, "findings": findings, "licence_default": default})


def summarise(deposit: Metadata) -> Summary:
    """How many leaves of the source record have which fate."""
    leaves: Counter[str] = Counter()
    for fate in deposit.fates:
        leaves[fate.fate] += fate.leaves
    counts: dict[str, Json] = {f"leaves_{fate}": leaves[fate] for fate in ("carried", "derived", "dropped", "unmapped")}
    decided: dict[str, Json] = {"licence_default": str(deposit.licence_default)} if deposit.licence_default else {}
    return Summary(
        findings=deposit.findings,
        facts={**counts, **decided},
    )
