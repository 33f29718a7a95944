"""Addresses: what an origin is and how it is written, and which address a client has."""

import ipaddress
from urllib.parse import SplitResult, urlsplit


def origin_of(url: str) -> str:
    """Write an address as a browser writes it in an Origin header (RFC 6454).

    Raises: ValueError when it has more than an origin, or is none.
    """
    parts = split_http(url)
    if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("must be like https://chat.example.com, with nothing after the host")
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    usual = {"http": 80, "https": 443}[parts.scheme]
    port = "" if parts.port in (None, usual) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def split_http(url: str) -> SplitResult:
    """Take an address apart that is one of http or https.

    Raises: ValueError.
    """
    parts = urlsplit(url.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname or "*" in url:
        raise ValueError("must be an address that begins with http:// or https://, without '*'")
    return parts


def local_url(host: str, port: int) -> str:
    """Only the address of one network has to be typed as it is; all others include localhost."""
    if host in {"0.0.0.0", "::", "127.0.0.1", "::1"}:
        host = "localhost"
    return origin_of(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")


def client_address(peer: str, forwarded: str, *, hops: int) -> str:
    """Say where a request comes from, past as many proxies as are trusted.

    `peer` is the other end of the connection and `forwarded` the X-Forwarded-For header, to which
    each proxy appends whom it heard from: what stands before the trusted ones may be made up.
    """
    heard = [address.strip() for address in forwarded.split(",") if address.strip()]
    return (heard[-hops] if hops and len(heard) >= hops else peer) or "unknown"


def network(address: str) -> str:
    """Name the network that counts as one: an IPv4 address, or the /64 that one IPv6 user has."""
    # Some proxies name the port as well: "203.0.113.7:50123", "[2001:db8::1]:50123".
    if address.startswith("["):
        address = address[1:].partition("]")[0]
    elif address.count(":") == 1:
        address = address.partition(":")[0]
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
