"""MARC 21 as Invenio 1 wrote it: MARCXML (https://www.loc.gov/standards/marcxml/) and its text form, to fields by tag.

A control field is `"001": "2783104"`. A data field is `"245__": [{"a": ["Title"], "b": ["Subtitle"]}]`: tag and both
indicators (`_` for a blank), every occurrence in order, every subfield a list. So a crosswalk reads `245__[].a[]`, and
a field or subfield that is repeated needs nothing special.

By hand and not by a library: those that read MARC want it well-formed and in its namespace, and lose a whole file to
one bare ampersand.
"""

import html
import re
from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from cern_assets.errors import RecordInvalidError
from cern_assets.model.findings import Finding, printable
from cern_assets.model.values import Json, JsonObject

LONGEST_RECORD = 16 * 1024 * 1024
"""Characters of one record's text; a record with 3,000 authors has less than one million."""

_BARE = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)")
_NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,30});")
_XML_OWN = frozenset({"amp", "lt", "gt", "quot", "apos"})
_TAG = re.compile(r"[0-9A-Z]{3}", re.ASCII)
_CODE = re.compile(r"[0-9A-Za-z]", re.ASCII)
_LINE = re.compile(
    r"(?:(?P<record>\d{1,18})\s+)?(?P<tag>[0-9A-Z]{3})(?P<indicators>[0-9A-Z_ ]{0,2})\s+(?P<rest>.*)", re.ASCII
)
_SUBFIELD = re.compile(r"\$\$([0-9A-Za-z])")
_RECORD = re.compile(r"<(?:\w+:)?record[\s>]")
_RECORD_END = re.compile(r"</(?:\w+:)?record\s*>")


def read_marcxml(text: str) -> tuple[JsonObject, tuple[Finding, ...]]:
    """Read one record of MARCXML, with or without its namespace.

    An ampersand that begins no entity, and names of HTML (`&eacute;`) that XML does not know, are a finding and mended.

    Raises:
        RecordInvalidError: it is no XML even so, declares entities, or has no record in it.
    """
    mended = _BARE.sub("&amp;", _NAMED.sub(_character, text))
    findings = (_mended(),) if mended != text else ()
    try:
        root: Element = fromstring(mended)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise RecordInvalidError(
            f"The MARCXML cannot be read: {error}.", value=printable(text), remedy="Export the record again."
        ) from error
    record = root if _name(root) == "record" else next((each for each in root.iter() if _name(each) == "record"), None)
    if record is None:
        raise RecordInvalidError(
            "There is no record in the MARCXML.", value=printable(text), remedy="Export the record again."
        )
    fields = _Fields()
    for element in record:
        tag = element.get("tag") or ""
        if _name(element) == "controlfield":
            fields.control(tag, element.text or "")
        elif _name(element) == "datafield":
            found = [
                (each.get("code") or "", "".join(each.itertext())) for each in element if _name(each) == "subfield"
            ]
            fields.data(tag, element.get("ind1") or " ", element.get("ind2") or " ", found)
    return fields.found, (*findings, *fields.findings)


def read_text_marc(text: str) -> tuple[JsonObject, tuple[Finding, ...]]:
    """Read one record of text MARC, a field a line: `000000123 245__ $$aTitle$$bSubtitle`, with or without the number.

    A line that begins no field goes on with the one before.
    """
    fields = _Fields()
    for tag, indicators, rest in _lines(text):
        parts = _SUBFIELD.split(rest)
        if tag.startswith("00"):
            fields.control(tag, rest)
        else:
            both = (indicators.replace("_", " ") + "  ")[:2]
            fields.data(tag, both[0], both[1], list(zip(parts[1::2], parts[2::2], strict=True)))
            if parts[0].strip():
                fields.stray(tag, parts[0])
    return fields.found, tuple(fields.findings)


def marcxml_records(pieces: Iterable[str]) -> Iterator[str]:
    """Cut a file of MARCXML into the texts of its records, so that one that is broken costs no other.

    Raises:
        RecordInvalidError: a record has no end, or is longer than one can be.
    """
    text = ""
    for piece in pieces:
        text, at = text + piece, 0
        while (start := _RECORD.search(text, at)) and (end := _RECORD_END.search(text, start.end())):
            yield text[start.start() : end.end()]
            at = end.end()
        text = text[at:]
        if len(text) > LONGEST_RECORD:
            raise RecordInvalidError(
                f"A record is longer than {LONGEST_RECORD:,} characters, or has no end.",
                value=printable(text[:120]),
                remedy="See whether the file is whole.",
            )
    if _RECORD.search(text):
        raise RecordInvalidError(
            "The last record has no end.", value=printable(text[:120]), remedy="Export the file again: it was cut off."
        )


def text_marc_records(pieces: Iterable[str]) -> Iterator[str]:
    """Cut a file of text MARC into its records: a new one begins with another number, a second 001, or a blank line."""
    lines: list[str] = []
    number, has_control = None, False
    for line in _whole_lines(pieces):
        match = _LINE.fullmatch(line)
        begins = match is not None and (
            (match["record"] != number and bool(lines)) or (match["tag"] == "001" and has_control)
        )
        if lines and (begins or not line.strip()):
            yield "\n".join(lines)
            lines, has_control = [], False
        if match is not None:
            number, has_control = match["record"], has_control or match["tag"] == "001"
        if line.strip():
            lines.append(line)
    if lines:
        yield "\n".join(lines)


class _Fields:
    """Fields of one record as they come."""

    def __init__(self) -> None:
        self.found: dict[str, Json] = {}
        self.findings: list[Finding] = []

    def control(self, tag: str, text: str) -> None:
        if not _TAG.fullmatch(tag):
            self.stray(tag, text)
        elif tag in self.found:
            message = "A control field stands twice; the first one counts."
            self._note("control-field-twice", tag, text, message)
        else:
            self.found[tag] = text.strip()

    def data(self, tag: str, first: str, second: str, subfields: list[tuple[str, str]]) -> None:
        indicators = f"{first[:1]}{second[:1]}".replace(" ", "_")
        if not _TAG.fullmatch(tag) or not re.fullmatch(r"[0-9A-Z_]{2}", indicators, re.ASCII):
            self.stray(tag, " ".join(text for _, text in subfields))
            return
        found: dict[str, Json] = {}
        for code, text in subfields:
            if not _CODE.fullmatch(code):
                self.stray(f"{tag}{indicators}", text)
                continue
            values = found.setdefault(code, [])
            assert isinstance(values, list)  # made in the line above
            values.append(text.strip())
        occurrences = self.found.setdefault(f"{tag}{indicators}", [])
        assert isinstance(occurrences, list)  # a control field has a tag of three characters
        occurrences.append(found)

    def stray(self, place: str, text: str) -> None:
        self._note("marc-unreadable", printable(place), text, "This is no field or subfield of MARC; it is left out.")

    def _note(self, code: str, field: str, text: str, message: str) -> None:
        self.findings.append(
            Finding(code=code, severity="warning", field=field, value=printable(text), message=message)
        )


def _lines(text: str) -> Iterator[tuple[str, str, str]]:
    """Tag, indicators and content of each field."""
    current: tuple[str, str, str] | None = None
    for line in text.splitlines():
        match = _LINE.fullmatch(line.strip())
        if match is None and current is not None:
            current = (current[0], current[1], f"{current[2]} {line.strip()}")
        elif match is not None:
            if current is not None:
                yield current
            current = (match["tag"], match["indicators"], match["rest"])
    if current is not None:
        yield current


def _whole_lines(pieces: Iterable[str]) -> Iterator[str]:
    rest = ""
    for piece in pieces:
        *lines, rest = (rest + piece).split("\n")
        yield from (line.rstrip("\r") for line in lines)
        if len(rest) > LONGEST_RECORD:
            raise RecordInvalidError(
                f"A line is longer than {LONGEST_RECORD:,} characters.",
                value=printable(rest[:120]),
                remedy="See whether the file is text MARC.",
            )
    if rest:
        yield rest.rstrip("\r")


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _character(match: re.Match[str]) -> str:
    if match[1] in _XML_OWN:
        return match[0]
    read = html.unescape(match[0])
    return match[0] if read == match[0] else html.escape(read, quote=False)


def _mended() -> Finding:
    message = "An ampersand or an entity that XML does not know; read as the text that was meant."
    return Finding(code="xml-ampersand", severity="note", field="marcxml", message=message)
