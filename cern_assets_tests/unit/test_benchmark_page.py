"""The page of benchmarks: a section a benchmark, replaced by its next run, and nothing secret in it."""

import importlib.util
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest

MODULE = Path(__file__).parents[2] / "benchmarks" / "published.py"
DAY = date(2026, 11, 27)


@dataclass(frozen=True)
class _Figure:
    name: str
    value: float
    unit: str
    target: str
    missed: bool


@pytest.fixture(scope="module")
def published() -> ModuleType:
    spec = importlib.util.spec_from_file_location("published", MODULE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_section_tells_figures_targets_and_the_command_that_printed_them(published: ModuleType) -> None:
    figures = [_Figure("pace", 1234.5, "MiB/s", ">= 10", missed=False), _Figure("ratio", 0.9, "x", ">= 1", missed=True)]
    text = published.section("fetch", "What fetching costs.", ["--small", "20", "--publish"], DAY, figures)
    assert 'make bench-fetch ARGS="--small 20"`, 2026-11-27' in text
    assert "| pace | 1,234.50 | MiB/s | >= 10 | met |" in text
    assert "| ratio | 0.90 | x | >= 1 | missed |" in text


def test_tokens_and_places_among_the_options_are_not_told(published: ModuleType) -> None:
    options = ["--gib", "4", "--token", "s3cret", "--repository", "https://u:p@repo.example", "--publish"]
    text = published.section("upload", "One file.", options, DAY, [])
    assert "s3cret" not in text
    assert "repo.example" not in text
    assert "--gib 4" in text


def test_a_section_takes_the_place_of_its_older_one_and_leaves_the_others(published: ModuleType) -> None:
    page = published.HEAD
    for name, about in (("upload", "Old."), ("fetch", "Files."), ("upload", "New.")):
        page = published.with_section(page, name, published.section(name, about, [], DAY, []))
    assert [line for line in page.splitlines() if line.startswith("## ")] == ["## fetch", "## upload"]
    assert ("Files." in page, "New." in page, "Old." in page) == (True, True, False)
    assert page.startswith(published.HEAD)
    assert published.with_section(page, "upload", published.section("upload", "New.", [], DAY, [])) == page
