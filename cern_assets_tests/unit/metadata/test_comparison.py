"""Guards what counts as the same when the target's record is held against the deposit that was sent."""

import pytest

from cern_assets.metadata.comparison import differences
from cern_assets.model.values import Json


def of(**metadata: Json) -> dict[str, Json]:
    return {"metadata": dict(metadata)}


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        (of(title="a"), of(title="a", subjects=[])),
        (of(resource_type={"id": "dataset"}), of(resource_type={"id": "dataset", "title": {"en": "Dataset"}})),
        (of(description="<p>a &amp; b</p>"), of(description="<p>a & b </p>\n")),
        ({"files": {"enabled": True}}, {"files": {"enabled": False, "count": 0}}),
    ],
)
def test_a_target_may_add_and_write_markup_in_another_way(sent: dict[str, Json], answered: dict[str, Json]) -> None:
    assert differences(sent, answered) == ()


@pytest.mark.parametrize(
    ("sent", "answered", "expected"),
    [
        (of(title="a"), of(title="b"), "metadata.title: 'a' sent, 'b' answered"),
        (of(title="a"), {}, "metadata.title: 'a' sent, None answered"),
        (of(creators=[1, 2]), of(creators=[1]), "metadata.creators: 2 sent, 1 answered"),
        (of(creators=[{"name": "a"}]), of(creators=["a"]), "metadata.creators[0].name: 'a' sent, None answered"),
        ({"access": {"record": "public"}}, {"access": {"record": "restricted"}}, "access.record"),
        (of(description="<p>x &lt; 2</p>"), of(description="<p>x</p>"), "metadata.description"),
    ],
)
def test_what_a_target_changes_or_loses_is_told_by_its_path(
    sent: dict[str, Json], answered: dict[str, Json], expected: str
) -> None:
    (found,) = differences(sent, answered)
    assert found.startswith(expected)


def test_a_long_text_that_differs_is_shown_where_it_does() -> None:
    text = "The same beginning, again and again, for more than any message would show of it. "
    sent = of(description=f"{text}And \u201cthen\u201d it ends.")
    answered = of(description=f"{text}And \u2018then\u2019 it ends.")
    (told,) = differences(sent, answered)
    assert "And \u201cthen" in told
    assert "And \u2018then" in told
    assert f"from character {len(text) + 4} on" in told
    assert len(told) < 200
