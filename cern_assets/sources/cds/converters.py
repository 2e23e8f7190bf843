"""How fields of CDS's records become fields of a deposit; one function a row of the crosswalk."""

import re

from cern_assets.metadata.bodies import preferred
from cern_assets.metadata.identifiers import bare_doi, is_doi
from cern_assets.metadata.leaves import Leaf, Reading
from cern_assets.metadata.markup import clean_markup
from cern_assets.metadata.rows import Converted, Unused
from cern_assets.metadata.schemes import identified
from cern_assets.metadata.terms import vocabulary
from cern_assets.model.findings import Finding, Severity, shorten
from cern_assets.model.identifiers import Recid
from cern_assets.model.values import Json
from cern_assets.sources.cds.config import OAI_PREFIX, SITE_URL
from cern_assets.sources.cds.dates import read_date, read_week
from cern_assets.sources.cds.tags import RESTRICTIONS

OF_REFERENCES = "ohcmtqslnvpyriawkux"
"""Subfields of a reference (999C5) in the order in which they are written; `k` is INSPIRE's key."""

_ALEPH = re.compile(r"\d+CER", re.ASCII)
"""What the former library system called records; others than it stand in the same field (`INDICO.588590`)."""

_SHORTEST = 3
_IN_PLACE = ("246__[].a[]", "246_1[].a[]", "246_3[].a[]")
"""Of which the first is the title of a record without one."""

_FOR_EVER = "2200"
"""Years from which a day of validity means that there is no end."""


def source_identifier(recid: Recid) -> str:
    """Give CDS's OAI identifier: unique over all sources, so that the record is found again by it."""
    return f"{OAI_PREFIX}{recid}"


def record_url(recid: Recid) -> str:
    """Give the page of a record."""
    return f"{SITE_URL}/record/{recid}"


def access(reading: Reading) -> Converted:
    """Say who may see what: a record is restricted unless it says `PUBLIC` (963 a, 591 a) and names no restriction.

    Files of a public record are restricted where the dump says of one that somebody must be asked.
    """
    said = [leaf for name in ("963__[].a[]", "591__[].a[]") for leaf in reading.all(name)]
    restrictions = [leaf for name in RESTRICTIONS for leaf in reading.all(name)]
    public = any(leaf.text.upper() == "PUBLIC" for leaf in said) and not restrictions
    public = public and all(leaf.text.upper() == "PUBLIC" for leaf in said if leaf.pattern == "963__[].a[]")
    files = "public" if public and not reading.all("file_status[]") else "restricted"
    message = "The record does not say that it is public, and so it is not."
    unstated = Finding(code="access-unstated", severity="note", field="963__", message=message)
    return Converted(
        {"record": "public" if public else "restricted", "files": files},
        findings=() if said or restrictions else (unstated,),
    )


def files_enabled(reading: Reading) -> Converted:
    """Say whether there are files; InvenioRDM refuses files-enabled records without a file."""
    return Converted(reading.files > 0)


def identifiers(reading: Reading) -> Converted:
    """Make CDS's OAI identifier and the record's address, of the recid."""
    return Converted(
        [
            {"scheme": "other", "identifier": source_identifier(reading.recid)},
            {"scheme": "url", "identifier": record_url(reading.recid)},
        ]
    )


def other_identifiers(reading: Reading) -> Converted:
    """Make identifiers of report numbers (037, 088), of other systems (035, 970), and of a journal (022)."""
    found: list[Json] = []
    for leaf in (
        leaf for code in ("a", "z") for tag in ("037__", "088__") for leaf in reading.all(f"{tag}[].{code}[]")
    ):
        scheme, identifier = identified(leaf.text, "report number")
        if leaf.text.lower().startswith("arxiv:"):
            scheme, identifier = identified(leaf.text, "arxiv")
        found.append({"scheme": scheme, "identifier": identifier})
    for item in reading.items("035__[]"):
        for leaf in item.all("a[]"):
            system = item.text("9[]")
            name = "arxiv" if system.lower() == "arxiv" else "oai" if leaf.text.startswith("oai:") else system
            scheme, identifier = identified(leaf.text, name)
            found.append({"scheme": scheme, "identifier": identifier})
    for leaf in reading.all("022__[].a[]"):
        scheme, identifier = identified(leaf.text, "issn")
        found.append({"scheme": scheme, "identifier": identifier})
    others = (f"{'aleph:' if _ALEPH.fullmatch(leaf.text) else ''}{leaf.text}" for leaf in reading.all("970__[].a[]"))
    found += [{"scheme": "other", "identifier": identifier} for identifier in others]
    return Converted(found)


def doi(reading: Reading) -> Converted:
    """Keep the record's own DOI, external: the first of field 024 that is not said to be of another edition."""
    own = _own_doi(reading)
    return Converted({"identifier": bare_doi(own.text), "provider": "external"} if own else None)


def other_pids(reading: Reading) -> Converted:
    """Relate what else field 024 names: DOIs of other editions, handles, URNs."""
    own = _own_doi(reading)
    found: list[Json] = []
    for item in reading.items("0247_[]"):
        for leaf in item.all("a[]"):
            if own is not None and leaf.number == own.number:
                continue
            scheme, identifier = identified(leaf.text, item.text("2[]"))
            found.append(_related(scheme, identifier, "isvariantformof"))
    return Converted(found)


def books(reading: Reading) -> Converted:
    """Relate editions by ISBN (020 a, z)."""
    found: list[Json] = []
    for leaf in (*reading.all("020__[].a[]"), *reading.all("020__[].z[]")):
        scheme, identifier = identified(leaf.text, "isbn")
        found.append(_related(scheme, identifier, "isvariantformof"))
    return Converted(found)


def hosts(reading: Reading) -> Converted:
    """Relate what it stands in: the book by ISBN (773 z), the journal and the series by ISSN (773 x, 490 x).

    773 a is the DOI that the work itself has there.
    """
    told = (
        ("773__[].z[]", "isbn", "ispartof"),
        ("773__[].x[]", "issn", "ispublishedin"),
        ("490__[].x[]", "issn", "ispartof"),
        ("773__[].a[]", "", "isvariantformof"),
    )
    found: list[Json] = []
    for name, scheme, relation in told:
        found += [_related(*identified(leaf.text, scheme), relation) for leaf in reading.all(name)]
    return Converted(found)


def title(reading: Reading) -> Converted:
    """Take the first title; one that is too short for InvenioRDM gets the recid before it."""
    leaf = next(iter(reading.leaves), None)
    if leaf is None:
        return Converted()
    rest = tuple(each for each in reading.leaves if each is not leaf)
    if len(leaf.text) >= _SHORTEST:
        return Converted(leaf.text, apart=rest)
    message = f"Shorter than {_SHORTEST} characters; the recid was put before it."
    told = (_noted(leaf, "title-too-short", message),)
    return Converted(f"Record {reading.recid}: {leaf.text}", findings=told, apart=rest)


def additional_titles(reading: Reading) -> Converted:
    """Make subtitles (245 b), further, abbreviated and alternative titles (245, 210, 246), translated ones (242)."""
    kinds = {
        "245__[].b[]": "subtitle",
        "245__[].a[]": "alternative-title",
        **dict.fromkeys(("242__[].a[]", "242__[].b[]"), "translated-title"),
    }
    first = reading.first("245__[].a[]") or next((leaf for leaf in reading.leaves if leaf.pattern in _IN_PLACE), None)
    found: list[Json] = []
    unused = []
    for leaf in reading.leaves:
        if leaf is first:
            continue
        if len(leaf.text) < _SHORTEST:
            reason = f"Shorter than {_SHORTEST} characters, which InvenioRDM refuses."
            unused.append(Unused(leaf, "title-too-short", reason))
        else:
            found.append({"title": leaf.text, "type": {"id": kinds.get(leaf.pattern, "alternative-title")}})
    return Converted(found, tuple(unused), apart=(first,) if first else ())


def publication_date(reading: Reading) -> Converted:
    """Take the imprint's year, as exact as field 269 knows it; else what 269, 502, the catalogue or the dump says.

    A thesis is published in a year and defended on a day of another: the day then stands among the dates.
    """
    imprint = _first_date(reading, ("260__[].c[]", "260__[].a[]"))
    issued = _first_date(reading, ("269__[].c[]",))
    later = _first_date(reading, ("502__[].c[]",))
    chosen = issued if issued and (not imprint or issued[1].startswith(imprint[1])) else imprint or later
    if chosen is not None:
        leaf, when = chosen
        odd = leaf.pattern == "260__[].a[]"
        within = {imprint[0].number} if imprint and when.startswith(imprint[1]) else set()
        told = (_noted(leaf, "date-in-place", "The year stands where the place should.", "note"),) if odd else ()
        used = within | {leaf.number}
        return Converted(when, findings=told, apart=tuple(each for each in reading.leaves if each.number not in used))
    for leaf in reading.all("916__[].w[]"):
        if when := read_week(leaf.text):
            return _stand_in(reading, leaf, when, "The week in which it was catalogued stands for its date.")
    for leaf in reading.all("creation_date"):
        if when := read_date(leaf.text[:10]):
            return _stand_in(reading, leaf, when, "The day on which it came to CDS stands for its date.")
    unused = tuple(
        Unused(leaf, "date-unusable", "No year, month or day.", "error")
        for name in ("260__[].c[]", "269__[].c[]")
        for leaf in reading.all(name)
    )
    return Converted(unused=unused)


def dates(reading: Reading) -> Converted:
    """Make dates of the preprint or defence (269 c), the thesis (502 c), validity (925) and of when it came to CDS."""
    found: list[Json] = []
    apart: list[Leaf] = []
    told = {
        "269__[].c[]": ("issued", "Issued"),
        "502__[].c[]": ("accepted", "Thesis"),
        "creation_date": ("submitted", "Came to CDS"),
    }
    for leaf in reading.leaves:
        if leaf.pattern not in told:
            continue
        when = read_date(leaf.text[:10] if leaf.pattern == "creation_date" else leaf.text)
        kind, said = told[leaf.pattern]
        if when:
            found.append({"date": when, "type": {"id": kind}, "description": f"{said}."})
        else:
            apart.append(leaf)
    for item in reading.items("925__[]"):
        start, end = item.first("a[]"), item.first("b[]")
        since, until = (read_date(leaf.text) if leaf else "" for leaf in (start, end))
        if since:
            ends = until if until and until < _FOR_EVER else ""
            when = f"{since}/{ends}" if ends else since
            found.append({"date": when, "type": {"id": "valid"}, "description": "Valid." if ends else "Valid from."})
        else:
            apart += [leaf for leaf in (start, end) if leaf]
    return Converted(found, apart=tuple(apart))


def publisher(reading: Reading) -> Converted:
    """Take the publisher of the imprint, else of field 269, else the university of a thesis, else CERN."""
    named = (*reading.all("260__[].b[]"), *reading.all("269__[].b[]"), *reading.all("502__[].b[]"))
    if not named:
        return Converted("CERN")
    return Converted(preferred(named[0].text), apart=tuple(leaf for leaf in named[1:] if leaf.text != named[0].text))


def description(reading: Reading) -> Converted:
    """Make safe HTML of the first abstract."""
    leaf = reading.first("520__[].a[]")
    if leaf is None:
        return Converted()
    cleaned = clean_markup(str(leaf.value), base_url=record_url(reading.recid))
    rest = tuple(each for each in reading.leaves if each is not leaf)
    if len(cleaned.text.strip()) < _SHORTEST:
        reason = f"It shows fewer than {_SHORTEST} characters, which InvenioRDM refuses."
        return Converted(unused=(Unused(leaf, "description-too-short", reason),), apart=rest)
    told = tuple(_noted(leaf, "markup-loss", f"Not kept: {loss}.") for loss in cleaned.losses)
    return Converted(cleaned.html, findings=told, apart=rest)


def languages(reading: Reading) -> Converted:
    """Take each language by its ISO 639-3 code; one that is unknown costs no other."""
    found: list[Json] = []
    unused = []
    for leaf in reading.leaves:
        code = vocabulary("languages").find(leaf.text)
        if code is None:
            unused.append(Unused(leaf, "language-unknown", "No language of ISO 639-3 is written so."))
        else:
            found.append({"id": code})
    return Converted(found, tuple(unused))


def sizes(reading: Reading) -> Converted:
    """Say pages and durations (300) with their unit; a bare number is of pages, but for a talk or a video (980)."""
    kinds = reading.all("980__[].a[]")
    filmed = any(word in leaf.text.upper() for leaf in kinds for word in ("VIDEO", "TALK", "INDICO"))
    found: dict[str, None] = {}
    for leaf in (leaf for code in "abcde" for leaf in reading.all(f"300__[].{code}[]")):
        bare = leaf.text.isascii() and leaf.text.isdigit() and leaf.pattern == "300__[].a[]" and not filmed
        found[f"{leaf.text} p" if bare else leaf.text] = None
    return Converted(list(found), apart=kinds)


def formats(reading: Reading) -> Converted:
    """Take carriers (340) as they stand, each once."""
    return Converted(list(dict.fromkeys(leaf.text for leaf in reading.leaves)))


def subjects(reading: Reading) -> Converted:
    """Make free subjects; of words that differ in capitals only, the first stands. Class marks say of which scheme."""
    schemes = {"080__[].a[]": "UDC", "082__[].a[]": "DDC"}
    found: dict[str, Json] = {}
    for leaf in reading.leaves:
        word = f"{schemes[leaf.pattern]} {leaf.text}" if leaf.pattern in schemes else leaf.text
        found.setdefault(word.casefold(), {"subject": word})
    for item in reading.items("084__[]"):
        for leaf in item.all("a[]"):
            word = " ".join(filter(None, (item.text("2[]"), leaf.text)))
            found.pop(leaf.text.casefold(), None)
            found.setdefault(word.casefold(), {"subject": word})
    return Converted([subject for word, subject in found.items() if word])


def references(reading: Reading) -> Converted:
    """Make a reference of each field 999C5, of its parts in the order of people's habit; none is looked up."""
    found: list[Json] = []
    for item in reading.items("999C5[]"):
        texts = [leaf.text for code in OF_REFERENCES for leaf in item.all(f"{code}[]")]
        if texts:
            found.append({"reference": ", ".join(texts)})
    return Converted(found)


def funding(reading: Reading) -> Converted:
    """Make funding of field 536: programmes of the European Union by number and acronym, others by their words."""
    found: list[Json] = []
    unused = []
    for item in reading.items("536__[]"):
        programme, number, name = item.text("a[]"), item.text("c[]"), item.text("f[]")
        european = programme.upper().startswith(("FP", "H2020", "HORIZON"))
        funder = "European Commission" if european else programme or name
        if not funder:
            unused += [Unused(leaf, "funding-unnamed", "Neither a programme nor a name.") for leaf in item.leaves]
            continue
        title = " ".join(filter(None, (name, f"({programme})" if european else "")))
        award: dict[str, Json] = {"number": number, "title": {"en": title or f"Grant {number}"}} if number else {}
        found.append({"funder": {"name": funder}, **({"award": award} if award else {})})
    return Converted(found, tuple(unused))


def _own_doi(reading: Reading) -> Leaf | None:
    for item in reading.items("0247_[]"):
        leaf = item.first("a[]")
        is_own = item.text("2[]").upper() in ("DOI", "") and not item.text("q[]")
        if leaf is not None and is_own and is_doi(bare_doi(leaf.text)):
            return leaf
    return None


def _first_date(reading: Reading, patterns: tuple[str, ...]) -> tuple[Leaf, str] | None:
    for pattern in patterns:
        for leaf in reading.all(pattern):
            if when := read_date(leaf.text):
                return leaf, when
    return None


def _stand_in(reading: Reading, leaf: Leaf, when: str, message: str) -> Converted:
    apart = tuple(each for each in reading.leaves if each is not leaf)
    return Converted(when, findings=(_noted(leaf, "date-from-catalogue", message, "note"),), apart=apart)


def _related(scheme: str, identifier: str, relation: str) -> dict[str, Json]:
    return {"scheme": scheme, "identifier": identifier, "relation_type": {"id": relation}}


def _noted(leaf: Leaf, code: str, message: str, severity: Severity = "warning") -> Finding:
    return Finding(code=code, severity=severity, field=leaf.path, value=shorten(leaf.text), message=message)
