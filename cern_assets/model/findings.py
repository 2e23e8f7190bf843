"""Findings: what is irregular about a record and was noticed, counted and carried on."""

import re
from collections.abc import Iterable
from typing import Literal

from cern_assets.model.values import Value

Severity = Literal["note", "warning", "error"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""In the order in which people read them."""

_POSITION = re.compile(r"\[\d+\]")


UNSTATED_LICENCE = "licence-unstated"
"""The code of a record's finding that it states no licence; a collection may decide what stands then."""


class Finding(Value):
    """One irregularity.

    `code` is a stable word to count by (`checksum-not-padded`), `field` a path in the source record
    (`files[3].checksum`), `value` what stood there (shortened), `message` a sentence for a person. A `note` tells of a
    repair without loss or of a choice that was made, a `warning` of something a curator should look at, an `error` of
    something that stops the record. `count` is how many places of the record it speaks of; with more than one, `field`
    is their pattern (`files[].checksum`), `value` begins with the values of the first, and the message is the first's.
    """

    code: str
    severity: Severity
    field: str
    value: str = ""
    message: str
    count: int = 1


MISSHAPEN = "unexpected-shape"
"""The code of a record's finding that a field is not of the shape that its source describes."""


def pattern_of(field: str) -> str:
    """A path for all of its positions: `files[3].checksum` is one of `files[].checksum`."""
    return _POSITION.sub("[]", field)


def grouped(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """One finding for each code, severity and pattern of fields, errors first, else in the order given."""
    findings = tuple(findings)
    if len(findings) < 2:
        return findings
    found: dict[tuple[str, str, str], Finding] = {}
    for finding in findings:
        pattern = pattern_of(finding.field)
        key = (finding.code, finding.severity, pattern)
        first = found.get(key)
        if first is None:
            found[key] = finding
        else:
            value = first.value if finding.value in first.value else shorten(f"{first.value}; {finding.value}")
            found[key] = first.model_copy(
                update={"field": pattern, "value": value, "count": first.count + finding.count}
            )
    return tuple(sorted(found.values(), key=lambda finding: SEVERITIES.index(finding.severity)))


def shorten(value: object, longest: int = 120) -> str:
    """A value as it may stand in a finding: one line, at most `longest` characters."""
    text = " ".join(str(value)[: 10 * longest].split())
    return text if len(text) <= longest else text[: longest - 1] + "…"


def printable(value: object, longest: int = 120) -> str:
    """Show a value of unknown origin: short, on one line, writable as UTF-8; nothing for None."""
    text = "" if value is None else str(value)
    return shorten(text.encode("utf-8", "backslashreplace").decode(), longest)
