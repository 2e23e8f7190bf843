"""`cern-assets vocabularies`: what there is, and what a target has of it."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from cern_assets.metadata.terms import vocabularies
from cern_assets_tests.services.command_line import PROGRAM, Answer

type Run = Callable[..., Answer]


def test_each_is_listed_with_its_version_and_day_and_no_target_is_asked_offline(run: Run, home: Path) -> None:
    listed = {row["name"]: row for row in run("vocabularies", "--offline", "--json").json_lines}
    assert listed.keys() == {*vocabularies(), "cerncollisiontypes"}
    languages = listed["languages"]
    assert (languages["terms"], languages["held"], languages["target"]) == (7847, None, "languages")
    assert "pycountry" in languages["version"]
    assert languages["date"] == vocabularies()["languages"].date


def test_the_target_of_the_settings_is_asked_how_much_it_has(run: Run, home: Path) -> None:
    listed = {row["name"]: row for row in run("vocabularies", "--json").json_lines}
    assert (listed["roles"]["held"], listed["roles"]["lacking"]) == (22, [])
    assert listed["affiliations"]["held"] is None  # the embedded repository has none


def test_a_table_for_people_has_columns_of_the_target_where_one_was_asked(run: Run, home: Path) -> None:
    assert "lacking there" in run("vocabularies").out
    offline = run("vocabularies", "--offline").out
    assert "languages" in offline
    assert "lacking there" not in offline


def test_a_target_that_nobody_knows_is_an_error_with_a_remedy(run: Run, home: Path) -> None:
    answer = run("vocabularies", "--target", "nowhere")
    assert answer.code == 2
    assert "CERN_ASSETS_TARGET_NOWHERE_URL" in answer.err


def test_an_output_that_cannot_be_written_is_told() -> None:
    with Path("/dev/full").open("w") as full:
        told = subprocess.run(
            [PROGRAM, "vocabularies", "--offline", "--json"], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (told.returncode, b"cannot be written" in told.stderr) == (3, True)
