"""Rules over all records together: titles and identifiers that stand twice, relations, words of several spellings."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from cern_assets.audit.corpus import MOST_RECIDS, Corpus
from cern_assets.audit.patches import added, replaced
from cern_assets.audit.rules import Fault
from cern_assets.model.identifiers import Recid
from cern_assets.model.values import Json

_CLEAR = 0.95
"""The share of one spelling from which on the others are taken for slips."""


def same_titles(corpus: Corpus) -> Iterator[Fault]:
    """Records of one title that nothing else tells apart: one fault for all of them."""
    query = (
        "SELECT title, alike, count(*) AS times, min(recid) FROM records WHERE title != ''"
        " GROUP BY title, alike HAVING times > 1 ORDER BY times DESC, min(recid)"
    )
    for title, alike, times, first in corpus.rows(query):
        others = corpus.rows(
            "SELECT recid FROM records WHERE title = ? AND alike = ? AND recid != ? ORDER BY recid LIMIT ?",
            *(title, alike, first, MOST_RECIDS),
        )
        message = f"{times} records have this title, and type, years and periods do not tell them apart either."
        yield Fault(
            "title", title, message, places=times, recids=tuple(Recid(other) for (other,) in others), recid=Recid(first)
        )


def same_identifiers(corpus: Corpus) -> Iterator[Fault]:
    """Identifiers that several records claim as their own."""
    query = (
        "SELECT field, value, count(DISTINCT recid) AS times, min(recid), group_concat(DISTINCT recid) FROM identifiers"
        " GROUP BY kind, value HAVING times > 1 ORDER BY times DESC, min(recid)"
    )
    for field, value, times, first, all_ in corpus.rows(query):
        others = tuple(Recid(recid) for recid in str(all_).split(",") if recid != first)[:MOST_RECIDS]
        yield Fault(field, value, f"{times} records state it as their own.", places=times, recids=others, recid=first)


def unlike_words(corpus: Corpus) -> Iterator[Fault]:
    """Values of one field that differ in capitals, blanks and hyphens only: a fault for each of the rarer spellings.

    Where one spelling has nearly all records, the patch is for each of those that have another.
    """
    query = (
        "SELECT field, folded, sum(times), max(times) FROM words GROUP BY field, folded HAVING count(*) > 1"
        " ORDER BY field, folded"
    )
    for field, folded, times, most in list(corpus.rows(query)):
        spellings = list(
            corpus.rows(
                "SELECT spelling, times, recids FROM words WHERE field = ? AND folded = ?"
                " ORDER BY times DESC, spelling",
                *(field, folded),
            )
        )
        usual = str(spellings[0][0])
        for spelling, count, recids in spellings[1:]:
            first, *others = str(recids).split()
            patch = replaced(field.split("."), spelling, usual) if most >= _CLEAR * times and "[" not in field else ()
            message = f"{count} records spell it so; {most} spell it `{usual}`."
            yield Fault(field, spelling, message, patch, count, tuple(Recid(other) for other in others), Recid(first))


def dangling(corpus: Corpus) -> Iterator[Fault]:
    """Relations to records that are not there."""
    query = (
        "SELECT recid, kind, target, field FROM relations WHERE target NOT IN (SELECT recid FROM records)"
        " ORDER BY recid, field"
    )
    for recid, kind, target, field in corpus.rows(query):
        yield Fault(field, target, f"It says `{kind}` of record {target}, which is not there.", recid=Recid(recid))


def one_sided(
    *, mutual: Iterable[str], parents: Mapping[str, tuple[str, ...]], related: Callable[[str, Recid], Json]
) -> Callable[[Corpus], Iterator[Fault]]:
    """Relations that the other record does not tell of, though its source has a word for it.

    `mutual` are kinds that hold in both directions. `parents` has, by the kind with which a parent names its children,
    those with which a child names its parent. A child's word is held against its parent only where the parent names
    other children; many sources name parents only. `related` writes the relation that is missing.
    """

    def find(corpus: Corpus) -> Iterator[Fault]:
        for kind in mutual:
            for here, there in _unanswered(corpus, kind, (kind,)):
                yield missing(corpus, there, here, (kind, kind))
        for down, ups in parents.items():
            for parent, child in _unanswered(corpus, down, ups):
                yield missing(corpus, child, parent, (down, ups[0]))
            for up in ups:
                for child, parent in _unanswered(corpus, up, (down,), naming=down):
                    yield missing(corpus, parent, child, (up, down))

    def missing(corpus: Corpus, recid: Recid, other: Recid, kinds: tuple[str, str]) -> Fault:
        """What a record does not answer; the patch puts it behind its other relations, or begins their list."""
        said, unsaid = kinds
        relation = related(unsaid, other)
        has = next(corpus.rows("SELECT related FROM records WHERE recid = ?", recid))[0]
        patch = added(("relations", "-"), relation) if has else added(("relations",), [relation])
        message = f"Record {other} says `{said}` of it; it does not say `{unsaid}` of record {other}."
        return Fault("relations", unsaid, message, patch, recids=(other,), recid=recid)

    return find


def umbrella_totals(kind: str, fields: Mapping[str, tuple[str, ...]]) -> Callable[[Corpus], Iterator[Fault]]:
    """Records that state totals of other records, which do not sum to them.

    Only where every child that the parent names (by `kind`) is among the records, and states the total itself.
    `fields` has the places of the totals `files`, `bytes`, `events`.
    """
    sums = ", ".join(f"sum(child.{name}), count(child.{name})" for name in fields)
    stated = ", ".join(f"parent.{name}" for name in fields)
    query = (
        f"SELECT parent.recid, count(*), count(child.recid), {stated}, {sums} FROM records AS parent"  # noqa: S608  names of ours
        " JOIN relations ON relations.recid = parent.recid AND relations.kind = ?"
        " LEFT JOIN records AS child ON child.recid = relations.target"
        " WHERE parent.umbrella GROUP BY parent.recid ORDER BY parent.recid"
    )

    def find(corpus: Corpus) -> Iterator[Fault]:
        for recid, children, there, *numbers in corpus.rows(query, kind):
            if children != there:
                continue
            totals, told = numbers[: len(fields)], numbers[len(fields) :]
            for number, (name, steps) in enumerate(fields.items()):
                total, summed, known = totals[number], told[2 * number], told[2 * number + 1]
                if total is not None and known == children and total != summed:
                    message = f"The record states {total:,} {name}; its {children} parts sum to {summed:,}."
                    yield Fault(".".join(steps), total, message, replaced(steps, total, summed), recid=Recid(recid))

    return find


def _unanswered(corpus: Corpus, kind: str, answers: tuple[str, ...], naming: str = "") -> list[tuple[Recid, Recid]]:
    """Pairs of a record and the one it names, which is there and does not answer by any of some kinds.

    With `naming`, only where the other one names somebody by that kind.
    """
    marks = ", ".join("?" for _ in answers)
    query = (
        "SELECT one.recid, one.target FROM relations AS one JOIN records ON records.recid = one.target"  # noqa: S608  marks
        " WHERE one.kind = ? AND one.target != one.recid AND NOT EXISTS (SELECT 1 FROM relations AS other"
        f" WHERE other.recid = one.target AND other.target = one.recid AND other.kind IN ({marks}))"
    )
    values: list[object] = [kind, *answers]
    if naming:
        query += " AND EXISTS (SELECT 1 FROM relations AS any WHERE any.recid = one.target AND any.kind = ?)"
        values.append(naming)
    return [(Recid(here), Recid(there)) for here, there in corpus.rows(f"{query} ORDER BY 1, 2", *values)]
