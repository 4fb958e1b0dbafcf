"""Whether the environment sends the calls to an address through a proxy."""

import urllib.request
from urllib.parse import urlsplit


def proxy_for(base_url: str) -> str:
    """Return host and port of the proxy that the environment names for a URL; empty where it names none.

    A user name or password in the proxy's address is left out.
    """
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    if urllib.request.proxy_bypass(host):
        return ""
    proxies = urllib.request.getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all") or ""
    return proxy.rpartition("@")[2].rpartition("//")[2].strip("/")
