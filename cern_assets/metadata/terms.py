"""Controlled vocabularies: ids, titles and the spellings that are read as an id.

They are data (`vocabularies/NAME.csv`), each with its source, version and date in `vocabularies/index.yaml`.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """One vocabulary. `titles` is by id; `target` is its name in InvenioRDM; `date` says when it was looked up."""

    name: str
    target: str
    what: str
    source: str
    version: str
    date: str
    licence: str
    titles: Mapping[str, str]
    spellings: Mapping[str, str]

    def __contains__(self, term: object) -> bool:
        """Whether this is an id of the vocabulary."""
        return term in self.titles

    def find(self, text: str) -> str | None:
        """The id that a text stands for, whatever its capitals: the id itself, or one of its spellings."""
        folded = text.strip().casefold()
        return folded if folded in self.titles else self.spellings.get(folded)


def vocabulary(name: str) -> Vocabulary:
    """A vocabulary by the name of its file.

    Raises:
        KeyError: there is none of this name.
    """
    return vocabularies()[name]


@cache
def vocabularies() -> Mapping[str, Vocabulary]:
    """All vocabularies by name."""
    listed = yaml.safe_load(_text("index.yaml"))
    return {entry["name"]: _read(**{**entry, "date": str(entry["date"])}) for entry in listed}


@cache
def vocabularies_text() -> str:
    """All of the data, for whoever has to know when it changed."""
    return "\n".join((_text("index.yaml"), *(_text(f"{name}.csv") for name in vocabularies())))


def _read(name: str, **said: str) -> Vocabulary:
    titles: dict[str, str] = {}
    spellings: dict[str, str] = {}
    for row in csv.DictReader(_text(f"{name}.csv").splitlines()):
        titles[row["id"]] = row["title"]
        for spelling in filter(None, row["also"].split("|")):
            spellings.setdefault(spelling.casefold(), row["id"])
    return Vocabulary(name=name, titles=titles, spellings=spellings, **said)


def _text(file: str) -> str:
    return files("cern_assets.metadata").joinpath("vocabularies", file).read_text(encoding="utf-8")
