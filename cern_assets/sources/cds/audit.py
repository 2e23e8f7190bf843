"""The auditor's rules for the CERN Document Server; patches are for the fields of MARC by tag (`245__[0].a[0]`)."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import idutils

from cern_assets.audit.across import dangling, same_identifiers, same_titles
from cern_assets.audit.corpus import Facts, Relation
from cern_assets.audit.orcids import example_orcids, same_orcids
from cern_assets.audit.rules import CorpusRule, Fault, Rule, Rulebook, Subject
from cern_assets.audit.texts import TEXT_RULES
from cern_assets.audit.told import noticed
from cern_assets.audit.usual import (
    AUTHOR_WITHOUT_NAME,
    CHECKSUM_UNUSABLE,
    DOI_INVALID,
    LANGUAGE_UNKNOWN,
    NAME_WITHOUT_COMMA,
    ORCID_INVALID,
    TITLE_MISSING,
)
from cern_assets.errors import RecordNotFoundError
from cern_assets.metadata.identifiers import bare_doi, is_doi
from cern_assets.sources.cds.crosswalk import CROSSWALK
from cern_assets.sources.cds.recids import parse_recid

_RELATED = ("773__", "774__", "775__", "785__", "787__", "7870_", "962__")
_NUMBERS = ("037__[].a[]", "088__[].a[]")
_HANDWRITTEN = ("date-in-place", "date-from-catalogue", "date-unusable")


def facts(subject: Subject) -> Facts:
    """What of a record is compared with others: its title with who made it and when, numbers, and other records."""
    texts: dict[str, list[str]] = {}
    for leaf in subject.leaves:
        texts.setdefault(leaf.pattern, []).append(leaf.text)
    told_apart = ("245__[].b[]", "100__[].a[]", "110__[].a[]", "260__[].c[]", "269__[].c[]", *_NUMBERS, "490__[].v[]")
    own = [("0247_", bare_doi(doi)) for doi in texts.get("0247_[].a[]", []) if is_doi(bare_doi(doi))]
    return Facts(
        title=next(iter(texts.get("245__[].a[]", [])), ""),
        alike=[texts.get(pattern) for pattern in told_apart],
        relations=tuple(_relations(texts)),
        identifiers=(*own, *((pattern[:5], number) for pattern in _NUMBERS for number in texts.get(pattern, []))),
    )


def _relations(texts: dict[str, list[str]]) -> Iterator[Relation]:
    for tag in _RELATED:
        for number in texts.get(f"{tag}[].w[]", []):
            try:
                yield Relation(tag, parse_recid(number), f"{tag}[].w[]")
            except RecordNotFoundError:
                continue


def _wrong(pattern: str, is_right: Callable[[str], bool], message: str) -> Callable[[Subject], Iterator[Fault]]:
    """A rule's eye for identifiers whose form or check digit is wrong."""

    def find(subject: Subject) -> Iterator[Fault]:
        for leaf in subject.leaves:
            if leaf.pattern == pattern and leaf.text and not is_right(leaf.text):
                yield Fault(leaf.path, leaf.text, message)

    return find


def _odd_dois(subject: Subject) -> Iterator[Fault]:
    occurrences = subject.said.get("0247_")
    for position, field in enumerate(occurrences if isinstance(occurrences, list) else []):
        kinds, values = (field.get("2"), field.get("a")) if isinstance(field, dict) else (None, None)
        if not isinstance(values, list) or not isinstance(kinds, list) or "DOI" not in map(str, kinds):
            continue
        for number, value in enumerate(values):
            if not is_doi(bare_doi(str(value))):
                yield Fault(f"0247_[{position}].a[{number}]", value, "This is no DOI.")


def _bare_number(text: str) -> str:
    return text.partition("(")[0].strip()


_RULES = (
    Rule(
        id="marc-unreadable",
        group="texts",
        severity="warning",
        title="Field or subfield that is none of MARC",
        reason="Its tag, indicators or code are wrong, and every program passes over it.",
        example="0248 without its second indicator",
        find=noticed("marc-unreadable", "control-field-twice"),
    ),
    Rule(
        id="xml-ampersand",
        group="texts",
        severity="warning",
        title="MARCXML with a bare ampersand",
        reason="By the rules of XML the whole record cannot be read.",
        example='<subfield code="a">R & D</subfield>',
        find=noticed("xml-ampersand"),
    ),
    CHECKSUM_UNUSABLE,
    Rule(
        id="file-unusable",
        group="files",
        severity="warning",
        title="File entry that cannot be used",
        reason="Its name, place or size is missing or wrong, or it is listed twice, differently.",
        example='"full_name": "../notes.pdf"',
        find=noticed(
            "file-name-unsafe", "file-entry-unreadable", "file-list-unreadable", "file-listed-twice", "size-unusable"
        ),
    ),
    replace(DOI_INVALID, example="0247_ $$2DOI$$a10.17181", find=_odd_dois),
    Rule(
        id="isbn-invalid",
        group="identifiers",
        severity="warning",
        title="ISBN with a wrong check digit",
        reason="No shop and no library finds the book by it.",
        example="020__ $$a9780081020624",
        find=_wrong("020__[].a[]", lambda text: bool(idutils.is_isbn(_bare_number(text))), "This is no ISBN."),
    ),
    Rule(
        id="issn-invalid",
        group="identifiers",
        severity="warning",
        title="ISSN with a wrong check digit",
        reason="No catalogue finds the series by it.",
        example="022__ $$a1234-5678",
        find=_wrong("022__[].a[]", lambda text: bool(idutils.is_issn(_bare_number(text))), "This is no ISSN."),
    ),
    Rule(
        id="link-unusable",
        group="relations",
        severity="warning",
        title="Link that leads nowhere",
        reason="It is no address of the web, and no record's number.",
        example="8564_ $$uwww",
        find=noticed("link-unusable"),
    ),
    replace(TITLE_MISSING, example="no 245"),
    replace(LANGUAGE_UNKNOWN, example="041__ $$axx"),
    Rule(
        id="type-unknown",
        group="words",
        severity="warning",
        title="Record of an unknown kind",
        reason="Neither 980 nor 690C tells what it is.",
        example="980__ $$aMISC",
        find=noticed("resource-type-unknown"),
    ),
    replace(ORCID_INVALID, example="100__ $$k0000-0002-7145-630Y"),
    Rule(
        id="orcid-twice",
        group="people",
        severity="warning",
        title="One ORCID iD at two authors",
        reason="At least one of them has somebody else's.",
        example="two fields 700 with one $$k",
        find=same_orcids(("700__[].k[]",)),
    ),
    example_orcids(tuple(f"{tag}__[].{code}[]" for tag in ("100", "700") for code in "jk")),
    replace(AUTHOR_WITHOUT_NAME, example="700__ $$uCERN"),
    replace(NAME_WITHOUT_COMMA, example="700__ $$aJane Doe"),
    Rule(
        id="date-odd",
        group="dates",
        severity="warning",
        title="Date that does not exist, or stands elsewhere",
        reason="The year is in the place of publication, or only the catalogue's own week tells when it was.",
        example="260__ $$a2013",
        find=noticed(*_HANDWRITTEN),
    ),
)

_ACROSS = (
    CorpusRule(
        id="identifier-twice",
        group="identifiers",
        severity="warning",
        title="One DOI or report number of several records",
        reason="It names one document; readers of a citation find either.",
        example="two records of CERN-THESIS-2018-042",
        find=same_identifiers,
    ),
    CorpusRule(
        id="relation-dangling",
        group="relations",
        severity="warning",
        title="Relation to a record that is not there",
        reason="The record was deleted or merged, or the number has a slip.",
        example="787__ $$w9999999",
        find=dangling,
        whole=True,
    ),
    CorpusRule(
        id="title-twice",
        group="titles",
        severity="note",
        title="Records that nothing tells apart in a list",
        reason="They share title, subtitle, first author, numbers and dates: most often one document, entered twice.",
        example="two records called `Staff Association Bulletin Article`",
        find=same_titles,
    ),
)

BOOK = Rulebook(
    title="the CERN Document Server",
    rules=(*_RULES, *TEXT_RULES),
    across=_ACROSS,
    crosswalk=CROSSWALK,
    facts=facts,
)
