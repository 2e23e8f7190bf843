"""Every command and option says what it does, here and on the reference page."""

from collections.abc import Callable
from pathlib import Path

import click
import pytest

from cern_assets.cli.reference import commands, render
from cern_assets_tests.services.command_line import Answer

CHECKOUT = Path(__file__).parents[3]
COMMANDS = dict(commands())


def test_the_commands_that_people_know_are_there() -> None:
    names = ["demo", "doctor", "ingest", "ledger", "serve portal", "serve repository", "transform"]
    assert {f"cern-assets {name}" for name in names} <= set(COMMANDS)


@pytest.mark.parametrize("path", COMMANDS)
def test_a_command_and_each_of_its_options_has_help(run: Callable[..., Answer], path: str) -> None:
    command = COMMANDS[path]
    assert command.help
    options = [param for param in command.params if isinstance(param, click.Option)]
    assert [option.name for option in options if not option.help] == []
    answer = run(*path.split()[1:], "--help")
    assert answer.code == 0
    assert all(option.opts[-1] in answer.out for option in options)


def test_the_reference_page_is_what_the_help_says() -> None:
    page = (CHECKOUT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    assert page == render(), "run `make reference`"


def test_an_unknown_command_is_refused(run: Callable[..., Answer]) -> None:
    answer = run("publish-everything")
    assert answer.code == 2
    assert "No such command" in answer.err


def test_the_version_is_told(run: Callable[..., Answer]) -> None:
    assert run("--version").out.startswith("cern-assets, version ")
