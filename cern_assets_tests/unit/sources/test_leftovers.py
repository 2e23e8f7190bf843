"""Guards that marks of other markup languages in texts are told, and that programs and mathematics are left alone."""

import json

import pytest

from cern_assets.model.values import JsonObject
from cern_assets.sources.leftovers import leftovers


def _told(metadata: JsonObject) -> list[tuple[str, str]]:
    return [(finding.field, finding.value) for finding in leftovers(metadata, json.dumps(metadata))]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("::: note\nRead this.\n:::", "::: note"),
        ("See [the guide](https://example.org/a) for it.", "[the guide](https://example.org/a)"),
        ("See [the guide](/docs/a).", "[the guide](/docs/a)"),
        ("Title $$bmore of it", "$$bm"),
        ("Do\n```\nmake\n```", "```"),
    ],
)
def test_a_mark_in_a_text_is_told_with_its_place(text: str, value: str) -> None:
    assert _told({"abstract": {"description": text}}) == [("abstract.description", value)]


@pytest.mark.parametrize("text", ["std::vector", "a[i](x)", "$$\\alpha$$", "f[x](https is no address)", "$5 and $$"])
def test_what_only_looks_alike_is_no_mark(text: str) -> None:
    assert _told({"abstract": {"description": text}}) == []


def test_programs_may_have_such_marks() -> None:
    assert _told({"methodology": {"steps": [{"configuration_files": [{"script": "echo $$a\n```"}]}]}}) == []
