"""The auditor's rules for legacy Zenodo; patches are for the record's metadata as the deposit API has it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from cern_assets.audit.across import same_titles
from cern_assets.audit.corpus import Facts
from cern_assets.audit.orcids import example_orcids, same_orcids
from cern_assets.audit.patches import replaced
from cern_assets.audit.rules import CorpusRule, Fault, Rule, Rulebook, Subject
from cern_assets.audit.texts import TEXT_RULES
from cern_assets.audit.told import noticed
from cern_assets.audit.usual import (
    CHECKSUM_UNUSABLE,
    DOI_INVALID,
    DOI_TWICE,
    LANGUAGE_UNKNOWN,
    NAME_WITHOUT_COMMA,
    ORCID_INVALID,
    TITLE_MISSING,
)
from cern_assets.model.values import Json
from cern_assets.sources.zenodo.crosswalk import CROSSWALK

_SEVERAL = re.compile(r"\s*;\s*")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_ORCIDS = tuple(f"{people}.orcid" for people in ("creators[]", "contributors[]", "thesis.supervisors[]"))


def facts(subject: Subject) -> Facts:
    """What of a record is compared with others: its title with who made it and when, and its DOI."""
    metadata = subject.record.metadata
    told_apart = ("version", "publication_date", "creators", "conceptrecid", "upload_type", "resource_type")
    doi = metadata.get("doi")
    return Facts(
        title=str(metadata.get("title") or ""),
        alike=[metadata.get(name) for name in told_apart],
        identifiers=(("doi", doi),) if isinstance(doi, str) and doi else (),
    )


def _joined_keywords(subject: Subject) -> Iterator[Fault]:
    keywords = subject.said.get("keywords")
    listed: list[Json] = keywords if isinstance(keywords, list) else []
    several = [each for each in listed if isinstance(each, str) and ";" in each and "&" not in each]
    if several:
        parted: list[Json] = []
        for each in listed:
            parted += [word for word in _SEVERAL.split(each) if word] if each in several else [each]
        message = "Several keywords in one, with semicolons between them."
        yield Fault("keywords", several[0], message, replaced(("keywords",), listed, parted), places=len(several))


def _reversed_dates(subject: Subject) -> Iterator[Fault]:
    dates = subject.said.get("dates")
    for position, each in enumerate(dates if isinstance(dates, list) else []):
        start, end = (str(each.get(name) or "") for name in ("start", "end")) if isinstance(each, dict) else ("", "")
        if _DAY.fullmatch(start) and _DAY.fullmatch(end) and start > end:
            yield Fault(f"dates[{position}]", f"{start}/{end}", "It ends before it starts.")


def _published_later(subject: Subject) -> Iterator[Fault]:
    day = str(subject.said.get("publication_date") or "")
    today = datetime.now(UTC).date().isoformat()
    if _DAY.fullmatch(day) and day > today:
        yield Fault("publication_date", day, "It lies in the future.")


def _itself(subject: Subject) -> Iterator[Fault]:
    own = _bare(subject.said.get("doi"))
    related = subject.said.get("related_identifiers")
    for position, each in enumerate(related if isinstance(related, list) else []):
        if own and isinstance(each, dict) and _bare(each.get("identifier")) == own:
            field = f"related_identifiers[{position}].identifier"
            yield Fault(field, each.get("identifier"), f"`{each.get('relation')}`: the record is related to itself.")


def _bare(doi: Json) -> str:
    text = str(doi or "").casefold().strip()
    return text.removeprefix("https://doi.org/").removeprefix("http://dx.doi.org/").removeprefix("doi:")


_RULES = (
    CHECKSUM_UNUSABLE,
    Rule(
        id="file-unusable",
        group="files",
        severity="warning",
        title="File entry that cannot be used",
        reason="Its name, place or size is missing or wrong, or it is listed twice.",
        example='"key": "../notes.pdf"',
        find=noticed(
            "file-name-unsafe",
            "file-place-unsafe",
            "file-entry-unreadable",
            "file-list-unreadable",
            "file-listed-twice",
            "size-unusable",
        ),
    ),
    replace(DOI_INVALID, example='"doi": "10.5281"'),
    Rule(
        id="grant-unusable",
        group="identifiers",
        severity="warning",
        title="Grant that names no grant",
        reason="The funder cannot count the result.",
        example='{"title": "A grant"}',
        find=noticed("grant-unusable"),
    ),
    Rule(
        id="relation-to-itself",
        group="relations",
        severity="warning",
        title="Record that is related to itself",
        reason="Another record was meant.",
        example="isCitedBy the record's own DOI",
        find=_itself,
    ),
    Rule(
        id="relation-unknown",
        group="relations",
        severity="warning",
        title="Relation of an unknown kind",
        reason="DataCite does not know it.",
        example='"relation": "isFriendOf"',
        find=noticed("relation-unknown"),
    ),
    TITLE_MISSING,
    Rule(
        id="keywords-joined",
        group="words",
        severity="note",
        title="Several keywords in one",
        reason="Nobody finds the record by any of them.",
        example='"physics; detectors"',
        mends="parts them",
        find=_joined_keywords,
    ),
    replace(LANGUAGE_UNKNOWN, example='"language": "xx"'),
    Rule(
        id="type-unknown",
        group="words",
        severity="warning",
        title="Type that is unknown",
        reason="No repository knows it.",
        example='"upload_type": "thing"',
        find=noticed("resource-type-unknown"),
    ),
    Rule(
        id="role-unknown",
        group="words",
        severity="warning",
        title="Role that is unknown",
        reason="Nobody can say what somebody contributed.",
        example='"type": "Friend"',
        find=noticed("role-unknown"),
    ),
    Rule(
        id="licence-unstated",
        group="licences",
        severity="warning",
        title="Record without licence",
        reason="Nobody may use again what has no licence.",
        example="no license",
        find=noticed("licence-unstated"),
    ),
    Rule(
        id="licence-unknown",
        group="licences",
        severity="warning",
        title="Licence that no vocabulary knows",
        reason="Readers and programs cannot tell what they may do.",
        example='"id": "other-open"',
        find=noticed("licence-unknown"),
    ),
    Rule(
        id="licence-without-version",
        group="licences",
        severity="note",
        title="Licence without its version",
        reason="Its versions differ; Zenodo shows one of them, and the record does not say it.",
        example='"id": "cc-by"',
        find=noticed("licence-without-version"),
    ),
    Rule(
        id="embargo-odd",
        group="licences",
        severity="note",
        title="Embargo that has ended, or has no end",
        reason="The record calls itself embargoed, and is open; or nobody knows until when it is.",
        example='"access_right": "embargoed", "embargo_date": "2020-08-03"',
        find=noticed("embargo-ended", "embargo-open", "access-unknown"),
    ),
    replace(ORCID_INVALID, title="ORCID iD or GND id that is none", find=noticed("orcid-invalid", "gnd-invalid")),
    Rule(
        id="orcid-twice",
        group="people",
        severity="warning",
        title="One ORCID iD at two people",
        reason="At least one of them has somebody else's.",
        example="two creators of 0000-0002-7145-630X",
        find=same_orcids(_ORCIDS),
    ),
    example_orcids(_ORCIDS),
    Rule(
        id="name-missing",
        group="people",
        severity="warning",
        title="Somebody without a name",
        reason="Nobody can be credited.",
        example='{"affiliation": "CERN"}',
        find=noticed("agent-without-name"),
    ),
    replace(NAME_WITHOUT_COMMA, title="Name that is not `Family, Given`"),
    Rule(
        id="place-unusable",
        group="words",
        severity="warning",
        title="Place that is none",
        reason="It has no name, or coordinates that are no point on the earth.",
        example='{"lat": 91, "lon": 0}',
        find=noticed("coordinates-unusable", "place-unnamed"),
    ),
    Rule(
        id="date-unusable",
        group="dates",
        severity="warning",
        title="Date that does not exist",
        reason="It is no year, month, day or interval.",
        example="2014-02-30",
        find=noticed("date-unusable"),
    ),
    Rule(
        id="date-reversed",
        group="dates",
        severity="warning",
        title="Interval that ends before it starts",
        reason="Its days are the wrong way round, or one of them has a slip.",
        example='{"start": "2019-05-01", "end": "2018-05-01"}',
        find=_reversed_dates,
    ),
    Rule(
        id="date-in-future",
        group="dates",
        severity="note",
        title="Published in the future",
        reason="The day has a slip, or stands for an embargo.",
        example='"publication_date": "2109-05-01"',
        find=_published_later,
    ),
    Rule(
        id="shape-unexpected",
        group="texts",
        severity="warning",
        title="Field that nobody knows",
        reason="It is none of the deposit's form; no page shows it.",
        example='"colour": "red"',
        find=noticed("unmapped"),
    ),
)

_ACROSS = (
    replace(DOI_TWICE, example="two records of 10.5281/zenodo.1234"),
    CorpusRule(
        id="title-twice",
        group="titles",
        severity="note",
        title="Records that nothing tells apart in a list",
        reason="They share title, version, day and creators: most often one work, deposited twice.",
        example="two deposits of one report",
        find=same_titles,
    ),
)

BOOK = Rulebook(
    title="legacy Zenodo",
    rules=(*_RULES, *TEXT_RULES),
    across=_ACROSS,
    crosswalk=CROSSWALK,
    facts=facts,
)
