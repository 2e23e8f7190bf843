"""Redirects of servers that have our credentials, followed here, as the client would take the credentials along.

The client forwards what an address says of logging in (`xrd.wantprot`) to wherever it is sent: a server that is named
could have them shown to any other. So a named server's redirects come back as answers; the next server gets the
credentials that belong to it, if any. Servers that are not named have nothing to forward, and the client follows them.
"""

from functools import partialmethod
from typing import Any
from urllib.parse import urlsplit

from cern_assets.errors import StorageUnavailableError
from cern_assets.failures import failure
from cern_assets.origins import leads_inward
from cern_assets.storage.xrootd_logins import XRootDLogins

_REDIRECTED = 401
"""`errRedirect`, a status of the client."""

_SAID = "Unhandled redirect: "
_MOST = 16
_OURS = ("xrd.", "xrdcl.")
"""Parameters that the client and we set; the rest is the server's (a capability, of EOS)."""


def follows_by_itself(asked: Any, logins: XRootDLogins, url: str) -> None:
    """Tell a file or file system of the client whether it follows redirects."""
    if logins.protocol(url) is not None:
        asked.set_property("FollowRedirects", "false")


def opened(client: Any, logins: XRootDLogins, url: str, *how: Any, timeout: int) -> tuple[Any, Any]:
    """A file, opened where redirects lead, with the status of the last attempt; `how` are flags and mode.

    Raises:
        StorageUnavailableError: they lead to this machine's own services, or to its link's.
    """
    asked = url
    for _ in range(_MOST):
        file = client.File()
        follows_by_itself(file, logins, url)
        status, _ = file.open(logins.addressed(url), *how, timeout=timeout)
        target = led_to(status)
        if target is None:
            break
        _refuse_inward(asked, target)
        url = _at(target, url)
    if status.ok and (server := file.get_property("DataServer")):
        try:
            _refuse_inward(asked, f"root://{server}/")
        except StorageUnavailableError:
            file.close(timeout=timeout)
            raise
    return file, status


def _refuse_inward(asked: str, target: str) -> None:
    if leads_inward(asked, target):
        detail = f"it redirects to {urlsplit(target).hostname}, which is not followed"
        raise failure(StorageUnavailableError, "Opening", asked, detail)


def led_to(status: Any) -> str | None:
    """Where an answer sends us, without what is not the server's; None if nowhere that we go."""
    if status.ok or status.code != _REDIRECTED:
        return None
    url = str(status.message).partition(_SAID)[2].strip()
    parts = urlsplit(url)
    if parts.scheme not in {"root", "roots", "xroot", "xroots"} or not parts.netloc:
        return None
    theirs = "&".join(each for each in parts.query.split("&") if each and not each.startswith(_OURS))
    return parts._replace(query=theirs, fragment="").geturl()


def _at(target: str, url: str) -> str:
    """The file of an address on another server, with what that server is to be told."""
    parts, asked = urlsplit(target), urlsplit(url)
    query = "&".join(filter(None, (asked.query, parts.query)))
    return f"{parts.scheme}://{parts.netloc}{asked.path}{'?' if query else ''}{query}"


class XRootDFiles:
    """The client's `FileSystem` of a server; each call gives its status and answer, from where redirects lead."""

    def __init__(self, client: Any, logins: XRootDLogins, server: str) -> None:
        self._client = client
        self._logins = logins
        self._server = server
        self._first = self._of(server)

    def _of(self, server: str) -> Any:
        files = self._client.FileSystem(self._logins.addressed(f"{server}/"))
        follows_by_itself(files, self._logins, server)
        return files

    def _asked(self, name: str, *args: Any, timeout: int) -> tuple[Any, Any]:
        files = self._first
        for _ in range(_MOST):
            status, answer = getattr(files, name)(*args, timeout=timeout)
            target = led_to(status)
            if target is None:
                break
            _refuse_inward(self._server, target)
            parts = urlsplit(target)
            files = self._of(f"{parts.scheme}://{parts.netloc}")
        return status, answer

    stat = partialmethod(_asked, "stat")
    query = partialmethod(_asked, "query")
    prepare = partialmethod(_asked, "prepare")
    dirlist = partialmethod(_asked, "dirlist")
    mkdir = partialmethod(_asked, "mkdir")
    mv = partialmethod(_asked, "mv")
    rm = partialmethod(_asked, "rm")
    rmdir = partialmethod(_asked, "rmdir")
