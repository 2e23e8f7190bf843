"""Which credentials go to which XRootD server: the client of a process has one environment for all of them.

The client would present whatever it finds (a ticket, a proxy, a keytab, a token) to any server that asks for it, and a
redirect can lead anywhere. Hence it is told to present none (`XrdSecPROTOCOL`), and the address of a server that is
named says by which protocol it may log in there (`xrd.wantprot`, which wins). The file of the credentials is given by
the environment and not by the address: what an address says, the client sends to the server.
"""

import os
import re
from pathlib import Path
from typing import Self

from attrs import frozen

from cern_assets.errors import ConfigurationError

_VARIABLES = {"sss": "XrdSecSSSKT", "krb5": "KRB5CCNAME", "gsi": "X509_USER_PROXY", "ztn": "BEARER_TOKEN_FILE"}
_WITHOUT_CREDENTIALS = "host,unix"  # the names of machine and user, which the client tells anyway
_DEFAULT_PORT = 1094
_LOGIN = re.compile(r"(?P<host>[\w.-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>\d+))?=(?P<protocol>\w+)(?::(?P<file>.+))?")
_SERVER = re.compile(r"\w+://(?:[^@/]*@)?(?P<host>[^/:\[\]]+|\[[^\]]*\])(?::(?P<port>\d+))?(?:/.*)?")

_environment: dict[str, str] = {}
"""What this process has given to the client."""


@frozen
class XRootDLogins:
    """Protocols by server (`host:port`), and files of credentials by protocol."""

    protocols: tuple[tuple[str, str], ...] = ()
    files: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, setting: str, text: str) -> Self:
        """Read `HOST[:PORT]=PROTOCOL[:FILE]`, several with commas between; the port is 1094 where none is given.

        Raises:
            ConfigurationError: it is not of this form, a file cannot be read, or two are given for a protocol. What
                stands for a file is not repeated: somebody may have written the secret itself.
        """
        protocols: dict[str, str] = {}
        files: dict[str, str] = {}
        for entry in filter(None, (each.strip() for each in text.split(","))):
            match = _LOGIN.fullmatch(entry)
            if match is None or match["protocol"] not in _VARIABLES:
                raise _unusable(setting, f"an entry is not HOST[:PORT]=PROTOCOL[:FILE] with {', '.join(_VARIABLES)}")
            server, protocol, file = _server(match), match["protocol"], match["file"]
            if protocols.setdefault(server, protocol) != protocol:
                raise _unusable(setting, f"{server} has two protocols")
            if file is not None:
                if not _readable(file):
                    raise _unusable(setting, f"the file of credentials for {server} ({protocol}) cannot be read")
                if files.setdefault(protocol, file) != file:
                    raise _unusable(setting, f"two files are given for {protocol}, and a process has one")
        return cls(tuple(protocols.items()), tuple(files.items()))

    def apply(self) -> None:
        """Give them to the client, which reads its environment whenever it connects; only changes are written."""
        wanted = {"XrdSecPROTOCOL": _WITHOUT_CREDENTIALS, **{_VARIABLES[name]: file for name, file in self.files}}
        for name, value in wanted.items():
            if _environment.get(name) != value:
                os.putenv(name, value)
                _environment[name] = value

    def protocol(self, url: str) -> str | None:
        """How to log in to the server of an address; None for without credentials."""
        match = _SERVER.fullmatch(url)
        return dict(self.protocols).get(_server(match)) if match else None

    def addressed(self, url: str) -> str:
        """An address as the client has to get it; it says nothing that is secret."""
        protocol = self.protocol(url)
        if protocol is None:
            return url
        return f"{url}{'&' if '?' in url else '?'}xrd.wantprot={protocol}"


def _server(match: re.Match[str]) -> str:
    return f"{match['host'].lower()}:{match['port'] or _DEFAULT_PORT}"


def _readable(file: str) -> bool:
    return Path(file).is_file() and os.access(file, os.R_OK)


def _unusable(setting: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"The setting {setting} is not usable: {why}.",
        field=setting,
        remedy="Name servers, protocols and readable files, e.g. eos.example.org=sss:/run/secrets/eos.keytab.",
    )
