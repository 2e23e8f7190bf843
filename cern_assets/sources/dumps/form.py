"""What a source system says of its records, for a dump of them to be a source."""

from collections.abc import Callable
from dataclasses import dataclass

from cern_assets.model.identifiers import Recid
from cern_assets.model.records import Answer, RecordSummary, SourceRecord
from cern_assets.sources.record_files import JSON_ONLY, Texts


@dataclass(frozen=True)
class DumpForm:
    """One system's records as they stand in files.

    `title` is the system's name for people, `setting` the variable that names the dump, and `suffixes` are the endings
    of files that hold records (others in the folder are passed over). `summary` reads what a list needs of one record,
    and raises `RecordInvalidError` for what is none; `gone` says why a record is withdrawn, None for one that is there;
    `read` makes the record. `texts` are forms of files beside JSON.
    """

    name: str
    title: str
    setting: str
    suffixes: tuple[str, ...]
    parse_recid: Callable[[str], Recid]
    summary: Callable[[object], RecordSummary]
    gone: Callable[[object], str | None]
    read: Callable[[Answer], SourceRecord]
    rules: Callable[[], str]
    page: Callable[[Recid], str]
    texts: Texts = JSON_ONLY
