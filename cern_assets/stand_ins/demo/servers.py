"""The two servers of the demo, each at the port of the last time, or its usual one, where it is free."""

import fcntl
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.types import ASGIApp

from cern_assets.errors import ConfigurationError
from cern_assets.model.collections import Profile
from cern_assets.stand_ins.portal.app import build_portal
from cern_assets.stand_ins.repository.app import build_embedded
from cern_assets.stand_ins.repository.faults import Faults
from cern_assets.stand_ins.repository.private_folder import folder_token, make_private
from cern_assets.stand_ins.sample.folder import folder_collection
from cern_assets.stand_ins.sample.records import sample_collection
from cern_assets.stand_ins.serving import HOST, serve_in_thread

PORTAL_PORT, REPOSITORY_PORT = 8001, 5000


def portal_app(data: Path | None = None) -> ASGIApp:
    """The sample portal, over the bundled collection or over a folder of real records and bytes."""
    return build_portal(folder_collection(data) if data else sample_collection())


@contextmanager
def serve_repository(
    folder: Path,
    *,
    token: str | None = None,
    port: int,
    or_another: bool = False,
    faults: Faults | None = None,
    profile: Profile = "plain",
) -> Iterator[tuple[str, str]]:
    """Serve the embedded repository of a folder while the block runs, and give its base URL and its depositor's token.

    Unless a token is given, the folder has one of its own, made with the folder and the same every time.

    Raises:
        ConfigurationError: the folder cannot be used, or another process serves it; two would not know of each other.
    """
    try:
        make_private(folder)
        lock = (folder / "served.lock").open("w")
    except OSError as error:
        raise ConfigurationError(
            f"The folder of the embedded repository cannot be used: {error.strerror}.",
            uri=str(folder),
            remedy="Set CERN_ASSETS_HOME to a folder that this user may write.",
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigurationError(
                "Another process serves the embedded repository of this home.",
                uri=str(folder),
                remedy="End it first (Ctrl-C in its terminal), or set CERN_ASSETS_HOME to another folder.",
            ) from error
        token = token or folder_token(folder)
        app = build_embedded(folder, token=token, faults=faults, profile=profile)
        with serve_in_thread(app, port=port, or_another=or_another) as url:
            yield url, token


@contextmanager
def demo_servers(home: Path) -> Iterator[tuple[str, str, str]]:
    """Base URLs of the sample portal and the embedded repository, and the latter's token, while the block runs.

    Their ports are those of the last time, or else those of `cern-assets serve`, where they are free; they are noted in
    `<home>/ports.json`, so that links printed by one run hold in the next.
    """
    noted = home / "ports.json"
    known = _read_ports(noted)
    with (
        serve_in_thread(portal_app(), port=known.get("portal", PORTAL_PORT), or_another=True) as portal,
        serve_repository(home / "repository", port=known.get("repository", REPOSITORY_PORT), or_another=True) as (
            repository,
            token,
        ),
    ):
        noted.write_text(json.dumps({"portal": _port(portal), "repository": _port(repository)}))
        yield portal, repository, token


def _read_ports(noted: Path) -> dict[str, int]:
    """The ports of the last time; none if there was none or its note is torn."""
    try:
        known = json.loads(noted.read_text())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def free_port(wanted: int) -> int:
    """The port that is wanted, or another one if somebody else has it (or 0 is wanted)."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except OSError:
            probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _port(url: str) -> int:
    return int(url.rsplit(":", 1)[1])
