"""`cern-assets undo`: a plan that writes nothing, applied with --yes, in the words of the command."""

from collections.abc import Callable

import pytest

from cern_assets_tests.services.command_line import Answer


@pytest.mark.usefixtures("home")
def test_a_plan_is_printed_and_applied_when_it_is_confirmed(run: Callable[..., Answer]) -> None:
    (run_id,) = run("ingest", "900003", "--json").json["runs"]
    planned = run("undo", run_id)
    assert planned.code == 0
    assert f"Nothing was written. `cern-assets undo {run_id} --yes` applies this." in planned.out
    assert "withdraw" in planned.out
    refused = run("undo", run_id, "--yes", "--json")
    (step,) = refused.json["steps"]
    assert (refused.code, step["recid"], step["action"], step["status"]) == (1, "900003", "withdraw", "refused")


@pytest.mark.usefixtures("home")
def test_a_run_that_nobody_knows_is_told_with_where_ids_are(run: Callable[..., Answer]) -> None:
    answer = run("undo", "no-such-run")
    assert (answer.code, "knows of nothing that the run no-such-run did" in answer.err) == (2, True)
