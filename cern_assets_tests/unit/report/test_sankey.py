"""Ribbons of a flow: what goes in comes out, nothing crosses, and the small is still seen."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from cern_assets.report.sankey import Leaving, lay_out

STAGES = ("a", "b", "c")
SOME = st.lists(
    st.builds(
        Leaving,
        position=st.integers(0, 3),
        kind=st.sampled_from(["published", "rejected"]),
        label=st.text(max_size=3),
        amount=st.integers(0, 10**12).map(float),
    ),
    max_size=30,
)


@given(SOME)
def test_what_reaches_a_stage_goes_on_or_leaves_there(leaving: list[Leaving]) -> None:
    layout = lay_out(STAGES, leaving)
    total = sum(each.amount for each in leaving)
    assert sum(ribbon.amount for ribbon in layout.ribbons) == total
    reached = {node.x: node.amount for node in layout.nodes}
    for x in range(len(reached) - 1):
        gone = sum(ribbon.amount for ribbon in layout.ribbons if ribbon.kind != "on" and ribbon.start_x == x)
        assert reached[x] == reached[x + 1] + gone


@given(SOME)
def test_ribbons_end_apart_from_each_other_and_none_is_too_thin_to_see(leaving: list[Leaving]) -> None:
    ends = sorted(ribbon.end for ribbon in lay_out(STAGES, leaving).ribbons if ribbon.kind != "on")
    assert all(high - low >= 0.0039 for low, high in ends)
    assert all(below[1] < above[0] for below, above in pairwise(ends))


def test_many_kinds_of_leaving_are_drawn_as_a_dozen_and_the_others() -> None:
    layout = lay_out(STAGES, [Leaving(1, "rejected", f"kind {number}", 100 + number) for number in range(30)])
    labels = [ribbon.label for ribbon in layout.ribbons if ribbon.label]
    assert len(labels) == 12
    assert "others" in labels
    assert "kind 29" in labels


def test_where_nothing_flows_nothing_is_drawn() -> None:
    assert lay_out(STAGES, [Leaving(1, "rejected", "x", 0)]).nodes == ()
