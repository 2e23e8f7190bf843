"""Rules over the ORCID iDs of a record: one at two people, and those that ORCID made up as examples."""

from collections.abc import Callable, Iterable, Iterator

from cern_assets.audit.rules import Fault, Rule, Subject
from cern_assets.metadata.identifiers import bare_orcid

_EXAMPLES = frozenset(("0000-0002-1694-233X", "0000-0002-1825-0097"))
"""iDs with right check digits that ORCID's own documentation shows: of its page on the structure of an iD, and of the
made-up Josiah Carberry. Forms are tried with them, and people copy them."""


def same_orcids(patterns: Iterable[str]) -> Callable[[Subject], Iterator[Fault]]:
    """A rule's eye for one ORCID iD at two people of a list; `patterns` say where a list's people have theirs.

    An iD of ORCID's examples is nobody's, and no mark of a mistaken person (`example_orcids` tells of it).
    """
    wanted = frozenset(patterns)

    def find(subject: Subject) -> Iterator[Fault]:
        seen: dict[tuple[str, str], str] = {}
        for leaf in subject.leaves:
            orcid = bare_orcid(leaf.text) if leaf.pattern in wanted else ""
            if orcid and orcid not in _EXAMPLES:
                first = seen.setdefault((leaf.pattern, orcid), leaf.path)
                if first != leaf.path:
                    yield Fault(leaf.path, leaf.text, f"The same ORCID iD as in `{first}`.")

    return find


def example_orcids(patterns: Iterable[str]) -> Rule:
    """The rule that finds ORCID's examples where people have their iDs."""
    wanted = frozenset(patterns)

    def find(subject: Subject) -> Iterator[Fault]:
        for leaf in subject.leaves:
            if leaf.pattern in wanted and bare_orcid(leaf.text) in _EXAMPLES:
                yield Fault(leaf.path, leaf.text, "An iD of ORCID's examples.")

    return Rule(
        id="orcid-placeholder",
        group="people",
        severity="warning",
        title="ORCID iD of ORCID's own examples",
        reason="It stands for nobody of the record; the work is credited to a made-up person.",
        example="0000-0002-1825-0097",
        find=find,
    )
