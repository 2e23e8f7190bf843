"""What becomes of one record of an input, and of all of them together."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from cern_assets.errors import CernAssetsError, RecordInvalidError
from cern_assets.metadata.crosswalk import transform
from cern_assets.metadata.lineage import Origin, lineage
from cern_assets.metadata.validation import checked_with, findings_of
from cern_assets.model.collections import Profile
from cern_assets.model.findings import SEVERITIES, Finding, grouped
from cern_assets.model.metadata import LeafFate
from cern_assets.model.values import JsonObject
from cern_assets.sources.parts import SourceParts
from cern_assets.sources.record_files import InputRecord

_FATES = ("carried", "derived", "dropped", "unmapped")


@dataclass(frozen=True)
class Wishes:
    """How records are converted: for which profile, with an unmapped leaf as an error or not, with lineage or not."""

    profile: Profile = "plain"
    strict: bool = False
    lineage: bool = False


@dataclass(frozen=True)
class Transformed:
    """What became of one record, or of what should have been one."""

    recid: str
    deposit: JsonObject | None
    findings: tuple[Finding, ...]
    fates: tuple[LeafFate, ...] = ()
    lineage: tuple[Origin, ...] = ()
    error: str = ""
    checked_with: tuple[str, ...] = ()
    size_bytes: int = 0
    files: int = 0

    @property
    def refused(self) -> bool:
        """Whether the record cannot be read or deposited."""
        return any(finding.severity == "error" for finding in self.findings)

    @property
    def row(self) -> list[str]:
        """The record as a row of a table: recid, title, resource type, number of findings, errors."""
        metadata = self.deposit["metadata"] if self.deposit else {}
        assert isinstance(metadata, dict)
        errors = "; ".join(finding.message for finding in self.findings if finding.severity == "error")
        resource_type = metadata.get("resource_type")
        kind = resource_type.get("id") if isinstance(resource_type, dict) else ""
        return [self.recid, str(metadata.get("title", "")), str(kind), str(len(self.findings)), errors]


def transformed(parts: SourceParts[Any], given: InputRecord, wishes: Wishes) -> Transformed:
    """The deposit of a record with all that is to be told of it."""
    assert given.body is not None
    try:
        record = parts.parse(given.body)
    except CernAssetsError as error:
        return unread(error, given.place)
    crosswalk = parts.crosswalks[wishes.profile]
    deposit = transform(record, crosswalk)
    found = grouped((*given.findings, *record.findings, *deposit.findings, *findings_of(deposit.payload)))
    if wishes.strict:
        found = grouped(
            each.model_copy(update={"severity": "error"}) if each.code == "unmapped" else each for each in found
        )
    origins = lineage(record, crosswalk) if wishes.lineage else ()
    shapes = (*record.checked_with, *checked_with())
    return Transformed(
        record.recid,
        deposit.payload,
        found,
        deposit.fates,
        origins,
        checked_with=shapes,
        size_bytes=record.size_bytes,
        files=len(record.files),
    )


def unread(error: CernAssetsError | None, place: str) -> Transformed:
    """What stands for a record that cannot be read: its error, with the place in the input."""
    told = error or RecordInvalidError("There is no record here.", uri=place)
    told.uri = told.uri or place
    finding = Finding(code=told.code, severity="error", field=told.field or "", message=str(told))
    return Transformed(told.recid or "", None, (finding,), error=str(told))


@dataclass
class Coverage:
    """For each field of the source: how many records have it, and what became of its leaves."""

    records: int = 0
    _records: Counter[str] = field(default_factory=Counter)
    _leaves: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, answer: Transformed) -> None:
        """Count one more record."""
        self.records += 1
        self._records.update({fate.path for fate in answer.fates})
        for fate in answer.fates:
            self._leaves[fate.path, fate.fate] += fate.leaves

    def rows(self) -> list[list[str]]:
        """The fields as rows, in the order of their names: field, records, leaves of each fate."""
        return [
            [path, f"{self._records[path]:,}", *(f"{self._leaves[path, fate]:,}" for fate in _FATES)]
            for path in sorted(self._records)
        ]

    def as_json(self) -> dict[str, object]:
        """The same for programs; a fate that no leaf has is left out."""
        fields = {
            path: {
                "records": self._records[path],
                **{fate: self._leaves[path, fate] for fate in _FATES if self._leaves[path, fate]},
            }
            for path in sorted(self._records)
        }
        return {"records": self.records, "fields": fields}


@dataclass
class Summary:
    """Counts over all records of an input."""

    records: int = 0
    refused: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    findings: Counter[tuple[str, str]] = field(default_factory=Counter)
    _places: Counter[tuple[str, str]] = field(default_factory=Counter)
    _fates: Counter[str] = field(default_factory=Counter)
    _examples: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def leaves(self) -> dict[str, int]:
        """How many leaves have which fate."""
        return {fate: self._fates[fate] for fate in _FATES}

    def add(self, answer: Transformed) -> None:
        """Count one more record."""
        self.records += 1
        self.refused += answer.refused
        for fate in answer.fates:
            self._fates[fate.fate] += fate.leaves
            if fate.reason:
                self.reasons[fate.reason] += fate.leaves
        self.findings.update({(finding.severity, finding.code) for finding in answer.findings})
        for finding in answer.findings:
            key = (finding.severity, finding.code)
            self._places[key] += finding.count
            self._examples.setdefault(key, f"{answer.recid} {finding.field}: {finding.message}".strip(" :"))

    def rows(self) -> list[list[str]]:
        """The findings as rows: severity, code, records, places, an example; the gravest first, then the most often."""
        return [
            [*kind, f"{self.findings[kind]:,}", f"{self._places[kind]:,}", self._examples[kind]]
            for kind in self._in_order()
        ]

    def as_json(self) -> dict[str, object]:
        """The same for programs."""
        told = [
            {
                "severity": kind[0],
                "code": kind[1],
                "count": self.findings[kind],
                "places": self._places[kind],
                "example": self._examples[kind],
            }
            for kind in self._in_order()
        ]
        return {
            "records": self.records,
            "refused": self.refused,
            "leaves": self.leaves,
            "dropped": dict(self.reasons.most_common()),
            "findings": told,
        }

    def _in_order(self) -> list[tuple[str, str]]:
        grave: dict[str, int] = {severity: number for number, severity in enumerate(SEVERITIES)}
        return sorted(self.findings, key=lambda kind: (grave[kind[0]], -self.findings[kind], kind[1]))
