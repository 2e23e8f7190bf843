"""A steward's word by command: the ledger tells it, nothing is asked of the source, and it can be taken back."""

from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from cern_assets.defs.instance import open_instance
from cern_assets.settings import load_settings
from cern_assets_tests.services.command_line import Answer

type Run = Callable[..., Answer]


def test_an_accepted_rejection_is_counted_apart_and_can_be_reopened(run: Run, home: Path) -> None:
    assert run("ingest", "--json", "900011").states == {"900011": "rejected"}
    said = run("decide", "accept", "900011", "--why", "the tape is broken", "--by", "A. Steward")
    assert (said.code, "cern-assets ingest --collection opendata 900011" in said.out) == (0, True)
    decided = run("ingest", "--json", "900011").json
    assert (decided["rejected"], decided["left_out"]) == (0, 1)
    (row,) = decided["recids"]
    assert row["code"] == "RejectionAccepted"
    assert "A. Steward" in row["message"]
    assert "the tape is broken" in row["message"]
    assert "the tape is broken" in run("decide", "list").out
    assert run("decide", "reopen", "900011").code == 0
    assert run("ingest", "--json", "900011").states == {"900011": "rejected"}


def test_a_recid_that_is_held_waits_and_nobody_is_asked_about_it(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("decide", "hold", "900003", "--why", "until the embargo ends").code == 0
    monkeypatch.setenv("CERN_ASSETS_OPENDATA_API_URL", "http://127.0.0.1:9")
    answer = run("ingest", "--json", "900003")
    assert answer.states == {"900003": "waiting"}
    assert "until the embargo ends" in answer.messages["900003"]


def test_dagster_shows_a_steward_s_word_on_the_recid_s_partition(run: Run, home: Path) -> None:
    assert run("decide", "hold", "900003", "--why", "until the embargo ends", "--by", "A. Steward").code == 0
    assert run("ingest", "--json", "900003").states == {"900003": "waiting"}
    with open_instance(load_settings().dagster_home) as instance:
        (shown,) = instance.fetch_observations(dg.AssetKey(["opendata", "raw_record"]), limit=10).records
    assert shown.partition_key == "900003"
    assert shown.asset_observation is not None
    message = str(shown.asset_observation.metadata["message"].value)
    assert "A. Steward" in message
    assert "until the embargo ends" in message


@pytest.mark.parametrize(
    "words",
    [("hold",), ("hold", "900003"), ("hold", "900003", "--why", " "), ("publish", "900003"), ("reopen", "../x")],
)
def test_a_word_that_is_not_whole_is_refused_and_nothing_is_written(
    run: Run, home: Path, words: tuple[str, ...]
) -> None:
    assert run("decide", *words).code == 2
    assert not (home / "decisions").exists()
