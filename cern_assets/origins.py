"""Where a request may be sent on to: a server's own origin, and hosts that somebody named.

A redirect is the word of whoever answered, and what stands behind it is published: it must not lead to the machine's
own services, to a cloud's metadata address or to a neighbour's disk.
"""

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


def may_lead_to(start: str, target: str, redirect_hosts: Collection[str] = ()) -> bool:
    """Whether an answer from `start` may send us to `target`: same scheme, host and port, or a host that was named.

    From https it never leads to http, and nowhere to another scheme, nor to an address with a name or password in it.
    A named host may have a port (`host:8443`); without, its scheme's usual one is meant.
    """
    try:
        before, after = urlsplit(start), urlsplit(target)
        ports = before.port or _PORTS.get(before.scheme), after.port or _PORTS.get(after.scheme)
    except ValueError:
        return False
    if after.scheme not in _PORTS or "@" in after.netloc or (before.scheme == "https" and after.scheme != "https"):
        return False
    host = (after.hostname or "").lower()
    if (before.scheme, before.hostname, ports[0]) == (after.scheme, host, ports[1]):
        return True
    named = {f"{host}:{ports[1]}", host} if ports[1] == _PORTS[after.scheme] else {f"{host}:{ports[1]}"}
    return bool(named & {each.lower() for each in redirect_hosts})


def leads_inward(start: str, target: str) -> bool:
    """Whether a server elsewhere (`scheme://host...`) sent us to this machine's own services, or to its link's.

    Data servers of a cluster have other names than the one that sends to them, so that any other host may be one.
    """
    return _is_inward(target) and not _is_inward(start)


def _is_inward(url: str) -> bool:
    host = (urlsplit(url).hostname or "").rstrip(".").lower()
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_link_local or address.is_unspecified
