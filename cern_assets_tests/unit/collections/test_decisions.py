"""Stewards' decisions: written by hand or by command, and none of a file that says something else."""

import datetime as dt
from multiprocessing import get_context
from pathlib import Path

import pytest

from cern_assets.collections.decisions import read_decisions, write_decisions
from cern_assets.errors import ConfigurationError
from cern_assets.model.decisions import StewardDecision

BY_HAND = """
# decided with the collaboration
133:
  choice: leave_out
  by: A. Steward
  when: 2026-03-01
  why: superseded by 12345
"0017": {choice: hold, by: 5, when: 2026-03-02, why: "yes"}
"""


def _decision(why: str) -> StewardDecision:
    return StewardDecision(choice="accept", by="A. Steward", when=dt.date(2026, 3, 1), why=why)


def test_a_file_written_by_hand_needs_no_quotes(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(BY_HAND)
    decided = read_decisions(tmp_path / "a.yaml")
    assert {recid: each.choice for recid, each in decided.items()} == {"133": "leave_out", "0017": "hold"}
    assert str(decided["133"]) == "A. Steward, 2026-03-01: superseded by 12345"
    assert read_decisions(tmp_path / "none.yaml") == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("133: {choice: publish, by: a, when: 2026-03-01, why: b}", "133.choice"),
        ("133: {choice: hold, by: a, when: soon, why: b}", "133.when"),
        ("133: {choice: hold, by: a, when: 2026-03-01}", "133.why"),
        ("[133]", "dictionary"),
        ("133: [", "cannot be read"),
        ("a: &a {choice: hold}\nb: *a", "does not refer to parts of itself"),
        ('133: {choice: hold}\n"133": {choice: accept}', "a.yaml:2, field 133"),
        ("133: {choice: hold, by: a, when: 2026-03-01, why: b, choice: accept}", "This field is said twice"),
        ("133: {choice: hold, by: a, when: !!timestamp soon, why: b}", "says no types"),
        ("? [133]\n: {choice: hold}", "A name is a text"),
        pytest.param("[" * 100_000, "nested", id="brackets without end"),
        pytest.param("".join(f"{' ' * depth}a:\n" for depth in range(1000)), "nested", id="depth without end"),
    ],
)
def test_what_is_no_decision_is_told_with_file_and_field(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(ConfigurationError) as told:
        read_decisions(tmp_path / "a.yaml")
    assert said in str(told.value)
    assert "a.yaml" in str(told.value)
    with pytest.raises(ConfigurationError):
        write_decisions(tmp_path / "a.yaml", ["1"], _decision("x"))
    assert (tmp_path / "a.yaml").read_text() == text


def test_a_decision_is_kept_until_it_is_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "decisions" / "a.yaml"
    write_decisions(path, ["1"], _decision("no: *such* {file}\nthere"))
    write_decisions(path, ["2"], _decision("also"))
    assert read_decisions(path)["1"].why == "no: *such* {file}\nthere"
    write_decisions(path, ["1"], None)
    assert read_decisions(path).keys() == {"2"}


def test_decisions_of_many_processes_at_once_are_all_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    with get_context("spawn").Pool(4) as pool:
        pool.starmap(write_decisions, [(path, [str(number)], _decision("x")) for number in range(40)])
    assert read_decisions(path).keys() == {str(number) for number in range(40)}
