"""The rows of CDS for custom fields: where a work was published and presented, and with which experiment.

Custom fields stand besides: all that they say stands in sizes, identifiers and tables of descriptions too.
"""

import re

from cern_assets.metadata.custom_fields import target_of, target_of_own
from cern_assets.metadata.leaves import Leaf, Reading
from cern_assets.metadata.rows import Converted, Row
from cern_assets.metadata.schemes import identified
from cern_assets.model.values import Json
from cern_assets.sources.cds.dates import read_date
from cern_assets.sources.cds.tags import fields

_PAGES = re.compile(r"\d.* p", re.ASCII)
_PRESENTED = re.compile(r"presented(?: on)? ", re.IGNORECASE)
_MEETINGS = ("111__[]", "711__[]")


def each_once(reading: Reading) -> Converted:
    """All texts, each once."""
    return Converted(list(dict.fromkeys(leaf.text for leaf in reading.leaves)))


def first(reading: Reading) -> Converted:
    """The first text."""
    found = reading.leaves[:1]
    return Converted(found[0].text if found else None, apart=reading.leaves[1:])


def journal(reading: Reading) -> Converted:
    """The first journal of field 773, with the record's ISSN (022); its year has no place there."""
    item = next((item for item in reading.items("773__[]") if item.first("p[]")), None)
    if item is None:
        return Converted(apart=reading.leaves)
    parts = {"title": item.first("p[]"), "volume": item.first("v[]"), "issue": item.first("n[]")}
    made = _Object(reading, {**parts, "pages": item.first("c[]")})
    made.add_number("issn", (*item.all("x[]"), *reading.all("022__[].a[]")))
    return made.converted()


def imprint(reading: Reading) -> Converted:
    """ISBN (020), edition (250), place (260, else 269) and number of pages (300); a host's title and pages (773 t, c).

    An article in a journal (773 p) has none, unless it stands in a book as well.
    """
    host = next((item for item in reading.items("773__[]") if item.first("t[]") and item.first("z[]")), None)
    places = (*reading.all("260__[].a[]"), *reading.all("269__[].a[]"))
    pages = (leaf for code in ("a", "b") for leaf in reading.all(f"300__[].{code}[]") if _PAGES.fullmatch(leaf.text))
    made = _Object(
        reading,
        {
            "title": host.first("t[]") if host else None,
            "pages": (host.first("c[]") if host else None) or next(pages, None),
            "place": next((leaf for leaf in places if not read_date(leaf.text)), None),
            "edition": reading.first("250__[].a[]"),
        },
    )
    numbers = (*(host.all("z[]") if host else ()), *reading.all("020__[].a[]"))
    if reading.all("773__[].p[]") and not numbers:
        return Converted(apart=reading.leaves)
    made.add_number("isbn", numbers)
    return made.converted()


def meeting(reading: Reading) -> Converted:
    """The meeting of field 111, else 711, with its dates as people write them (d), else from its first day to its last.

    Without either field, the day of 518 is no meeting, but a recording's.
    """
    item = next((item for name in _MEETINGS for item in reading.items(name) if item.first("a[]")), None)
    if item is None:
        return Converted(apart=reading.leaves)
    made = _Object(
        reading,
        {
            "title": item.first("a[]"),
            "place": item.first("c[]"),
            "dates": item.first("d[]"),
            "acronym": reading.first("773__[].q[]"),
        },
    )
    since, until = item.first("9[]"), item.first("z[]") or item.first("f[]")
    if since and not item.first("d[]"):
        days = dict.fromkeys(leaf.text.partition("T")[0] for leaf in (since, until) if leaf)
        made.add("dates", " - ".join(days), *(leaf for leaf in (since, until) if leaf))
    return made.converted()


def thesis(reading: Reading) -> Converted:
    """Kind, university and year of a thesis (502), and the day on which it was defended (269, else 500)."""
    item = next(iter(reading.items("502__[]")), None)
    if item is None:
        return Converted(apart=reading.leaves)
    made = _Object(reading, {"type": item.first("a[]"), "university": item.first("b[]")})
    if (submitted := item.first("c[]")) and (when := read_date(submitted.text)):
        made.add("date_submitted", when, submitted)
    told = ((leaf, _PRESENTED.sub("", leaf.text)) for leaf in reading.all("500__[].a[]") if _PRESENTED.match(leaf.text))
    for leaf, text in (*((leaf, leaf.text) for leaf in reading.all("269__[].c[]")), *told):
        if when := read_date(text):
            made.add("date_defended", when, leaf)
            break
    return made.converted()


class _Object:
    """An object of parts, each from a leaf; the leaves that are in no part stand elsewhere."""

    def __init__(self, reading: Reading, parts: dict[str, Leaf | None]) -> None:
        found = {name: leaf for name, leaf in parts.items() if leaf}
        self._leaves = reading.leaves
        self._parts: dict[str, Json] = {name: leaf.text for name, leaf in found.items()}
        self._used = {leaf.number for leaf in found.values()}

    def add(self, name: str, value: str, *leaves: Leaf) -> None:
        """Add a part that was made of leaves."""
        self._parts[name] = value
        self._used |= {leaf.number for leaf in leaves}

    def add_number(self, scheme: str, leaves: tuple[Leaf, ...]) -> None:
        """Add the first of these that is a number of the scheme: InvenioRDM drops one with a wrong check digit."""
        for leaf in leaves:
            known, number = identified(leaf.text, scheme)
            if known == scheme:
                self.add(scheme, number, leaf)
                return

    def converted(self) -> Converted:
        """The object, None if nothing is in it."""
        apart = tuple(leaf for leaf in self._leaves if leaf.number not in self._used)
        return Converted(self._parts or None, apart=apart)


BIBLIOGRAPHIC = (
    Row(
        reads=(*fields("773__", "pvncx"), *fields("022__", "a")),
        target=target_of_own("journal"),
        convert=journal,
        note="The first journal; its year stands in the table.",
        derives=True,
    ),
    Row(
        reads=(
            *(*fields("020__", "a"), *fields("250__", "a"), *fields("260__", "a"), *fields("269__", "a")),
            *(*fields("300__", "ab"), *fields("773__", "tzcp")),
        ),
        target=target_of_own("imprint"),
        convert=imprint,
        note="ISBN, edition, place and pages; title and pages of the book that it is a part of.",
        derives=True,
    ),
    Row(
        reads=(*fields("111__", "acd9fz"), *fields("711__", "acd9fz"), *fields("773__", "q")),
        target=target_of_own("meeting"),
        convert=meeting,
        note="Dates as written (d), else the first and the last day (9, z, f).",
        derives=True,
    ),
    Row(
        reads=(*fields("502__", "abc"), *fields("269__", "c"), *fields("500__", "a")),
        target=target_of_own("thesis"),
        convert=thesis,
        note="Of a thesis; 269, else a note `Presented ...` is the day on which it was defended.",
        derives=True,
    ),
)
CERN = (
    Row(reads=fields("693__", "e"), target=target_of("experiment"), convert=each_once, note="Experiments, each once."),
    Row(
        reads=fields("693__", "a"),
        target=target_of("accelerator"),
        convert=first,
        note="The first accelerator; all are subjects.",
    ),
)
