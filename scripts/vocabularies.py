"""Write the vocabularies of `cern_assets/metadata/vocabularies/` from those that InvenioRDM ships.

    .venv-invenio/bin/python scripts/vocabularies.py [--out FOLDER]

Ids and titles are InvenioRDM's. What people wrote into the column `also` of a file stays, beside the other spellings
that the source itself states (codes of two letters, names in other languages).
"""

import argparse
import csv
import importlib.metadata
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import invenio_rdm_records
import pycountry
import yaml

FOLDER = Path(__file__).parents[1] / "cern_assets" / "metadata" / "vocabularies"
_FIXTURES = Path(invenio_rdm_records.__file__).parent / "fixtures" / "data" / "vocabularies"
_CORRECTED = {"00snfqn58": "Fundação para a Ciência e Tecnologia"}
"""Names that InvenioRDM misspells, as ROR has them."""

Term = tuple[str, str, tuple[str, ...]]


def main() -> None:
    """Write each file and say how many terms it has."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=FOLDER)
    out = parser.parse_args().out
    for name, read in _VOCABULARIES.items():
        terms = sorted(read())
        _write(out / f"{name}.csv", terms, kept=_written_by_hand(FOLDER / f"{name}.csv"))
        print(f"{name}: {len(terms)} terms")
    versions = (f"{package} {importlib.metadata.version(package)}" for package in ("invenio-rdm-records", "pycountry"))
    print(f"from {', '.join(versions)}", file=sys.stderr)


def _languages() -> Iterator[Term]:
    for entry in _fixture("languages"):
        known = pycountry.languages.get(alpha_3=entry["id"])
        codes = (entry.get("props", {}).get("alpha_2", ""), getattr(known, "bibliographic", ""))
        title = entry["title"]["en"]
        also = (*codes, title) if codes[0] else codes
        yield entry["id"], title, tuple(filter(None, also))


def _licences() -> Iterator[Term]:
    with (_FIXTURES / "licenses.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row["id"], row["title__en"], ()


def _titled(name: str) -> Callable[[], Iterator[Term]]:
    def terms() -> Iterator[Term]:
        for entry in _fixture(name):
            yield entry["id"], entry["title"]["en"], ()

    return terms


def _bodies(name: str) -> Callable[[], Iterator[Term]]:
    def terms() -> Iterator[Term]:
        for entry in _fixture(name):
            title = entry.get("name") or entry["title"]["en"]
            title = _CORRECTED.get(entry["id"], title)
            names = (title, *entry.get("aliases", ()), *entry["title"].values())  # not acronyms: many share one
            yield entry["id"], title, tuple(dict.fromkeys(names))

    return terms


def _fixture(name: str) -> Iterable[dict[str, Any]]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    entries: list[dict[str, Any]] = yaml.load((_FIXTURES / f"{name}.yaml").read_bytes(), loader)
    return entries


def _written_by_hand(file: Path) -> dict[str, tuple[str, ...]]:
    if not file.exists():
        return {}
    with file.open(encoding="utf-8", newline="") as opened:
        return {row["id"]: tuple(filter(None, row["also"].split("|"))) for row in csv.DictReader(opened)}


def _write(file: Path, terms: Iterable[Term], kept: dict[str, tuple[str, ...]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened, lineterminator="\n")
        writer.writerow(("id", "title", "also"))
        for term, title, also in terms:
            writer.writerow((term, title, "|".join(dict.fromkeys((*also, *kept.get(term, ()))))))


_VOCABULARIES: dict[str, Callable[[], Iterator[Term]]] = {
    "affiliations": _bodies("affiliations_ror"),
    "date_types": _titled("date_types"),
    "description_types": _titled("description_types"),
    "funders": _bodies("funders"),
    "languages": _languages,
    "licences": _licences,
    "relation_types": _titled("relation_types"),
    "resource_types": _titled("resource_types"),
    "roles": _titled("roles"),
    "title_types": _titled("title_types"),
}

if __name__ == "__main__":
    main()
