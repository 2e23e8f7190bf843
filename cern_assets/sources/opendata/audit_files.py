"""The auditor's rules for files of CERN Open Data: checksums as they are written, entries of lists, stated totals."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from cern_assets.audit.patches import added, replaced
from cern_assets.audit.rules import Fault, Rule, Subject
from cern_assets.audit.told import noticed
from cern_assets.audit.usual import CHECKSUM_UNUSABLE
from cern_assets.model.checksums import HEX_DIGITS, is_canonical, parse_checksum
from cern_assets.model.values import JsonObject

_PORTALS = "adler32"
"""The algorithm of all but a few files; the portal's own client knows no other."""
_AS_WRITTEN = re.compile(r"adler32:[0-9a-f]{8}")
"""What nearly all are like."""


def _checksums(code: str) -> Callable[[Subject], Iterator[Fault]]:
    """A rule's eye for checksums that are readable and not written as they should be."""

    def find(subject: Subject) -> Iterator[Fault]:
        for position, entry in _files(subject):
            text = entry.get("checksum")
            if isinstance(text, str) and _AS_WRITTEN.fullmatch(text):
                continue
            checksum = parse_checksum(text) if isinstance(text, str) else None
            if checksum is None or is_canonical(str(text)) or _slip(str(text)) != code:
                continue
            steps = ("files", position, "checksum")
            message = f"It should be {checksum}: {_name(entry)}"
            yield Fault(f"files[{position}].checksum", text, message, replaced(steps, str(text), str(checksum)))

    return find


def _slip(text: str) -> str:
    """Which slip of the pen made a readable checksum differ from how it is written."""
    name, separator, digits = text.strip().lower().rpartition(":")
    full = next((length for known, length in HEX_DIGITS.items() if known == name), None)
    if not separator:
        return "checksum-without-algorithm"
    if full is None:
        return "checksum-algorithm-misspelt"
    return "checksum-not-padded" if len(digits) < full else "checksum-not-canonical"


def _unlike(subject: Subject) -> Iterator[Fault]:
    for position, entry in _files(subject):
        text = str(entry.get("checksum"))
        checksum = None if _AS_WRITTEN.fullmatch(text) else parse_checksum(text)
        if checksum is not None and checksum.algorithm != _PORTALS:
            message = f"Stated by {checksum.algorithm}: {_name(entry)}"
            yield Fault(f"files[{position}].checksum", entry.get("checksum"), message)


def _same_names(subject: Subject) -> Iterator[Fault]:
    seen: dict[str, int] = {}
    for position, entry in _files(subject):
        name = _name(entry).rpartition("/")[2]
        first = seen.setdefault(name, position)
        if first != position:
            yield Fault(f"files[{position}].uri", entry.get("uri"), f"`files[{first}]` has the same name, {name}.")


def _left_by_editors(subject: Subject) -> Iterator[Fault]:
    for position, entry in _files(subject):
        name = _name(entry).rpartition("/")[2]
        if name.endswith(("~", ".bak", ".swp", ".orig")) or name in (".DS_Store", "Thumbs.db"):
            yield Fault(f"files[{position}].uri", entry.get("uri"), f"{name} is what an editor or system left behind.")


def _totals(code: str, name: str) -> Callable[[Subject], Iterator[Fault]]:
    """A rule's eye for a stated total that is not that of the files listed."""

    def find(subject: Subject) -> Iterator[Fault]:
        for finding in subject.findings:
            if finding.code == code:
                distribution = subject.said.get("distribution")
                stated = distribution.get(name) if isinstance(distribution, dict) else None
                listed = len(subject.record.files) if name == "number_files" else subject.record.size_bytes
                patch = replaced(("distribution", name), stated, listed)
                yield Fault(finding.field, stated, finding.message, patch)

    return find


def _unstated_totals(subject: Subject) -> Iterator[Fault]:
    """Datasets with files of their own and no number of them; index files are no files of the data."""
    kind, distribution = subject.said.get("type"), subject.said.get("distribution")
    primary = kind.get("primary") if isinstance(kind, dict) else None
    entries = [entry for _, entry in _files(subject)]
    indexed = any(str(entry.get("type", "")).startswith("index") for entry in entries) or any(
        file.index for file in subject.record.files
    )
    known = distribution if isinstance(distribution, dict) else {}
    if primary != "Dataset" or not entries or indexed or known.get("number_files") is not None:
        return
    files, size = len(subject.record.files), subject.record.size_bytes
    message = f"{files:,} files of {size:,} bytes are listed, and no number of files is stated."
    values: JsonObject = {"number_files": files, "size": size}
    if isinstance(distribution, dict):
        patch = tuple(
            each for name, value in values.items() if name not in known for each in added(("distribution", name), value)
        )
    else:
        patch = added(("distribution",), dict(values))
    yield Fault("distribution.number_files", None, message, patch)


def _files(subject: Subject) -> Iterator[tuple[int, JsonObject]]:
    listed = subject.said.get("files")
    for position, entry in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(entry, dict):
            yield position, entry


def _name(entry: JsonObject) -> str:
    return str(entry.get("uri") or entry.get("key") or "").rpartition("//")[2]


CHECKSUM_RULES = (
    Rule(
        id="checksum-not-padded",
        group="checksums",
        severity="warning",
        title="Checksum without its leading zeros",
        reason="An adler32 has eight digits; programs that compare texts take a shorter one for a damaged file.",
        example="adler32:aa8c36a",
        mends="puts the zeros in front",
        find=_checksums("checksum-not-padded"),
    ),
    Rule(
        id="checksum-algorithm-misspelt",
        group="checksums",
        severity="warning",
        title="Checksum with its algorithm misspelt",
        reason="No program knows which algorithm is meant, and the file cannot be verified.",
        example="alder32:0b5d5d34",
        mends="names the algorithm",
        find=_checksums("checksum-algorithm-misspelt"),
    ),
    Rule(
        id="checksum-without-algorithm",
        group="checksums",
        severity="warning",
        title="Checksum without its algorithm",
        reason="The algorithm has to be guessed from the number of digits.",
        example="0b5d5d34",
        mends="names the algorithm that has so many digits",
        find=_checksums("checksum-without-algorithm"),
    ),
    Rule(
        id="checksum-not-canonical",
        group="checksums",
        severity="note",
        title="Checksum in capitals or with blanks",
        reason="Programs that compare texts take it for another one.",
        example="ADLER32:0B5D5D34",
        mends="writes it in lower case, without blanks",
        find=_checksums("checksum-not-canonical"),
    ),
    replace(CHECKSUM_UNUSABLE, title="No checksum, or none that can be read", example="adler32:"),
    Rule(
        id="checksum-not-adler32",
        group="checksums",
        severity="note",
        title="Checksum of another algorithm than the portal's",
        reason="All other files have an adler32, and the portal's own client verifies nothing else.",
        example="sha1:9f3f...",
        find=_unlike,
    ),
)

FILE_RULES = (
    Rule(
        id="file-listed-twice",
        group="files",
        severity="warning",
        title="File listed twice",
        reason="Numbers and sizes count it twice; where the entries differ, nobody knows which is right.",
        example="the same uri in two entries",
        find=noticed("file-listed-twice", "file-listed-differently"),
    ),
    Rule(
        id="file-name-twice",
        group="files",
        severity="warning",
        title="Two files of one name",
        reason="The portal knows a file of a record by its bare name: only one of them can be reached by it.",
        example="a/data.root and b/data.root",
        find=_same_names,
    ),
    Rule(
        id="file-left-by-editor",
        group="files",
        severity="note",
        title="File that an editor left behind",
        reason="Backup copies came with a folder by mistake, as a rule.",
        example="FilesToProcess.txt~",
        find=_left_by_editors,
    ),
    Rule(
        id="file-unusable",
        group="files",
        severity="error",
        title="File entry that cannot be used",
        reason="It has no address on EOS, or a name that no system can store: nobody can fetch the file.",
        example="an entry without uri",
        find=noticed(
            "uri-missing",
            "uri-elsewhere",
            "file-name-unsafe",
            "file-is-a-folder",
            "file-entry-unreadable",
            "file-list-unreadable",
        ),
    ),
    Rule(
        id="size-unusable",
        group="files",
        severity="warning",
        title="File without a usable size",
        reason="Readers cannot know what they would fetch, and totals do not add up.",
        example='"size": null',
        find=noticed("size-unusable"),
    ),
    Rule(
        id="index-differs",
        group="totals",
        severity="warning",
        title="File index of another length than it states",
        reason="Members are missing from the index, or the number was not renewed with it.",
        example="number_files 105, and 89 members",
        find=noticed("index-differs"),
    ),
    Rule(
        id="number-of-files-differs",
        group="totals",
        severity="warning",
        title="Stated number of files is not that of the files listed",
        reason="Readers take the number for the truth, and think that files are missing.",
        example="states 1 file, lists 3",
        mends="states the number of the files listed",
        find=_totals("number-of-files-differs", "number_files"),
    ),
    Rule(
        id="size-differs",
        group="totals",
        severity="warning",
        title="Stated size is not that of the files listed",
        reason="Readers plan their disks by it.",
        example="states 627,477,318 bytes, lists 611,132,180",
        mends="states the sum of the files listed",
        find=_totals("size-differs", "size"),
    ),
    Rule(
        id="totals-unstated",
        group="totals",
        severity="note",
        title="Dataset that does not state how many files it has",
        reason="It is missing in every sum over the portal, and in searches by size.",
        example="files without distribution.number_files",
        mends="states number and size of the files listed",
        find=_unstated_totals,
    ),
    Rule(
        id="files-nowhere",
        group="totals",
        severity="warning",
        title="States files, lists none, and names no record that has them",
        reason="Readers see a number of files and find neither them nor the way to them.",
        example="number_files 1, without files and relations",
        find=noticed("files-nowhere"),
    ),
    Rule(
        id="files-not-listed",
        group="files",
        severity="note",
        title="Files on tape that are not listed",
        reason="Nobody can ask for a file whose name is not known.",
        example='"availability": "ondemand" and no files',
        find=noticed("files-not-listed"),
    ),
)
