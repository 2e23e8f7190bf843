"""How fields of Zenodo's records become fields of a deposit; one function a row of the crosswalk."""

from datetime import UTC, date, datetime

from cern_assets.metadata.bodies import preferred
from cern_assets.metadata.dates import is_edtf_date
from cern_assets.metadata.identifiers import bare_doi, is_doi
from cern_assets.metadata.leaves import Leaf, Reading
from cern_assets.metadata.markup import clean_markup
from cern_assets.metadata.rows import Converted, Unused
from cern_assets.metadata.schemes import identified
from cern_assets.metadata.terms import vocabulary
from cern_assets.model.findings import Finding, Severity, shorten
from cern_assets.model.identifiers import Recid
from cern_assets.model.values import Json
from cern_assets.sources.zenodo.config import OAI_PREFIX, SITE_URL

IS_ALTERNATE = "isalternateidentifier"
"""Of the deposit API: a relation that says that it is none, but another identifier of the record."""

_SHORTEST = 3
_LONGEST_VERSION = 191
_DATE_TYPES = frozenset({"accepted", "available", "collected", "created", "issued", "other", "submitted", "updated"})
_KNOWN_DATES = _DATE_TYPES | {"copyrighted", "valid", "withdrawn"}


def source_identifier(recid: Recid) -> str:
    """Give Zenodo's OAI identifier: unique over all sources, so that the record is found again by it."""
    return f"{OAI_PREFIX}{recid}"


def record_url(recid: Recid) -> str:
    """Give the page of a record."""
    return f"{SITE_URL}/records/{recid}"


def access(reading: Reading) -> Converted:
    """Say who may see what. Whatever is not said to be open is restricted, its description is public.

    Zenodo shows every record's metadata. An embargo that has ended opens the files, as it did at Zenodo.
    """
    right, until = reading.first("access_right"), reading.first("embargo_date")
    if right is None:
        finding = Finding(
            code="access-unstated",
            severity="warning",
            field="access_right",
            message="Not stated: its files are closed.",
        )
        return Converted({"record": "public", "files": "restricted"}, findings=(finding,))
    if right.text == "open":
        return Converted({"record": "public", "files": "public"})
    if right.text != "embargoed":
        told = () if right.text in ("restricted", "closed") else (_noted(right, "access-unknown", "Taken as closed."),)
        return Converted({"record": "public", "files": "restricted"}, findings=told)
    if until is None or not _is_day(until.text):
        message = "An embargo without a day on which it ends: its files stay closed."
        return Converted(
            {"record": "public", "files": "restricted"}, findings=(_noted(right, "embargo-open", message),)
        )
    if until.text <= _today().isoformat():
        message = f"The embargo ended on {until.text}; the files are open."
        return Converted(
            {"record": "public", "files": "public"}, findings=(_noted(until, "embargo-ended", message, "note"),)
        )
    reading.forget()  # the day counts besides the leaves
    embargo: dict[str, Json] = {"active": True, "until": until.text}
    return Converted({"record": "public", "files": "restricted", "embargo": embargo})


def files_enabled(reading: Reading) -> Converted:
    """Say whether there are files; InvenioRDM refuses files-enabled records without a file."""
    return Converted(reading.files > 0)


def identifiers(reading: Reading) -> Converted:
    """Make the record's OAI identifier and its address of the recid, and keep another OAI identifier that it states.

    A deposit that was never sent has no page at Zenodo.
    """
    found: list[Json] = [{"scheme": "other", "identifier": source_identifier(reading.recid)}]
    if not reading.recid.startswith("made-"):
        found.append({"scheme": "url", "identifier": record_url(reading.recid)})
    stated = reading.text("_oai.id")
    if stated and stated != source_identifier(reading.recid):
        found.append({"scheme": "other", "identifier": stated})
    return Converted(found)


def alternate_identifiers(reading: Reading) -> Converted:
    """Take other identifiers of the record, each in its scheme."""
    related = reading.items("related_identifiers[]")
    alternate = [item for item in related if item.text("relation").casefold() == IS_ALTERNATE]
    apart = tuple(leaf for item in related if item not in alternate for leaf in item.leaves)
    found: list[Json] = []
    for item in (*reading.items("alternate_identifiers[]"), *alternate):
        scheme, identifier = identified(item.text("identifier"), item.text("scheme"))
        if identifier:
            found.append({"scheme": scheme, "identifier": identifier})
    return Converted(found, apart=apart)


def title(reading: Reading) -> Converted:
    """Make the title long enough for InvenioRDM."""
    leaf = reading.first("title")
    if leaf is None or len(leaf.text) >= _SHORTEST:
        return Converted(leaf.text if leaf else None)
    message = f"Shorter than {_SHORTEST} characters; the recid was put before it."
    told = (_noted(leaf, "title-too-short", message),)
    return Converted(f"Record {reading.recid}: {leaf.text}", findings=told)


def description(reading: Reading) -> Converted:
    """Make safe HTML of the description."""
    leaf = reading.first("description")
    if leaf is None:
        return Converted()
    cleaned = clean_markup(str(leaf.value), base_url=record_url(reading.recid))
    if len(cleaned.text.strip()) < _SHORTEST:
        reason = f"It shows fewer than {_SHORTEST} characters, which InvenioRDM refuses."
        return Converted(unused=(Unused(leaf, "description-too-short", reason),))
    return Converted(
        cleaned.html, findings=tuple(_noted(leaf, "markup-loss", f"Not kept: {loss}.") for loss in cleaned.losses)
    )


def publication_date(reading: Reading) -> Converted:
    """Take the date as it stands."""
    leaf = reading.first("publication_date")
    if leaf is None or is_edtf_date(leaf.text):
        return Converted(leaf.text if leaf else None)
    return Converted(unused=(Unused(leaf, "date-unusable", "No year, month or day that exists.", "error"),))


def publisher(reading: Reading) -> Converted:
    """Take the publisher that the imprint names; what names none was published by Zenodo."""
    leaf = reading.first("imprint.publisher") or reading.first("imprint_publisher")
    return Converted(preferred(leaf.text) if leaf else "Zenodo")


def version(reading: Reading) -> Converted:
    """Take the version as it stands, if InvenioRDM can hold it."""
    leaf = reading.first("version")
    if leaf is None or len(leaf.text) <= _LONGEST_VERSION:
        return Converted(leaf.text if leaf else None)
    reason = f"Longer than the {_LONGEST_VERSION} characters that InvenioRDM holds."
    return Converted(unused=(Unused(leaf, "version-too-long", reason),))


def doi(reading: Reading) -> Converted:
    """Keep the DOI as an external one: whoever registered it goes on managing it."""
    leaf = reading.first("doi") or reading.first("prereserve_doi.doi")
    if leaf is None:
        return Converted()
    bare = bare_doi(leaf.text)
    if not is_doi(bare):
        return Converted(unused=(Unused(leaf, "doi-invalid", "This is no DOI; the record is carried without."),))
    return Converted({"identifier": bare, "provider": "external"})


def languages(reading: Reading) -> Converted:
    """Take the language by its ISO 639-3 code; two letters and old codes of libraries are known too."""
    leaf = reading.first("language")
    if leaf is None:
        return Converted()
    code = vocabulary("languages").find(leaf.text)
    if code:
        return Converted([{"id": code}])
    return Converted(unused=(Unused(leaf, "language-unknown", "No language of ISO 639-3 is written so."),))


def subjects(reading: Reading) -> Converted:
    """Make free subjects of keywords and of terms; the identifier of a term stands in the account of Zenodo's words."""
    found: dict[str, Json] = {}
    for leaf in reading.leaves:
        found.setdefault(leaf.text.casefold(), {"subject": leaf.text})
    return Converted(list(found.values()))


def references(reading: Reading) -> Converted:
    """Take each reference as it is written, whatever other references say."""
    return Converted([{"reference": leaf.text} for leaf in reading.leaves])


def dates(reading: Reading) -> Converted:
    """Make dates and intervals; one that has only a beginning or an end says so, as InvenioRDM has no open interval."""
    found: list[Json] = []
    unused: list[Unused] = []
    for item in reading.items("dates[]"):
        start, end, kind = item.first("start"), item.first("end"), item.text("type").lower() or "other"
        stated = [leaf for leaf in (start, end) if leaf is not None]
        when = "/".join(dict.fromkeys(leaf.text for leaf in stated))
        if not stated or not is_edtf_date(when):
            unused += [Unused(leaf, "date-unusable", "No day or interval that exists.") for leaf in item.leaves]
            continue
        said = [item.text("description")] if item.text("description") else []
        if len(stated) == 1:
            said.append("From this date on." if start else "Until this date.")
        if kind not in _KNOWN_DATES:
            said.append(f"Type at Zenodo: {kind}.")
        entry: dict[str, Json] = {"date": when, "type": {"id": kind if kind in _KNOWN_DATES else "other"}}
        found.append({**entry, **({"description": " ".join(said)} if said else {})})
    return Converted(found, tuple(unused))


def entered(reading: Reading) -> Converted:
    """Tell when the record came to Zenodo, to the day."""
    leaf = reading.first("created") or reading.first("submitted")
    day = leaf.text[:10] if leaf else ""
    if leaf is None or not _is_day(day):
        unused = (Unused(leaf, "date-unusable", "No moment that exists.", "note"),) if leaf else ()
        return Converted(unused=unused)
    return Converted([{"date": day, "type": {"id": "submitted"}, "description": "Deposited at Zenodo."}])


def locations(reading: Reading) -> Converted:
    """Make places, with a point where both coordinates are stated: 0 is on the equator and in Greenwich, and no gap."""
    found: list[Json] = []
    unused: list[Unused] = []
    for item in reading.items("locations[]"):
        latitude, longitude = _degrees(item.first("lat"), 90), _degrees(item.first("lon"), 180)
        feature: dict[str, Json] = {name: item.text(name) for name in ("place", "description") if item.text(name)}
        if latitude is not None and longitude is not None:
            feature["geometry"] = {"type": "Point", "coordinates": [longitude, latitude]}
        else:
            stated = (item.first("lat"), item.first("lon"))
            unused += [Unused(leaf, "coordinates-unusable", "No point on the earth.") for leaf in stated if leaf]
        if "place" in feature or "geometry" in feature:
            found.append(feature)
        else:
            unused += [
                Unused(leaf, "place-unnamed", "Neither a place nor a point.") for leaf in item.all("description")
            ]
    return Converted(found, tuple(unused))


def _degrees(leaf: Leaf | None, most: int) -> float | None:
    try:
        degrees = float(leaf.text) if leaf else None
    except ValueError:
        return None
    return degrees if degrees is not None and -most <= degrees <= most else None


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _today() -> date:
    return datetime.now(UTC).date()


def _noted(leaf: Leaf, code: str, message: str, severity: Severity = "warning") -> Finding:
    return Finding(code=code, severity=severity, field=leaf.path, value=shorten(leaf.text), message=message)
