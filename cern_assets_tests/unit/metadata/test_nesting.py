"""Guards the count that bounds what a sanitiser has to do: never less than the elements that stand open at each tag."""

import pytest

from cern_assets.metadata.nesting import MOST_NESTING, nesting


def test_elements_that_are_ended_count_once_each() -> None:
    assert nesting(["b", "/b"] * 100) == 100 * (2 + 1)


def test_elements_that_stay_open_count_at_each_tag_after_them() -> None:
    assert nesting(["div"] * 1_000) == sum(range(2, 1_002))
    assert nesting(["div"] * 1_500) > MOST_NESTING


@pytest.mark.parametrize("tag", ["p", "li", "td"])
def test_what_the_next_of_its_kind_ends_does_not_pile_up(tag: str) -> None:
    assert nesting([tag] * 100_000) <= 8 * 100_000


def test_formatting_that_is_opened_again_in_each_block_counts_in_each() -> None:
    assert nesting(["b"] * 100 + ["p"] * 100) > 100 * 100


def test_an_end_without_a_beginning_closes_nothing() -> None:
    assert nesting(["div"] * 50 + ["/b"] * 50) > 50 * 50


def test_the_count_grows_with_the_text_and_no_faster() -> None:
    page = ["table", "tr", "td", "/td", "/tr", "/table", "br"]
    assert nesting(page * 200) == 2 * nesting(page * 100)
