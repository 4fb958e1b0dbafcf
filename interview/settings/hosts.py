"""Host names and addresses as they are written in HTTP headers and in options."""

import ipaddress
import re
from typing import NamedTuple

_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
_NAME_LIMIT = 253
_PORT = re.compile(r"[0-9]{1,5}")
_HIGHEST_PORT = 65535


class Authority(NamedTuple):
    """A host in its one spelling, and the port if one is written beside it."""

    host: str
    port: int | None = None


def parse_authority(text: str) -> Authority | None:
    """Parse `name`, `name:port`, `1.2.3.4:port` or `[v6]:port`.

    Returns:
        The authority, its host normalised by `parse_host`. None for anything else: user information, a path, a bare
        IPv6 address, blanks, a port that does not exist.
    """
    bracketed = text.startswith("[")
    host, bracket, rest = text[1:].partition("]") if bracketed else (text, "", "")
    if bracketed:
        if not bracket or ":" not in host or (rest and not rest.startswith(":")):
            return None
        port = rest[1:]
    else:
        host, _, port = host.partition(":")
    known = parse_host(host)
    if known is None or (port and (not _PORT.fullmatch(port) or int(port) > _HIGHEST_PORT)):
        return None
    return Authority(known, int(port) if port else None)


def parse_host(text: str) -> str | None:
    """Return the one spelling of a host name or an address (without brackets), None if it is neither.

    Names are in lower case without the trailing dot. Addresses are in their shortest form, an IPv4 address that is
    mapped into IPv6 as IPv4. Numbers that only some resolvers take for an address (`127.1`, `0x7f.1`, `2130706433`)
    are neither.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return _parse_name(text)
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return None
        address = address.ipv4_mapped or address
    return str(address)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens on the host, which `parse_host` returned."""
    return host == "localhost" or (is_address(host) and ipaddress.ip_address(host).is_loopback)


def is_address(host: str) -> bool:
    """Whether the host, which `parse_host` returned, is an IP address."""
    return ":" in host or host.rpartition(".")[2].isdigit()


def _parse_name(text: str) -> str | None:
    name = text.lower().removesuffix(".")
    last = name.rpartition(".")[2]
    # Browsers read a name whose last part is a number as an IPv4 address.
    if len(name) > _NAME_LIMIT or not _NAME.fullmatch(name) or last.isdigit() or re.fullmatch(r"0x[0-9a-f]*", last):
        return None
    return name
