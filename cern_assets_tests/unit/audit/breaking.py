"""Records that break no rule of the auditor, and for each rule a record that breaks it."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from cern_assets.audit.corpus import opened_corpus
from cern_assets.audit.rules import Case
from cern_assets.audit.running import audit
from cern_assets.wiring import source_parts

type Change = Callable[[dict[str, Any]], object]
type Bodies = list[dict[str, Any]]

URI = "root://eospublic.cern.ch//eos/opendata/cms/"
OPENDATA: dict[str, Any] = {
    "abstract": {"description": "<p>Muons of 2012.</p>"},
    "accelerator": "CERN-LHC",
    "authors": [{"name": "Doe, Jane", "orcid": "0000-0002-7145-630X"}, {"name": "Roe, Ann"}],
    "collaboration": {"name": "CMS collaboration", "recid": "451"},
    "collections": ["CMS-Derived-Datasets"],
    "collision_information": {"type": "pp", "energy": "8TeV"},
    "date_created": ["2012"],
    "date_published": "2017",
    "distribution": {"formats": ["root"], "number_files": 2, "size": 30},
    "doi": "10.7483/OPENDATA.CMS.AB12.CD34",
    "experiment": ["CMS"],
    "files": [
        {"checksum": "adler32:0a8c36af", "size": 10, "uri": f"{URI}one.root"},
        {"checksum": "adler32:11111111", "size": 20, "uri": f"{URI}two.root"},
    ],
    "license": {"attribution": "CC0-1.0"},
    "publisher": "CERN Open Data Portal",
    "recid": "1",
    "title": "Muons",
    "type": {"primary": "Dataset", "secondary": ["Derived"]},
}
CDS: dict[str, Any] = {
    "001": "2272970",
    "0247_": [{"2": ["DOI"], "a": ["10.17181/CERN.1"]}],
    "020__": [{"a": ["9780081020623"]}],
    "041__": [{"a": ["eng"]}],
    "100__": [{"a": ["Doe, Jane"]}],
    "245__": [{"a": ["A report"]}],
    "260__": [{"c": ["2017"]}],
    "540__": [{"a": ["CC-BY-4.0"]}],
    "963__": [{"a": ["PUBLIC"]}],
    "980__": [{"a": ["NOTE"]}],
}
ZENODO: dict[str, Any] = {
    "recid": 1,
    "doi": "10.5281/zenodo.1",
    "title": "A report",
    "description": "<p>What was done.</p>",
    "publication_date": "2019-05-01",
    "access_right": "open",
    "license": {"id": "cc-by-4.0"},
    "language": "eng",
    "creators": [{"name": "Doe, Jane", "orcid": "0000-0002-7145-630X"}],
    "keywords": ["physics"],
    "resource_type": {"type": "publication", "subtype": "report"},
    "_files": [{"key": "a.pdf", "size": 1, "checksum": "md5:0cc175b9c0f1b6a831c399e269772661", "bucket": "b"}],
}


def marc(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields by tag as text MARC, which is what CDS is read from."""
    lines = [f"001 {fields['001']}"]
    for tag, occurrences in fields.items():
        for each in occurrences if isinstance(occurrences, list) else []:
            subfields = "".join(f"$${code}{value}" for code, values in each.items() for value in values)
            lines.append(f"{tag} {subfields}")
    return {"marc": "\n".join(lines)}


def with_(record: dict[str, Any], *changes: Change) -> dict[str, Any]:
    """A copy of a record, changed."""
    made = deepcopy(record)
    for change in changes:
        change(made)
    return made


def put(path: str, value: object) -> Change:
    """Put a value at `distribution/size`; without a value (`...`), take away what is there."""

    def change(record: dict[str, Any]) -> None:
        *steps, last = (int(step) if step.isdigit() and step != "001" else step for step in path.split("/"))
        place: Any = record
        for step in steps:
            place = place[step]
        if value is ...:
            del place[last]
        elif isinstance(place, list) and last == len(place):
            place.append(value)
        else:
            place[last] = value

    return change


def cases_of(source: str, bodies: Bodies, *, whole: bool = False) -> list[Case]:
    """What the auditor finds in records of a source."""
    parts = source_parts(source)
    with opened_corpus() as corpus:
        return list(audit(((body, parts.parse(body)) for body in bodies), parts.rulebook(), corpus, whole=whole))


def _one(*changes: Change) -> Bodies:
    return [with_(OPENDATA, *changes)]


def _two(first: Change, second: Change) -> Bodies:
    other = with_(OPENDATA, put("recid", "2"), put("doi", "10.7483/OPENDATA.CMS.EF56.GH78"), put("title", "Electrons"))
    return [with_(OPENDATA, first), with_(other, second)]


_UMBRELLA = (
    put("files", ...),
    put("relations", [{"type": "isParentOf", "recid": "2"}]),
    put("distribution", {"number_files": 9999, "size": 30}),
)


def _many(word: str) -> Bodies:
    """Forty records, one of which spells its accelerator otherwise."""
    numbered = [
        with_(
            OPENDATA, put("recid", str(n)), put("title", f"Muons {n}"), put("doi", f"10.7483/OPENDATA.CMS.AB12.{n:04}")
        )
        for n in range(1, 41)
    ]
    return [with_(numbered[0], put("accelerator", word)), *numbered[1:]]


OPENDATA_BREAKS: dict[str, Bodies] = {
    "checksum-not-padded": _one(put("files/0/checksum", "adler32:a8c36af")),
    "checksum-algorithm-misspelt": _one(put("files/0/checksum", "alder32:0a8c36af")),
    "checksum-without-algorithm": _one(put("files/0/checksum", "0a8c36af")),
    "checksum-not-canonical": _one(put("files/0/checksum", "ADLER32:0A8C36AF")),
    "checksum-unusable": _one(put("files/0/checksum", "adler32:")),
    "checksum-not-adler32": _one(put("files/0/checksum", f"sha1:{'0' * 40}")),
    "file-listed-twice": _one(put("files/2", OPENDATA["files"][0]), put("distribution/number_files", 3)),
    "file-name-twice": _one(put("files/1/uri", f"{URI}more/one.root")),
    "file-left-by-editor": _one(put("files/1/uri", f"{URI}list.txt~")),
    "file-unusable": _one(put("files/0/uri", "https://elsewhere.example/one.root")),
    "size-unusable": _one(put("files/0/size", None)),
    "files-not-listed": _one(put("files", ...), put("distribution/availability", "ondemand")),
    "index-differs": _one(
        put("files", ...),
        put(
            "_file_indices",
            [{"key": "i.json", "number_files": 1, "files": [dict(each) for each in OPENDATA["files"]]}],
        ),
    ),
    "number-of-files-differs": _one(put("distribution/number_files", 1)),
    "size-differs": _one(put("distribution/size", 31)),
    "totals-unstated": _one(put("distribution", ...)),
    "files-nowhere": _one(put("files", ...)),
    "umbrella-totals": [with_(OPENDATA, *_UMBRELLA), _two(put("recid", "1"), put("recid", "2"))[1]],
    "doi-odd": _one(put("doi", "10.7483/OOPENDATA.CMS.AB12.CD34")),
    "doi-capitals": _one(put("doi", "10.7483/OPENDATA.CMS.ab12.CD34")),
    "doi-invalid": _one(put("doi", "10.7483 OPENDATA")),
    "doi-missing": _one(put("doi", ...)),
    "doi-twice": _two(put("recid", "1"), put("doi", OPENDATA["doi"])),
    "relation-aimless": _one(put("relations", [{"type": "isChildOf", "title": "/Jet/RAW"}])),
    "relation-to-itself": _one(put("relations", [{"type": "isChildOf", "recid": "1"}])),
    "relation-twice": _one(
        put("relations", [{"type": "isChildOf", "recid": "7"}, {"type": "isChildOf", "recid": "7", "title": "Seven"}])
    ),
    "relation-unknown": _one(put("relations", [{"type": "isCousinOf", "recid": "7"}])),
    "relation-one-sided": _two(put("relations", [{"type": "isSiblingOf", "recid": "2"}]), put("recid", "2")),
    "relation-dangling": _one(put("relations", [{"type": "isChildOf", "recid": "99999"}])),
    "link-unusable": _one(put("relations", [{"type": "isChildOf", "recid": "see above"}])),
    "title-missing": _one(put("title", ...)),
    "title-twice": _two(put("recid", "1"), put("title", "muons")),
    "shape-unexpected": _one(put("abstract", "Muons of 2012.")),
    "field-empty": _one(put("collaboration/recid", "")),
    "text-of-program": _one(put("abstract/description", "By PXDST (Version v['1995']c2).")),
    "text-misprint": _one(put("abstract/description", "It is availabe for anaysis.")),
    "text-blank-ends": _one(put("title", "Muons ")),
    "text-unseen-letters": _one(put("title", "Mu\u200bons")),
    "text-garbled": _one(put("title", "Muons of GenÃ¨ve, prÃ©pared")),
    "html-entity": _one(put("abstract/description", "<p>Electrons &amp muons</p>")),
    "html-unbalanced": _one(put("abstract/description", "<ul><li>Muons</li>")),
    "html-lossy": _one(put("abstract/description", '<p><a href="javascript:alert(1)">Muons</a></p>')),
    "markup-leftover": _one(put("abstract/description", "See [the guide](https://example.org/guide).")),
    "hidden-controls": _one(put("title", "Mu\u202eons")),
    "licence-unstated": _one(put("license", ...)),
    "licence-unknown": _one(put("license/attribution", "GPL3")),
    "language-unknown": _one(put("language", "Englisch")),
    "type-unknown": _one(put("type/secondary", ["Colision"])),
    "word-spellings": _many("CERN LHC"),
    "orcid-invalid": _one(put("authors/0/orcid", "0000-0002-1825-0098")),
    "orcid-twice": _one(put("authors/1/orcid", "0000-0002-7145-630X")),
    "orcid-placeholder": _one(put("authors/1/orcid", "0000-0002-1825-0097")),
    "author-without-name": _one(put("authors/1", {"affiliation": "CERN"})),
    "name-without-comma": _one(put("authors/1/name", "Ann Roe"), put("authors/1/orcid", "0000-0001-5109-3700")),
    "date-unusable": _one(put("date_published", "2017-13")),
    "date-reversed": _one(put("date_created", ["2018"])),
}

_CDS_BREAKS: dict[str, list[dict[str, Any]]] = {
    "doi-invalid": [with_(CDS, put("0247_/0/a", ["10.17181"]))],
    "isbn-invalid": [with_(CDS, put("020__/0/a", ["9780081020624"]))],
    "issn-invalid": [with_(CDS, put("022__", [{"a": ["1234-5678"]}]))],
    "identifier-twice": [CDS, with_(CDS, put("001", "5"), put("245__/0/a", ["Another"]))],
    "link-unusable": [with_(CDS, put("8564_", [{"u": ["www"]}]))],
    "relation-dangling": [with_(CDS, put("787__", [{"w": ["999999"], "i": ["issue"]}]))],
    "title-missing": [with_(CDS, put("245__/0/a", ["A"]))],
    "title-twice": [CDS, with_(CDS, put("001", "5"), put("0247_", ...))],
    "language-unknown": [with_(CDS, put("041__/0/a", ["xx"]))],
    "type-unknown": [with_(CDS, put("980__/0/a", ["MISC"]))],
    "orcid-invalid": [with_(CDS, put("100__/0/k", ["0000-0002-1825-0098"]))],
    "orcid-twice": [
        with_(
            CDS,
            put("700__", [{"a": [name], "k": ["0000-0002-7145-630X"]} for name in ("Roe, Ann", "Poe, Tom")]),
        )
    ],
    "orcid-placeholder": [with_(CDS, put("100__/0/j", ["ORCID:0000-0002-1825-0097"]))],
    "author-without-name": [with_(CDS, put("700__", [{"u": ["CERN"]}]))],
    "name-without-comma": [with_(CDS, put("700__", [{"a": ["Ann Roe"]}]))],
    "date-odd": [with_(CDS, put("260__/0", {"a": ["2017"]}))],
    "html-unbalanced": [with_(CDS, put("520__", [{"a": ["<b>What was done."], "b": ["</i> more"]}]))],
}
CDS_BREAKS: dict[str, Bodies] = {name: [marc(each) for each in records] for name, records in _CDS_BREAKS.items()} | {
    "xml-ampersand": [
        {
            "marcxml": '<record><controlfield tag="001">1</controlfield><datafield tag="245" ind1=" " ind2=" ">'
            '<subfield code="a">R & D</subfield></datafield></record>'
        }
    ],
    "marc-unreadable": [
        {
            "marcxml": '<record><controlfield tag="001">1</controlfield><datafield tag="24" ind1="5" ind2=" ">'
            '<subfield code="a">Lost</subfield></datafield><datafield tag="245" ind1=" " ind2=" ">'
            '<subfield code="a">A report</subfield></datafield></record>'
        }
    ],
}
_DUMP = {
    "recid": 2272970,
    "record": [
        {
            "marcxml": '<record><controlfield tag="001">2272970</controlfield><datafield tag="245" ind1=" " ind2=" ">'
            '<subfield code="a">A report</subfield></datafield></record>'
        }
    ],
    "files": [{"full_name": "a.pdf", "full_path": "/opt/cdsweb/var/data/files/g1/2/a.pdf;1", "version": 1, "size": 3}],
}
CDS_BREAKS["checksum-unusable"] = [_DUMP]
CDS_BREAKS["file-unusable"] = [with_(_DUMP, put("files/0/full_name", "../a.pdf"))]


def _zenodo(*changes: Change) -> Bodies:
    return [with_(ZENODO, *changes)]


ZENODO_BREAKS: dict[str, Bodies] = {
    "checksum-unusable": _zenodo(put("_files/0/checksum", "")),
    "file-unusable": _zenodo(put("_files/0/key", "../a.pdf")),
    "doi-invalid": _zenodo(put("doi", "10.5281")),
    "grant-unusable": _zenodo(put("grants", [{"title": "A grant"}])),
    "doi-twice": [ZENODO, with_(ZENODO, put("recid", 2), put("title", "Another"))],
    "relation-to-itself": _zenodo(
        put("related_identifiers", [{"relation": "isCitedBy", "identifier": "https://doi.org/10.5281/ZENODO.1"}])
    ),
    "role-unknown": _zenodo(put("contributors", [{"name": "Roe, Ann", "type": "Friend"}])),
    "relation-unknown": _zenodo(
        put("related_identifiers", [{"relation": "isFriendOf", "identifier": "10.5281/zenodo.9", "scheme": "doi"}])
    ),
    "title-missing": _zenodo(put("title", "A")),
    "title-twice": [ZENODO, with_(ZENODO, put("recid", 2), put("doi", "10.5281/zenodo.2"))],
    "keywords-joined": _zenodo(put("keywords", ["physics; detectors", "muons"])),
    "language-unknown": _zenodo(put("language", "xx")),
    "type-unknown": _zenodo(put("resource_type", {"type": "thing"})),
    "licence-unstated": _zenodo(put("license", ...)),
    "licence-unknown": _zenodo(put("license/id", "gpl-3.0")),
    "licence-without-version": _zenodo(put("license/id", "cc-by")),
    "embargo-odd": _zenodo(put("access_right", "embargoed"), put("embargo_date", "2020-08-03")),
    "orcid-invalid": _zenodo(put("creators/0/orcid", "0000-0002-1825-0098")),
    "orcid-twice": _zenodo(put("creators/1", {"name": "Roe, Ann", "orcid": "0000-0002-7145-630X"})),
    "orcid-placeholder": _zenodo(put("creators/0/orcid", "https://orcid.org/0000-0002-1694-233x")),
    "name-missing": _zenodo(put("creators/1", {"affiliation": "CERN"})),
    "name-without-comma": _zenodo(put("creators/1", {"name": "Ann Roe", "orcid": "0000-0001-5109-3700"})),
    "place-unusable": _zenodo(put("locations", [{"place": "Nowhere", "lat": 91, "lon": 0}])),
    "date-unusable": _zenodo(put("publication_date", "2014-02-30")),
    "date-reversed": _zenodo(put("dates", [{"type": "Valid", "start": "2019-05-01", "end": "2018-05-01"}])),
    "date-in-future": _zenodo(put("publication_date", "2109-05-01")),
    "shape-unexpected": _zenodo(put("colour", "red")),
}

BREAKS: dict[str, dict[str, Bodies]] = {"opendata": OPENDATA_BREAKS, "cds": CDS_BREAKS, "zenodo": ZENODO_BREAKS}
GOOD: dict[str, Bodies] = {"opendata": [OPENDATA], "cds": [marc(CDS)], "zenodo": [ZENODO]}
