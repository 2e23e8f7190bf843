"""Branches of a record: a name of its top level with all that is below it.

Records of one source say the same in many branches (a publisher, a licence, how a hundred simulations were made), and a
branch that comes again is neither walked nor converted again: what is known of it is remembered with it, in a bounded
memory. Whether two branches are the same is told by all of their content, and not by a part.
"""

import marshal
from collections.abc import Callable, Mapping
from itertools import count
from operator import itemgetter
from typing import Any

from cern_assets.metadata.leaves import Leaf, Place, by_pattern, leaves, text_leaf
from cern_assets.metadata.memory import Memory
from cern_assets.model.metadata import LeafFate
from cern_assets.model.values import Json, JsonObject

_REMEMBERED = 2_000_000
"""Bytes of branches that are remembered, twice; one counts as so many more as its leaves and results are at least."""
_AT_LEAST = 500
_FORMS = 4_000
_LARGEST = 20_000
"""Bytes of a branch that is remembered: longer ones are lists of authors or runs, which are hardly ever the same."""
_TRIED = 200
"""How often a name has to be new before it is given up as one that is new in each record (a title, a DOI)."""
_MARSHAL = 2
"""The version of Python's own format in which equal values are equal bytes: later ones count references."""


class Form:
    """What branches of the same patterns, each with as many leaves, have in common.

    `kind` is a number for the patterns of its leaves that say something, `rows` are those that read one of these, and
    `pick` takes what they made of a record out of all that was made of it. `unread` are patterns that no row reads.
    `fates` remembers the account of the leaves by what the rows made.
    """

    __slots__ = ("fates", "kind", "patterns", "pick", "rows", "unread")

    def __init__(self, kind: int, patterns: tuple[str, ...], readers: Mapping[str, tuple[int, ...]]) -> None:
        self.kind = kind
        self.patterns = patterns
        self.rows = tuple(sorted({number for pattern in patterns for number in readers.get(pattern, ())}))
        self.pick: Callable[[Mapping[int, object]], Any] = itemgetter(*self.rows) if self.rows else _nothing
        self.unread = tuple(pattern for pattern in patterns if pattern not in readers)
        self.fates: dict[object, tuple[LeafFate, ...]] = {}


class Branch:
    """One branch: its leaves by pattern, `all` of them and those that `said` something, both in the record's order.

    `made` has what rows made that read this branch alone, by the number of the row; `fates` is as that of its form, for
    rows that told leaves apart. `is_remembered` tells whether it may come again.
    """

    __slots__ = ("all", "fates", "form", "is_remembered", "made", "said")

    def __init__(self, all_of: Mapping[str, list[Leaf]], said: Mapping[str, list[Leaf]], form: Form) -> None:
        self.all = all_of
        self.said = said
        self.form = form
        self.made: dict[int, Any] = {}
        self.fates: dict[object, tuple[LeafFate, ...]] = {}
        self.is_remembered = False


class Branches:
    """The branches of records of one crosswalk.

    `known` is the root of the places that its rows read, `readers` has the rows that read a pattern.
    """

    def __init__(self, known: Place, readers: Mapping[str, tuple[int, ...]]) -> None:
        """Names that rows read are remembered; what nobody reads is only walked."""
        self._known = known
        self._readers = readers
        self._memory: Memory[tuple[str, str | bytes], Branch] = Memory(_REMEMBERED)
        self._forms: dict[tuple[tuple[str, int, int], ...], Form] = {}
        self._kinds: dict[tuple[str, ...], int] = {}
        self._texts: dict[str, Form] = {}
        self._numbers = count()
        self._hits: dict[str, int] = dict.fromkeys(known.children, 0)
        self._misses = self._hits.copy()
        self._new_each_time: set[str] = set()
        self.nothing = Branch({}, {}, Form(next(self._numbers), (), readers))
        """The branch that all records have besides: what rows make of no leaf is remembered with it."""
        self.nothing.is_remembered = True

    def of(self, metadata: JsonObject) -> list[Branch]:
        """The branches of a record, in its order."""
        found = []
        recent, hits, new_each_time = self._memory.recent, self._hits, self._new_each_time
        for name, value in metadata.items():
            if name in new_each_time:
                found.append(self._new(name, value))
                continue
            if name not in hits:
                if not _is_plain(name):
                    # Two names may give one pattern then: the record is one branch.
                    return [self._grown(leaves(metadata, self._known))]
                found.append(self._new(name, value))
                continue
            key = _key(name, value)
            branch = recent.get(key) if key else None
            if branch is None:
                branch = self._other(key, name, value)
            else:
                hits[name] += 1
            found.append(branch)
        return found

    def _other(self, key: tuple[str, str | bytes] | None, name: str, value: Json) -> Branch:
        """One that was not met lately."""
        weight = _AT_LEAST + len(key[1]) if key else 0
        known = self._memory.get(key, weight) if key else None
        if known is not None:
            return known
        branch = self._new(name, value)
        self._misses[name] += 1
        if self._misses[name] >= _TRIED and 4 * self._hits[name] < self._misses[name]:
            self._new_each_time.add(name)
        elif key:
            branch.is_remembered = True
            self._memory.put(key, branch, weight)
        return branch

    def _new(self, name: str, value: Json) -> Branch:
        """One that is walked. Most are one text of a name that is known."""
        if type(value) is str:
            form, leaf = self._texts.get(name), text_leaf(name, value, self._known)
            if form is not None and leaf.text:
                all_of = {leaf.pattern: [leaf]}
                return Branch(all_of, all_of, form)
            branch = self._grown([leaf])
            if leaf.text and name in self._hits:
                self._texts[name] = branch.form
            return branch
        return self._grown(leaves({name: value}, self._known))

    def _grown(self, found: list[Leaf]) -> Branch:
        all_of = by_pattern(found)
        said = all_of if all(leaf.text for leaf in found) else _with_text(all_of)
        outline = tuple((pattern, len(these), len(said.get(pattern, ()))) for pattern, these in all_of.items())
        form = self._forms.get(outline)
        if form is None:
            if len(self._forms) >= _FORMS:
                self._forms.clear()
            form = self._forms[outline] = Form(self._kind(tuple(said)), tuple(said), self._readers)
        return Branch(all_of, said, form)

    def _kind(self, patterns: tuple[str, ...]) -> int:
        kind = self._kinds.get(patterns)
        if kind is None:
            if len(self._kinds) >= _FORMS:
                self._kinds.clear()
            kind = self._kinds[patterns] = next(self._numbers)
        return kind


def _nothing(_: Mapping[int, object]) -> None:
    """What rows made of a branch that none of them reads."""
    return


def _key(name: str, value: Json) -> tuple[str, str | bytes] | None:
    """What tells a branch from others; None for one that is not remembered."""
    if type(value) is str:
        return (name, value) if len(value) <= _LARGEST else None
    try:
        content = marshal.dumps(value, _MARSHAL)
    except ValueError:  # nested beyond what it takes
        return None
    return (name, content) if len(content) <= _LARGEST else None


def _is_plain(name: str) -> bool:
    return bool(name) and name.isprintable() and "." not in name and "[" not in name


def _with_text(all_of: Mapping[str, list[Leaf]]) -> dict[str, list[Leaf]]:
    said = {pattern: [leaf for leaf in these if leaf.text] for pattern, these in all_of.items()}
    return {pattern: these for pattern, these in said.items() if these}
