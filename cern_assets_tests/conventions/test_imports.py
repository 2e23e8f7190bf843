"""Importing the package does nothing: it reads no setting, opens no connection and leaves no file."""

import subprocess
import sys
from pathlib import Path

from cern_assets_tests.conventions.sources import CHECKOUT, PACKAGE, modules

# Dagster executes this module to load it, so something is built there.
LOADED_BY_DAGSTER = {"cern_assets.definitions", "cern_assets.worker"}

PROGRAM = """
import importlib, pkgutil, sys

watched = []

def watch(event, arguments):
    if event.startswith(("socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen")):
        watched.append(f"{event} {arguments}")
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        watched.append(f"open {arguments}")

names = sys.argv[1:]
import dagster, duckdb, httpx, nrp_cmd, uvicorn, XRootD.client  # what they do is not ours to say
sys.addaudithook(watch)
for name in names:
    importlib.import_module(name)
if watched:
    sys.exit("\\n".join(watched))
"""


def _names() -> list[str]:
    paths = [path.relative_to(CHECKOUT).with_suffix("") for path in modules(PACKAGE)]
    return [".".join(path.parts).removesuffix(".__init__") for path in paths]


def test_importing_every_module_does_nothing_else(tmp_path: Path) -> None:
    names = [name for name in _names() if name not in LOADED_BY_DAGSTER]
    assert len(names) > 100
    folder = tmp_path / "read-only"
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-B", "-c", PROGRAM, *names],
        cwd=folder,
        env={"CERN_ASSETS_WORKERS": "not a number: reading this would fail", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(folder.iterdir()) == []
