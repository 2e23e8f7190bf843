"""A deposit as facts that can be counted, and the words that a source record says."""

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

from cern_assets.metadata.leaves import leaves
from cern_assets.model.values import JsonObject

type Facts = Mapping[str, frozenset[str]]
"""Normalised facts by field."""

FIELDS = (
    *(
        "title",
        "creators",
        "affiliations",
        "contributors",
        "publication_date",
        "publisher",
        "description",
        "resource_type",
        "rights",
    ),
    *("doi", "languages", "dates", "sizes", "formats", "subjects", "related_identifiers", "additional_descriptions"),
)
_NOT_COMPARED = frozenset({"001", "FFT__", "8567_", "recid", "files", "_file_indices"})
_KEYWORDS = ("keywords", "experiment", "accelerator", "run_period", "signature", "categories", "collision_information")
_MADE_OF: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "title": (("245__",), ("title",)),
    "creators": (("100__", "110__", "700__", "710__"), ("authors", "collaboration", "experiment", "publisher")),
    "affiliations": (("100__", "700__"), ("authors",)),
    "contributors": (("710__",), ("collaboration",)),
    "publication_date": (("260__",), ("date_published",)),
    "publisher": (("260__",), ("publisher",)),
    "description": (("520__", "556__"), ("abstract",)),
    "rights": (("540__",), ("license",)),
    "dates": (("264_0", "269__"), ("date_created", "date_reprocessed", "prepublication")),
    "sizes": (("256__", "300__"), ("distribution",)),
    "formats": ((), ("distribution",)),
    "subjects": (("6531_", "653__", "693__", "6931_", "964_0"), _KEYWORDS),
}
"""Of which fields of the MARC and of today's record a field is made; one that is not here, of any."""


def facts_of(deposit: JsonObject) -> Facts:
    """The facts of each field; fields without any are not there."""
    payload: Any = deposit
    metadata = payload["metadata"]
    found: dict[str, Iterator[str]] = {
        "title": _words(metadata["title"]),
        "creators": map(_agent, metadata["creators"]),
        "contributors": map(_agent, metadata.get("contributors", ())),
        "affiliations": _words(" ".join(each["name"] for each in _affiliations(metadata["creators"]))),
        "publication_date": iter([metadata.get("publication_date", "")]),
        "publisher": iter([metadata.get("publisher", "")]),
        "description": _words(metadata.get("description", "")),
        "resource_type": iter([metadata["resource_type"]["id"]]),
        "rights": (each.get("id") or each["title"]["en"] for each in metadata.get("rights", ())),
        "doi": iter([payload["pids"]["doi"]["identifier"]] if "pids" in payload else []),
        "languages": (each["id"] for each in metadata.get("languages", ())),
        "dates": (each["date"] for each in metadata.get("dates", ())),
        "sizes": (each.partition(" ")[0] for each in metadata.get("sizes", ())),
        "formats": iter(metadata.get("formats", ())),
        "subjects": (each["subject"] for each in metadata.get("subjects", ())),
        "related_identifiers": (_address(each["identifier"]) for each in metadata.get("related_identifiers", ())),
        "additional_descriptions": _words(
            " ".join(each["description"] for each in metadata.get("additional_descriptions", ()))
        ),
    }
    told = {name: frozenset(fact.casefold() for fact in found[name] if fact) for name in FIELDS}
    return {name: these for name, these in told.items() if these}


def said_by(metadata: JsonObject, side: int) -> Mapping[str, frozenset[str]]:
    """Every word that a source record (0: the MARC; 1: today's) says in what each field is made of.

    Numbers of the record and names of files are not looked at; of related identifiers, an address is one word.
    """
    said: dict[str, set[str]] = {name: set() for name in FIELDS}
    for leaf in leaves(metadata):
        if leaf.steps[0] in _NOT_COMPARED:
            continue
        for name, words in said.items():
            if name not in _MADE_OF or leaf.steps[0] in _MADE_OF[name][side]:
                words.update(words_of(leaf.text, name))
    return {name: frozenset(these) for name, these in said.items()}


def words_of(text: str, name: str) -> frozenset[str]:
    """The words of a text as they are compared in a field."""
    if name == "related_identifiers":
        return frozenset(_address(piece) for piece in re.split(r"[\s\"'<>()]+", text.casefold()) if piece)
    return frozenset(_words(text))


def _words(text: str) -> Iterator[str]:
    shown = html.unescape(re.sub(r"<[^>]*>", " ", re.sub(r'<a\s[^>]*href="([^"]*)"[^>]*>', r" \1 ", text)))
    shown = re.sub(r"https?://(www\.)?", " ", shown)
    return (match[0].casefold() for match in re.finditer(r"[^\W_]+", shown))


def _agent(entry: Any) -> str:
    agent = entry["person_or_org"]
    return " ".join(filter(None, (agent.get("family_name") or agent.get("name"), agent.get("given_name"))))


def _affiliations(agents: Any) -> Iterator[Any]:
    return (each for agent in agents for each in agent.get("affiliations", ()))


def _address(text: str) -> str:
    """Without what says nothing of the page: scheme, `www.`, a last slash; of a record of the portal, its number."""
    bare = re.sub(r"^https?://(www\.)?", "", text.casefold()).rstrip("/.,")
    return bare.removeprefix("doi.org/").removeprefix("opendata.cern.ch/record/")
