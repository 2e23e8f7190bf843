"""Guards what no YAML file of ours may say, whoever reads it."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cern_assets.collections.plain_yaml import refuse_intricate
from cern_assets.errors import ConfigurationError

_TEXTS = st.text(st.characters(categories=["L", "N"]), max_size=3)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=12,
)


def _refused(text: str, deepest: int = 4) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as told:
        refuse_intricate(text, "a.yaml", deepest=deepest, remedy="Correct it.")
    return told.value


@given(_VALUES)
def test_what_is_written_plainly_is_taken(value: object) -> None:
    refuse_intricate(yaml.safe_dump(value), "a.yaml", deepest=20, remedy="")


@pytest.mark.parametrize(
    ("text", "line", "field", "said"),
    [
        ("a: &x 1\nb: *x", 2, None, "parts of itself"),
        ("a: 1\nb: !!binary eA==", 2, None, "no types"),
        ("a: 1\n'a': 2", 2, "a", "said twice"),
        ("a:\n- {b: {c: 1}, d: [], b: 2}", 2, "b", "said twice"),
        ("a: 1\n? [b]\n: 2", 2, None, "A name is a text"),
        ("a:\n  b:\n    c:\n      d:\n        e: 1", 5, None, "nested 4 deep at most"),
    ],
)
def test_what_is_not_plain_is_told_with_its_line(text: str, line: int, field: str | None, said: str) -> None:
    told = _refused(text)
    assert (told.uri, told.field) == (f"a.yaml:{line}", field)
    assert said in told.message


def test_the_same_name_in_two_objects_is_no_repetition() -> None:
    refuse_intricate("- {a: {a: 1}}\n- {a: 2}", "a.yaml", deepest=4, remedy="")


def test_what_is_no_yaml_is_left_to_its_reader() -> None:
    refuse_intricate("a: [", "a.yaml", deepest=4, remedy="")
