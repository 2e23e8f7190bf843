"""The reference page of the commands, made of their help: `python -m cern_assets.cli.reference`."""

import sys
from collections.abc import Iterator
from inspect import cleandoc

import click

from cern_assets.cli.main import PROGRAM, cli


def render() -> str:
    """Write the page as Markdown: every command with what it does and its options."""
    sections = [_section(path, command) for path, command in commands()]
    head = [
        "# Commands",
        "",
        "<!-- Generated: python -m cern_assets.cli.reference > docs/reference/commands.md -->",
        "",
        "Every command reads the settings of the environment and of `.env`, and has `--help`. Exit codes: 0 all well,",
        "1 something did not get through (and the output says what), 2 the command or its configuration was wrong.",
    ]
    return "\n".join([*head, *(line for section in sections for line in section)]) + "\n"


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command as a person types it (`cern-assets serve portal`), groups left out."""
    return _below(PROGRAM, cli)


def _below(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner is not None
        yield from _below(f"{path} {name}", inner)


def _section(path: str, command: click.Command) -> list[str]:
    context = click.Context(command, info_name=path)
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    records = [param.get_help_record(context) for param in command.params if isinstance(param, click.Option)]
    options = [f"| `{_cell(option)}` | {_cell(help_)} |" for option, help_ in filter(None, records)]
    table = ["", "| option | what it does |", "|---|---|", *options] if options else []
    return ["", f"## `{path}`", "", f"    {usage}", "", cleandoc(command.help or ""), *table]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(render())
