"""What a rule of the auditor is, what it is given, what it finds. Pure: a record is looked at, and never changed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, get_args

from cern_assets.audit.corpus import Corpus, Facts
from cern_assets.audit.patches import Patch
from cern_assets.metadata.crosswalk import Crosswalk
from cern_assets.metadata.leaves import Leaf, leaves
from cern_assets.model.findings import Finding, Severity
from cern_assets.model.identifiers import Recid
from cern_assets.model.records import SourceRecord
from cern_assets.model.values import JsonObject

type Group = Literal[
    "checksums",
    "files",
    "totals",
    "identifiers",
    "relations",
    "titles",
    "texts",
    "licences",
    "words",
    "people",
    "dates",
]
GROUPS: tuple[Group, ...] = get_args(Group.__value__)
"""What belongs together for the people who mend it, in the order of a report."""


@dataclass(frozen=True)
class Subject:
    """One record under audit.

    `said` is the record as its curators keep it, for which patches are made; `record` is what was read from it, and
    `findings` all that was noticed when it was read and converted.
    """

    record: SourceRecord
    said: JsonObject
    findings: tuple[Finding, ...]

    @cached_property
    def leaves(self) -> list[Leaf]:
        """The leaves of the record, its files apart; their steps lead to the same places in `said`."""
        return list(leaves(self.record.metadata))

    @cached_property
    def texts(self) -> list[tuple[Leaf, str]]:
        """The leaves that are text for people; programs are none."""
        return [
            (leaf, leaf.value)
            for leaf in self.leaves
            if isinstance(leaf.value, str) and leaf.value and not leaf.pattern.endswith(".script")
        ]


@dataclass(frozen=True)
class Fault:
    """A place where a record breaks a rule.

    `places` is how many of them one fault stands for; `recids` are other records that it is about. `recid` is the
    record that is to be mended, None for the one that was looked at.
    """

    field: str
    value: object
    message: str
    patch: Patch = ()
    places: int = 1
    recids: tuple[Recid, ...] = ()
    recid: Recid | None = None


@dataclass(frozen=True, kw_only=True)
class Told:
    """What people are told of a rule.

    `id` is a stable word to count by, `title` names the fault, `reason` says why it is one, `example` shows one, and
    `mends` says what its patch does, "" where nobody but the curators can know the right value.
    """

    id: str
    group: Group
    severity: Severity
    title: str
    reason: str
    example: str
    mends: str = ""


@dataclass(frozen=True, kw_only=True)
class Rule(Told):
    """A rule that one record is enough for."""

    find: Callable[[Subject], Iterable[Fault]]


@dataclass(frozen=True, kw_only=True)
class CorpusRule(Told):
    """A rule over all records together; one of `whole` is only true if the input is all that the source has."""

    find: Callable[[Corpus], Iterable[Fault]]
    whole: bool = False


@dataclass(frozen=True)
class Rulebook:
    """All that the auditor is given of a source system.

    `title` is its name for people; `said` finds in a body the record as curators keep it, and `facts` what is to be
    compared with other records.
    """

    title: str
    rules: tuple[Rule, ...]
    across: tuple[CorpusRule, ...]
    crosswalk: Crosswalk
    facts: Callable[[Subject], Facts]
    said: Callable[[JsonObject, SourceRecord], JsonObject] = field(default=lambda _body, record: record.metadata)

    @property
    def all(self) -> tuple[Told, ...]:
        """The rules in the order of their groups."""
        return tuple(sorted((*self.rules, *self.across), key=lambda rule: GROUPS.index(rule.group)))


@dataclass(frozen=True)
class Case:
    """What a rule found in one record: of all its places the first in full, and the patches of all of them."""

    rule: Told
    recid: Recid
    page: str
    field: str
    value: str
    message: str
    places: int
    patch: Patch
    recids: tuple[Recid, ...]

    def as_json(self) -> dict[str, object]:
        """For programs; what is empty is left out."""
        said: dict[str, object] = {
            "rule": self.rule.id,
            "group": self.rule.group,
            "severity": self.rule.severity,
            "recid": self.recid,
            "page": self.page,
            "field": self.field,
            "value": self.value,
            "message": self.message,
            "places": self.places,
        }
        more = {"patch": list(self.patch), "recids": list(self.recids)}
        return said | {name: value for name, value in more.items() if value}
