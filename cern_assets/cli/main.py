"""`cern-assets`: finds the command, and turns the package's errors into one clear message."""

import importlib
import json
import pkgutil
import sys
from io import TextIOWrapper
from typing import cast

import click

import cern_assets.cli
from cern_assets.errors import CernAssetsError

PROGRAM = "cern-assets"
_HELPERS = {"collecting", "interrupts", "main", "reference", "show", "transformed"}


class _Commands(click.Group):
    """Every module of `cern_assets.cli` is a command; it is imported only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        modules = (module.name for module in pkgutil.iter_modules(cern_assets.cli.__path__))
        return sorted(name for name in modules if name not in _HELPERS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        return cast(click.Command, importlib.import_module(f"cern_assets.cli.{cmd_name}").command)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cern-assets")
def cli() -> None:
    """Bring records and their bytes out of CERN systems into an InvenioRDM repository."""


def main(arguments: list[str] | None = None) -> None:
    """The entry point."""
    given = sys.argv[1:] if arguments is None else arguments
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # records hold letters that not every terminal knows
    try:
        cli.main(args=given, prog_name=PROGRAM)
    except CernAssetsError as error:
        if "--json" in given:
            click.echo(json.dumps({"error": {"code": error.code, "message": str(error)}}))
        click.echo(f"{PROGRAM}: {error}", err=True)
        sys.exit(2)
