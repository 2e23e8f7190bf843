"""Many small files over HTTP from the sample portal, by `cern-assets fetch` and by cernopendata-client."""

import asyncio
import io
import os
import subprocess
import sys
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from starlette.types import ASGIApp, Receive, Scope, Send

from cern_assets.model.values import Json, JsonObject
from cern_assets.stand_ins.portal.app import build_portal
from cern_assets.stand_ins.serving import serve_in_thread

RECID = "1"
_CHECKOUT = Path(__file__).parent.parent
_FOLDER = "eos/opendata/benchmark"
_PROGRAM = Path(sys.executable).with_name("cern-assets")
_PEER = _CHECKOUT / ".cache/peers/bin/cernopendata-client"


class _OneRecord:
    """A collection of one record, whose files are those of a folder."""

    def __init__(self, folder: Path) -> None:
        self._contents = {
            f"{_FOLDER}/{path.relative_to(folder)}": path.read_bytes() for path in folder.rglob("*") if path.is_file()
        }
        files: list[Json] = [
            {
                "uri": f"root://eospublic.cern.ch//{path}",
                "size": len(content),
                "checksum": f"adler32:{zlib.adler32(content):08x}",
            }
            for path, content in sorted(self._contents.items())
        ]
        self._record: JsonObject = {
            "recid": RECID,
            "title": "Many small files",
            "type": {"primary": "Dataset", "secondary": ["Derived"]},
            "experiment": ["CMS"],
            "files": files,
        }

    @property
    def records(self) -> Mapping[str, JsonObject]:
        """The one."""
        return {RECID: self._record}

    @property
    def touched(self) -> Mapping[str, datetime]:
        """Nothing, ever."""
        return {}

    def open(self, path: str) -> BinaryIO | None:
        """A file's bytes, from memory."""
        content = self._contents.get(path)
        return None if content is None else io.BytesIO(content)


@contextmanager
def portal_of(folder: Path, *, away_seconds: float = 0) -> Iterator[str]:
    """The address of a portal that shows the files of a folder as one record, and begins each answer so much later."""
    portal = build_portal(_OneRecord(folder))
    with serve_in_thread(_later(portal, away_seconds) if away_seconds else portal) as url:
        yield url


def _later(app: ASGIApp, seconds: float) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await asyncio.sleep(seconds)
        await app(scope, receive, send)

    return answer


def peer_is_there() -> bool:
    """Whether cernopendata-client could be installed, into an environment of its own."""
    done = subprocess.run([_CHECKOUT / "scripts/setup-peers"], check=False)
    return done.returncode == 0 and _PEER.exists()


def by_us(url: str, target: str) -> None:
    """The command, with three digests of each file, compared with what the record states, and flushed."""
    settings = {
        "CERN_ASSETS_HOME": f"{target}/home",
        "CERN_ASSETS_OPENDATA_API_URL": url,
        "CERN_ASSETS_OPENDATA_FILES_URL": url,
        "CERN_ASSETS_OPENDATA_REQUESTS_PER_MINUTE": "0",
    }
    _run(str(_PROGRAM), "fetch", RECID, "--to", f"{target}/files", folder=target, **settings)


def by_peer(url: str, target: str) -> None:
    """The client as it comes, which compares sizes only."""
    _run(str(_PEER), "download-files", "--recid", RECID, "--server", url, "--protocol", "http", folder=target)


def _run(*command: str, folder: str, **variables: str) -> None:
    subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **variables},
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def brought(folder: str) -> int:
    """How many files a way left below a folder."""
    return sum(1 for _ in Path(folder).rglob("*.root"))
