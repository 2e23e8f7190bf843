"""The Dagster instance that the commands use, made whole or not at all."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import yaml
from alembic.util import CommandError
from dagster._core.instance.utils import RUNLESS_RUN_ID
from sqlalchemy.exc import SQLAlchemyError

from cern_assets.bundled import bundled
from cern_assets.errors import ConfigurationError, StorageFullError
from cern_assets.failures import FULL, is_full
from cern_assets.telemetry.partitions import kept_in_sqlite

_SHOWN = 200
"""Letters of Dagster's complaint; the rest is the whole schema."""

_LAST = "history"
"""The folder of runs and events, which a new instance gets last: where it stands, all the others do."""


def open_instance(home: Path) -> dg.DagsterInstance:
    """The instance of a folder; a new one gets the `dagster.yaml` that comes with the package (SQLite).

    Of several processes that come first, one makes the databases, in a folder beside their own; the others wait for it.
    One that is killed meanwhile leaves nothing that is taken for a database.

    Raises:
        ConfigurationError: the folder cannot be made or written to, its `dagster.yaml` does not fit, or its databases
            cannot be used.
        StorageFullError: the disk is full.
    """
    config = home / "dagster.yaml"
    with in_our_words(home):
        home.mkdir(parents=True, exist_ok=True)
        if not config.exists():
            _write_whole(config, bundled("dagster.yaml").read_bytes())
        if kept_in_sqlite(home) and not (home / _LAST).exists():
            _make_databases(home)
        instance = dg.DagsterInstance.from_config(str(home))
        _touch(instance)
        return instance


def workspace_file(home: Path) -> Path:
    """A copy of the bundled `workspace.yaml` in a folder, for Dagster's own commands."""
    path = home / "workspace.yaml"
    _write_whole(path, bundled("workspace.yaml").read_bytes())
    return path


def _make_databases(home: Path) -> None:
    with (home / "making.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (home / _LAST).exists():
            return
        making = home / ".making"
        shutil.rmtree(making, ignore_errors=True)  # of one that was killed
        making.mkdir()
        shutil.copy(home / "dagster.yaml", making)
        with dg.DagsterInstance.from_config(str(making)) as instance:
            _touch(instance)
            # The file of events of no run: two first runs that end together would make it at once, over each other.
            instance.get_records_for_run(RUNLESS_RUN_ID, limit=1)
        for name in sorted({path.name for path in making.iterdir()} - {"dagster.yaml", _LAST}):
            if not (home / name).exists():
                (making / name).rename(home / name)
        (making / _LAST).rename(home / _LAST)
        shutil.rmtree(making, ignore_errors=True)


def _touch(instance: dg.DagsterInstance) -> None:
    """Read a little of each database, so that one that cannot be used is told now; a new one gets its tables."""
    instance.get_runs(limit=1)
    instance.get_dynamic_partitions("")
    instance.all_instigator_state()


def _write_whole(path: Path, content: bytes) -> None:
    """A file with this content, or with what it had before; never a part."""
    writing = path.with_name(f".{path.name}.{os.getpid()}")
    writing.write_bytes(content)
    writing.replace(path)


@contextmanager
def in_our_words(home: Path) -> Iterator[None]:
    """Tell as errors of this package what stops Dagster from using the instance of a folder.

    Raises:
        StorageFullError: the disk is full.
        ConfigurationError: the folder, its `dagster.yaml` or its databases cannot be used.
    """
    try:
        yield
    except (OSError, SQLAlchemyError, CommandError, yaml.YAMLError, dg.DagsterError) as error:
        if _is_full(home, error):
            raise StorageFullError(
                "The disk of the Dagster instance is full, and what its runs do could not be noted.",
                uri=str(home),
                remedy="Make room on it, then run the same command again: what is done is not done twice.",
            ) from error
        with _as_configuration(home):
            raise


def _is_full(home: Path, error: BaseException) -> bool:
    """Whether an error comes of a full disk; SQLite tells it as an I/O error where it has no room for its own notes."""
    causes = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) and cause not in causes:
        causes.append(cause)
    if any(isinstance(each, OSError) and each.errno in FULL for each in causes):
        return True
    codes = {getattr(each, "sqlite_errorname", "").partition("_IOERR")[0] for each in causes}
    return "SQLITE_FULL" in codes or ("SQLITE" in codes and is_full(home))


@contextmanager
def _as_configuration(home: Path) -> Iterator[None]:
    config = home / "dagster.yaml"
    try:
        yield
    except OSError as error:
        raise ConfigurationError(
            f"The folder of the Dagster instance cannot be used: {error.strerror}.",
            uri=str(home),
            remedy="Set DAGSTER_HOME or CERN_ASSETS_HOME to a folder that this user may write.",
        ) from error
    except (dg.DagsterInvalidConfigError, yaml.YAMLError) as error:
        raise ConfigurationError(
            f"Dagster does not take this file: {str(error)[:_SHOWN]}",
            uri=str(config),
            remedy="Correct it, or delete it to get the one that comes with this package.",
        ) from error
    except (SQLAlchemyError, CommandError) as error:
        raise ConfigurationError(
            f"The databases of the Dagster instance cannot be used: {str(error)[:_SHOWN]}",
            uri=str(home),
            remedy=f"If they are of another version of Dagster, run `dagster instance migrate`. Else move {_LAST}/ and "
            "schedules/ aside: they hold the record of runs, and neither documents nor what is published.",
        ) from error
