"""The two servers of the demo, each at the same port as the last time where it is free."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.types import ASGIApp

from cern_assets.demo.collection import sample_collection
from cern_assets.demo.folder import folder_collection
from cern_assets.demo.portal import build_portal
from cern_assets.repositories.embedded.app import build_embedded
from cern_assets.serving import HOST, serve_in_thread

# The embedded repository listens on the loopback address only; the token is no secret.
TOKEN = "embedded-repository-token"  # noqa: S105


def portal_app(data: Path | None = None) -> ASGIApp:
    """The sample portal, over the bundled collection or over a folder of real records and bytes."""
    return build_portal(folder_collection(data) if data else sample_collection())


def embedded_app(folder: Path, token: str = TOKEN) -> ASGIApp:
    """The embedded repository over a folder."""
    return build_embedded(folder, token=token)


@contextmanager
def demo_servers(home: Path) -> Iterator[tuple[str, str]]:
    """Base URLs of the sample portal and the embedded repository while the block runs.

    The ports are noted in `<home>/ports.json`, so that links printed by one run hold in the next.
    """
    noted = home / "ports.json"
    known: dict[str, int] = json.loads(noted.read_text()) if noted.exists() else {}
    with (
        serve_in_thread(portal_app(), port=free_port(known.get("portal", 0))) as portal,
        serve_in_thread(embedded_app(home / "repository"), port=free_port(known.get("repository", 0))) as repository,
    ):
        noted.write_text(json.dumps({"portal": _port(portal), "repository": _port(repository)}))
        yield portal, repository


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
