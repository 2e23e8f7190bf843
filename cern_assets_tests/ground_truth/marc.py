"""The crosswalk of CERN Open Data's MARC 21 of 2017: rows over the converters of CDS's MARC, and few of its own.

It shares no converter with the crosswalk of today's records, so that an error of one is not an error of both.
"""

from cern_assets.metadata.crosswalk import Crosswalk
from cern_assets.metadata.described import prose_of
from cern_assets.metadata.leaves import Reading, leaves
from cern_assets.metadata.rows import Converted, Converter, Drop, Row
from cern_assets.model.values import Json, JsonObject
from cern_assets.sources.cds import agents, converters
from cern_assets.sources.cds.dates import read_date
from cern_assets.sources.cds.tags import fields

_PORTAL = "https://opendata.cern.ch"
_SECTIONS = {
    "methods": ("567__", "772__", "777__"),
    "other": ("516__", "581__", "583__", "787__", "500__"),
    "technical-info": ("505__", "538__", "942__"),
}
_CODES = "agtuinwobey"
_RESOURCE_TYPES = {"Software": "software", "Dataset": "dataset"}
_LICENCES = {
    "CC0": "cc0-1.0",
    "GNU General Public License (GPL) version 3": "gpl-3.0-only",
    "Apache License, Version 2.0": "apache-2.0",
    "MIT License": "mit",
}


def record_url(reading: Reading) -> Converted:
    """The record's page."""
    return Converted([{"scheme": "url", "identifier": f"{_PORTAL}/record/{reading.recid}"}])


def resource_type(reading: Reading) -> Converted:
    """By what is counted (256 a), else by the collection (980 a)."""
    stated = reading.text("256__[].a[]")
    collections = " ".join(leaf.text for leaf in reading.all("980__[].a[]"))
    kind = _RESOURCE_TYPES.get(stated) or ("dataset" if "Datasets" in collections else "")
    return Converted({"id": kind or ("software" if "Tools" in collections else "other")})


def description(reading: Reading) -> Converted:
    """Abstract (520 a), and what restricts the use of the data (556 a), which stands in today's abstract."""
    found = [leaf.text for name in ("520__[].a[]", "556__[].a[]") for leaf in reading.all(name)]
    return Converted(" ".join(found))


def publisher(reading: Reading) -> Converted:
    """As it stands."""
    return Converted(reading.text("260__[].b[]"))


def rights(reading: Reading) -> Converted:
    """By the table, else as text."""
    known = ((leaf.text, _LICENCES.get(leaf.text)) for leaf in reading.leaves)
    return Converted([{"id": kind} if kind else {"title": {"en": text}} for text, kind in known])


def sizes(reading: Reading) -> Converted:
    """Events (e), files (f) and bytes (b), each with its unit."""
    units = {"256__[].b[]": "bytes", "256__[].f[]": "files", "256__[].e[]": "events"}
    return Converted([f"{leaf.text} {unit}" for name, unit in units.items() for leaf in reading.all(name)])


def created(reading: Reading) -> Converted:
    """When data were taken or made."""
    return Converted([{"date": leaf.text, "type": {"id": "created"}} for leaf in reading.leaves])


def issued(reading: Reading) -> Converted:
    """When it was published elsewhere before."""
    dates = (read_date(leaf.text) for leaf in reading.leaves)
    return Converted([{"date": date, "type": {"id": "issued"}} for date in dates if date])


def methods(reading: Reading) -> Converted:
    """How the data were made."""
    return _prose(reading, "methods")


def usage(reading: Reading) -> Converted:
    """How the data are used and validated."""
    return _prose(reading, "other")


def technical(reading: Reading) -> Converted:
    """Variables, releases, energies."""
    return _prose(reading, "technical-info")


def related(reading: Reading) -> Converted:
    """Records (w), pages (u) and datasets by DOI (o) that sections name."""
    found: list[Json] = []
    for leaf in reading.leaves:
        if leaf.pattern.endswith(".o[]"):
            scheme, address = "doi", leaf.text
        elif leaf.pattern.endswith(".w[]"):
            scheme, address = "url", f"{_PORTAL}/record/{leaf.text}"
        else:
            scheme, address = "url", f"{_PORTAL}{leaf.text}" if leaf.text.startswith("/") else leaf.text
        found.append({"scheme": scheme, "identifier": address, "relation_type": {"id": "references"}})
    return Converted(found)


def subjects(reading: Reading) -> Converted:
    """Keywords, experiment, accelerator, run period, each once."""
    words = {leaf.text.casefold(): leaf.text for leaf in reversed(reading.leaves)}
    return Converted([{"subject": word} for word in words.values()])


def _prose(reading: Reading, kind: str) -> Converted:
    return prose_of(reading.leaves, kind, _PORTAL)


def _section(kind: str) -> tuple[str, ...]:
    return tuple(pattern for tag in _SECTIONS[kind] for pattern in fields(tag, _CODES))


_DESCRIPTIONS = "metadata.additional_descriptions"
_LINKS = tuple(
    pattern
    for tag in ("516__", "520__", "538__", "567__", "581__", "583__", "772__", "777__", "787__")
    for pattern in fields(tag, "wuo")
)
_ROWS: tuple[tuple[tuple[str, ...], str, Converter], ...] = (
    (("001",), "metadata.identifiers", record_url),
    (fields("0247_", "a2q"), "pids.doi", converters.doi),
    (fields("245__", "a"), "metadata.title", converters.title),
    (agents.people(agents.AUTHOR_FIELDS), "metadata.creators", agents.authors),
    ((*fields("110__", "ag"), *fields("710__", "g")), "metadata.creators", agents.bodies),
    (fields("710__", "a"), "metadata.contributors", agents.departments),
    (fields("260__", "ca"), "metadata.publication_date", converters.publication_date),
    (fields("260__", "b"), "metadata.publisher", publisher),
    ((*fields("520__", "a"), *fields("556__", "a")), "metadata.description", description),
    ((*fields("256__", "a"), *fields("980__", "a")), "metadata.resource_type", resource_type),
    (fields("540__", "a"), "metadata.rights", rights),
    (fields("041__", "a"), "metadata.languages", converters.languages),
    (fields("256__", "bfe"), "metadata.sizes", sizes),
    (fields("300__", "a"), "metadata.sizes", converters.sizes),
    (fields("264_0", "c"), "metadata.dates", created),
    (fields("269__", "c"), "metadata.dates", issued),
    (
        (
            *fields("6531_", "a"),
            *fields("653__", "a"),
            *fields("693__", "ea"),
            *fields("6931_", "ea"),
            *fields("964_0", "c"),
        ),
        "metadata.subjects",
        subjects,
    ),
    (_section("methods"), _DESCRIPTIONS, methods),
    (_section("other"), _DESCRIPTIONS, usage),
    (_section("technical-info"), _DESCRIPTIONS, technical),
    ((*_LINKS, *fields("110__", "w"), *fields("8564_", "u")), "metadata.related_identifiers", related),
    ((*fields("8564_", "y"), *fields("269__", "ab"), *fields("980__", "ab")), _DESCRIPTIONS, technical),
)
CROSSWALK = Crosswalk(
    source="opendata-2017",
    identifier=lambda recid: f"oai:cernopendata.cern:{recid}",
    rows=(
        *(
            Row(reads=reads, target=target, convert=convert, note="See its function.")
            for reads, target, convert in _ROWS
        ),
        Drop(reads=fields("256__", "t"), reason="What the number beside it counts."),
        Drop(reads=(*fields("8567_", "2su"), *fields("FFT__", "anz")), reason="Files."),
    ),
)


def unmapped(metadata: JsonObject) -> set[str]:
    """Patterns of a record's leaves that no row reads."""
    known = {pattern for row in CROSSWALK.rows for pattern in row.reads}
    return {leaf.pattern for leaf in leaves(metadata)} - known
