"""Findings: what is irregular about a record and was noticed, counted and carried on."""

from typing import Literal

from cern_assets.model.values import Value

Severity = Literal["info", "warning", "error"]


class Finding(Value):
    """One irregularity.

    `code` is a stable word to count by (`checksum-not-padded`), `field` a path in the source record
    (`files[3].checksum`), `value` what stood there (shortened), `message` a sentence for a person. `info` tells of a
    repair without loss, `warning` of something a curator should look at, `error` of something that stops the record.
    """

    code: str
    severity: Severity
    field: str
    value: str = ""
    message: str


def shorten(value: object, longest: int = 120) -> str:
    """A value as it may stand in a finding: one line, at most `longest` characters."""
    text = " ".join(str(value).split())
    return text if len(text) <= longest else text[: longest - 1] + "…"
