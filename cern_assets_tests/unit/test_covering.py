"""The choice of a few deposits that stand for many."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from cern_assets.model.metadata import LeafFate, Metadata
from cern_assets_tests.services.covering import Feature, covering, features

SETS = some.dictionaries(some.integers(), some.frozensets(some.tuples(some.sampled_from("abcdefgh")), max_size=4))


def _deposit(*, title: str = "A title", kind: str = "dataset", fate: Any = "carried") -> Metadata:
    payload: dict[str, Any] = {"metadata": {"title": title, "resource_type": {"id": kind}}}
    return Metadata(payload=payload, fates=(LeafFate(path="title", leaves=1, fate=fate, reason="."),), findings=())


@given(SETS)
def test_the_chosen_have_every_feature_and_none_is_chosen_for_nothing(sets: dict[int, frozenset[Feature]]) -> None:
    chosen = covering(sets)
    assert set().union(*(sets[key] for key in chosen)) == set().union(*sets.values())
    seen: set[Feature] = set()
    for key in chosen:
        assert sets[key] - seen
        seen |= sets[key]


def test_deposits_differ_by_terms_fates_kinds_of_text_and_tags_and_not_by_words() -> None:
    assert features(_deposit(title="Some words")) == features(_deposit(title="Other words"))
    texts = ("a &lt; b", "“a”", "$a_b$", "<b>a</b>", "a<br>b", "è", "A & B", "a" * 10_000)
    others = [
        *(_deposit(title=text) for text in texts),
        _deposit(kind="software"),
        _deposit(fate="dropped"),
    ]
    assert len({features(deposit) for deposit in (_deposit(), *others)}) == len(others) + 1
