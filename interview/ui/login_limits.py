"""How often a password may be tried, and how long a sign-in lasts."""

import hashlib
import ipaddress
import secrets
from collections import OrderedDict, deque
from collections.abc import Callable
from threading import Lock

TRIES = 5
"""Passwords that one address may try in a minute."""
ALL_TRIES = 60
"""Passwords that all addresses together may try in a minute."""
MINUTE = 60.0
IDLE_SECONDS = 12 * 3600
"""A session ends when it has not been used for so long."""
LIFE_SECONDS = 7 * 24 * 3600
"""A session ends after so long, used or not."""
MOST_SESSIONS = 50


class LoginThrottle:
    """Bounds the tries. What it remembers is bounded too: `ALL_TRIES` tries of the last minute."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._tries: deque[tuple[float, str]] = deque()
        self._lock = Lock()

    def take(self, address: str) -> float:
        """Count a try of an address; return 0 if it is allowed, else the seconds to wait. A refused one is not counted.

        The addresses of one IPv6 network count as one: its owner has all of them.
        """
        network = _network(address)
        with self._lock:
            now = self._clock()
            while self._tries and self._tries[0][0] <= now - MINUTE:
                self._tries.popleft()
            own = [at for at, one in self._tries if one == network]
            if len(own) >= TRIES:
                return own[0] + MINUTE - now
            if len(self._tries) >= ALL_TRIES:
                return self._tries[0][0] + MINUTE - now
            self._tries.append((now, network))
            return 0

    def forgive(self, address: str) -> None:
        """Forget the tries of an address that knew the password."""
        network = _network(address)
        with self._lock:
            self._tries = deque(one for one in self._tries if one[1] != network)


class LoginSessions:
    """Who is signed in. Only digests of the tokens are kept; the least recently used session makes room for a new one.

    A restart of the server ends all of them.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._open: OrderedDict[bytes, tuple[float, float]] = OrderedDict()  # digest: opened, last used
        self._lock = Lock()

    def open(self) -> str:
        """Open a session and return its token, 256 random bits."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            now = self._clock()
            self._open[_digest(token)] = (now, now)
            while len(self._open) > MOST_SESSIONS:
                self._open.popitem(last=False)
        return token

    def is_open(self, token: str) -> bool:
        """Whether the token's session has not ended; it counts as used now."""
        key = _digest(token)
        with self._lock:
            opened, used = self._open.get(key, (None, 0.0))
            if opened is None:
                return False
            now = self._clock()
            if now - used >= IDLE_SECONDS or now - opened >= LIFE_SECONDS:
                del self._open[key]
                return False
            self._open[key] = (opened, now)
            self._open.move_to_end(key)
            return True

    def close(self, token: str) -> None:
        """End a session, if it is one."""
        with self._lock:
            self._open.pop(_digest(token), None)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _network(address: str) -> str:
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv6Address):
        if known.ipv4_mapped is not None:
            return str(known.ipv4_mapped)
        return str(ipaddress.ip_network((known.packed, 64), strict=False))
    return address
