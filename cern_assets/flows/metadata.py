"""Stage 3, metadata: make the deposit by the crosswalk, and refuse it here if the target would."""

from collections import Counter

from cern_assets.collections.curations import curation_of
from cern_assets.flows.choosing import noted_in
from cern_assets.flows.communities import carried
from cern_assets.flows.stages import Context, Made, Summary, Task
from cern_assets.metadata.crosswalk import transform
from cern_assets.metadata.patching import curated
from cern_assets.metadata.validation import checked_with, ensure_valid, findings_of, validation_version
from cern_assets.model.collections import Access, LicenceDefault
from cern_assets.model.curation import Curation
from cern_assets.model.events import Leaf, LeavesTold
from cern_assets.model.files import FilesChoice
from cern_assets.model.findings import UNSTATED_LICENCE, Finding, grouped
from cern_assets.model.identifiers import Recid
from cern_assets.model.metadata import Metadata
from cern_assets.model.records import SourceRecord
from cern_assets.model.values import Json, JsonObject, content_hash
from cern_assets.recording import note


def rules(context: Context) -> str:
    """The crosswalk, the rules of validation, and what the collection decides: who may see records, and the licence."""
    access, licence = context.collection.access.model_dump(), context.collection.licence_default
    chosen: list[Json] = [access, licence.model_dump()] if licence else [access]
    if context.collection.files_mode == "reference" or context.collection.files_choice != FilesChoice():
        chosen += [context.collection.files_mode, context.collection.files_choice.model_dump(mode="json")]
    if context.collection.communities:
        chosen.append(dict(context.collection.communities))
    return content_hash([context.adapters.crosswalk.version, validation_version(), *chosen])


def described(record: SourceRecord) -> Json:
    """What the deposit is made of: the record's own metadata, and which files it lists."""
    files: list[Json] = [[file.key, file.size_bytes, file.index] for file in record.files]
    return [record.recid, dict(record.metadata), files]


def make(context: Context, task: Task) -> Made[Metadata]:
    """Convert and validate.

    Raises:
        MetadataInvalidError: every field that breaks a rule of the target, and which rule.
    """
    deposit = uncurated(context, task.body("raw_record", SourceRecord))
    deposit = _curated(deposit, curation_of(context.collection.curation, task.recid))
    note(LeavesTold(leaves=tuple(Leaf(path=each.path, fate=each.fate, leaves=each.leaves) for each in deposit.fates)))
    ensure_valid(deposit, task.recid)
    findings = grouped((*deposit.findings, *findings_of(deposit.payload)))
    return Made(deposit.model_copy(update={"findings": findings, "checked_with": checked_with()}))


def uncurated(context: Context, record: SourceRecord) -> Metadata:
    """The deposit as crosswalk and collection make it, before anybody corrects it; not validated."""
    deposit = _restricted(transform(record, context.adapters.crosswalk), context.collection.access)
    deposit = _licensed(deposit, context.collection.licence_default)
    told = noted_in(deposit.payload, context.collection, record.files, record.url)
    taken, not_carried = carried(record.communities, context.collection.communities)
    findings = (*deposit.findings, *not_carried)
    return deposit.model_copy(update={"payload": told, "findings": findings, "communities": taken})


def decided(context: Context, recid: Recid) -> Json:
    """What people correct in this recid's deposit.

    Raises:
        ConfigurationError: its file is not usable.
    """
    curation = curation_of(context.collection.curation, recid)
    return curation.model_dump(mode="json") if curation else None


def _curated(deposit: Metadata, curation: Curation | None) -> Metadata:
    if curation is None:
        return deposit
    payload, findings = curated(deposit.payload, curation)
    update = {"payload": payload, "findings": (*deposit.findings, *findings), "curation": curation}
    return deposit.model_copy(update=update)


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
    people: dict[str, Json] = {"licence_default": str(deposit.licence_default)} if deposit.licence_default else {}
    if deposit.curation:
        people["curation"] = str(deposit.curation)
    return Summary(
        findings=deposit.findings,
        facts={**counts, **people},
    )
