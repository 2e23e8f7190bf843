"""Going through records: one at a time, with cases as they are found, and counts with the worst cases for a report."""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, count

from cern_assets.audit.corpus import Corpus
from cern_assets.audit.rules import Case, CorpusRule, Fault, Group, Rulebook, Subject, Told
from cern_assets.metadata.crosswalk import transform
from cern_assets.model.findings import pattern_of, printable
from cern_assets.model.identifiers import Recid
from cern_assets.model.records import SourceRecord
from cern_assets.model.values import JsonObject

SHOWN_PATCH = 10
"""Operations of a patch that a report shows."""


def audited(body: JsonObject, record: SourceRecord, book: Rulebook, corpus: Corpus) -> list[Case]:
    """What the rules find in one record; its facts are noted for `audited_together`."""
    findings = (*record.findings, *transform(record, book.crosswalk).findings)
    subject = Subject(record, book.said(body, record), findings)
    corpus.add(record.recid, record.url, book.facts(subject))
    return [
        case for rule in book.rules if (case := _case(rule, record.recid, record.url, rule.find(subject))) is not None
    ]


def audited_together(book: Rulebook, corpus: Corpus, *, whole: bool) -> Iterator[Case]:
    """What is found in all records that were noted; `whole` says that the source has no others."""
    for rule in book.across:
        if rule.whole and not whole:
            continue
        yield from _cases(rule, corpus)


def _cases(rule: CorpusRule, corpus: Corpus) -> Iterator[Case]:
    for fault in rule.find(corpus):
        recid = fault.recid or Recid("")
        case = _case(rule, recid, corpus.page(recid), [fault])
        if case is not None:
            yield case


def _case(rule: Told, recid: Recid, page: str, faults: Iterable[Fault]) -> Case | None:
    found = list(faults)
    if not found:
        return None
    first, places = found[0], sum(fault.places for fault in found)
    patch = tuple(chain.from_iterable(fault.patch for fault in found))
    return Case(
        rule=rule,
        recid=recid,
        page=page,
        field=pattern_of(first.field) if len(found) > 1 else first.field,
        value=printable(first.value),
        message=printable(first.message, 300),
        places=places,
        patch=patch,
        recids=first.recids,
    )


@dataclass
class Tally:
    """What one rule found over all records: how often, and the cases of most places, the worst first."""

    rule: Told
    shown: int
    cases: int = 0
    places: int = 0
    patches: int = 0
    _worst: list[tuple[int, int, Case]] = field(default_factory=list)

    def add(self, case: Case, number: int) -> None:
        """Count a case; of its patch, a report shows the beginning."""
        self.cases += 1
        self.places += case.places
        self.patches += bool(case.patch)
        entry = (case.places, -number, replace(case, patch=case.patch[:SHOWN_PATCH]))
        if len(self._worst) < self.shown:
            heapq.heappush(self._worst, entry)
        elif entry[:2] > self._worst[0][:2]:
            heapq.heapreplace(self._worst, entry)

    @property
    def worst(self) -> list[Case]:
        """Cases with most places; of equals, those that were met first."""
        return [case for _, _, case in sorted(self._worst, key=lambda entry: (-entry[0], -entry[1]))]


class Results:
    """Counts over a whole audit, bounded by the number of rules and of cases shown for each."""

    def __init__(self, book: Rulebook, *, shown: int) -> None:
        self.book = book
        self.records = 0
        self.unread: list[str] = []
        self.unread_count = 0
        self._shown = shown
        self._tallies = {rule.id: Tally(rule, shown) for rule in book.all}
        self._numbers = count()

    def add(self, case: Case) -> None:
        """Count a case."""
        self._tallies[case.rule.id].add(case, next(self._numbers))

    def counted[Each](self, records: Iterable[Each]) -> Iterator[Each]:
        """The records as they are read, counted."""
        for record in records:
            self.records += 1
            yield record

    def add_unread(self, message: str) -> None:
        """Count what could not be read as a record."""
        self.unread_count += 1
        if len(self.unread) < self._shown:
            self.unread.append(message)

    @property
    def tallies(self) -> Sequence[Tally]:
        """The rules that found something, in the order of their groups."""
        return [tally for tally in self._tallies.values() if tally.cases]

    @property
    def quiet(self) -> Sequence[Told]:
        """The rules that found nothing."""
        return [tally.rule for tally in self._tallies.values() if not tally.cases]

    @property
    def groups(self) -> dict[Group, list[Tally]]:
        """What there is in each group that the source has rules of, also where they found nothing."""
        found: dict[Group, list[Tally]] = defaultdict(list)
        for tally in self._tallies.values():
            found[tally.rule.group].append(tally)
        return found


def audit(
    records: Iterable[tuple[JsonObject, SourceRecord]], book: Rulebook, corpus: Corpus, *, whole: bool
) -> Iterator[Case]:
    """All cases of some records: those of each as it is read, then those of all of them together."""
    for body, record in records:
        yield from audited(body, record, book, corpus)
    yield from audited_together(book, corpus, whole=whole)
