"""The demo: the sample collection through Dagster into the embedded repository."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pydantic import SecretStr

from cern_assets.defs.instance import workspace_file
from cern_assets.errors import ConfigurationError
from cern_assets.flows.discover import discover
from cern_assets.model.identifiers import Recid
from cern_assets.settings import Settings
from cern_assets.stand_ins.demo.servers import demo_servers
from cern_assets.stand_ins.serving import HOST
from cern_assets.wiring import collection_named, opened_context

SOURCE = "opendata"

_QUIET = "ignore:Function `dev_command` is superseded"
_END_SECONDS = 60


@contextmanager
def demo_settings(configured: Settings) -> Iterator[Settings]:
    """Settings that lead to the demo's own servers, which run while the block does.

    Raises:
        ConfigurationError: the home is set up for real work, where sample records have no place, or cannot be made.
    """
    if configured.repository_token.get_secret_value() or configured.store_url:
        raise ConfigurationError(
            "This configuration leads to a repository or store of your own, where the demo would put sample records.",
            remedy="Unset CERN_ASSETS_REPOSITORY_TOKEN and CERN_ASSETS_STORE_URL, or run the demo in another folder.",
        )
    home = configured.home.resolve()
    with demo_servers(home) as (portal, repository, token):
        yield configured.model_copy(
            update={
                "home": home,
                "repository_url": repository,
                "repository_token": SecretStr(token),
                "collections": None,
            }
        ).given(**{f"{SOURCE}_api_url": portal, f"{SOURCE}_files_url": portal, f"{SOURCE}_requests_per_minute": 0})


def sample_recids(settings: Settings) -> tuple[Recid, ...]:
    """What the sample portal has, asked through the ordinary client."""
    with opened_context(settings, collection_named(settings, SOURCE)) as context:
        return discover(context.adapters.source)


@contextmanager
def dagster_ui(settings: Settings, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """Run Dagster's UI and daemon on the demo's instance while the block runs; gives their process.

    They are in a process group of their own, so that a Ctrl-C in the terminal reaches them once, from here; what is
    left of them after a while is killed.
    """
    dagster = Path(sys.executable).with_name("dagster")
    process = subprocess.Popen(  # noqa: S603  our own command line
        [dagster, "dev", "-w", workspace_file(settings.home), "-h", HOST, "-p", str(port)],
        env={**settings.environment(), "PYTHONWARNINGS": _QUIET},
        stdin=subprocess.DEVNULL,
        process_group=0,
    )
    try:
        yield process
    finally:
        try:
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_END_SECONDS)
        finally:  # also when somebody interrupts once more while it ends
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
