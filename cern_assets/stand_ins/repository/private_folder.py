"""The folder of a repository: nobody but its owner reads it, and it has a token of its own."""

import os
import secrets
from contextlib import suppress
from pathlib import Path


def make_private(folder: Path) -> None:
    """Make a folder, if need be with those above it, that only its owner can enter."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)


def folder_token(folder: Path) -> str:
    """The token of a folder, made when it is asked for the first time; whole in its file, or not there."""
    path = folder / "token"
    with suppress(FileNotFoundError):
        return path.read_text(encoding="ascii").strip()
    writing = folder / f"token.{os.getpid()}"
    writing.touch(mode=0o600)
    writing.write_text(secrets.token_urlsafe(32), encoding="ascii")
    writing.replace(path)
    return path.read_text(encoding="ascii")
