"""Host names and addresses have one spelling, and what only some parsers understand is none."""

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interview.settings.hosts import Authority, is_address, is_loopback, parse_authority, parse_host

LABEL = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9-]{0,10}[A-Za-z0-9])?", fullmatch=True)
NAME = st.lists(LABEL, min_size=1, max_size=4).map(".".join).filter(lambda name: parse_host(name) is not None)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("localhost", Authority("localhost")),
        ("LocalHost.:7860", Authority("localhost", 7860)),
        ("127.0.0.1:80", Authority("127.0.0.1", 80)),
        ("example.org:", Authority("example.org")),
        ("[::1]", Authority("::1")),
        ("[0:0::1]:7860", Authority("::1", 7860)),
        ("[::ffff:127.0.0.1]:1", Authority("127.0.0.1", 1)),
        ("[FE80::1]", Authority("fe80::1")),
    ],
)
def test_a_host_has_one_spelling(written: str, expected: Authority):
    assert parse_authority(written) == expected


@pytest.mark.parametrize(
    "written",
    [
        *(
            "",
            ":",
            ":7860",
            ".",
            "..",
            "a..b",
            "localhost..",
            "-a",
            "a b",
            " a",
            "a\n",
            "a\x00",
            "a/b",
            "a?b",
            "a#b",
            "a\\b",
        ),
        *("user@localhost", "localhost@evil.example", "http://localhost", "localhost:7860:1", "localhost:65536"),
        *("localhost:-1", "localhost:+1", "localhost: 1", "localhost:١", "localhost:1e1", "localhost:0000080"),
        *(
            "::1",
            "[::1",
            "::1]",
            "[::1]7860",
            "[::1]]",
            "[]",
            "[localhost]",
            "[127.0.0.1]",
            "[fe80::1%eth0]",
            "[::1]:x",
        ),
        *("127.1", "2130706433", "0x7f.0.0.1", "0x7f000001", "0177.0.0.1", "127.0.0.01", "127.0.0.1.", "1.2.3.4.5"),
        *("１２７.0.0.1", "localhoſt", "локалхост", "a%2eb", "*", "*.example.org", "a,b", "localhost,evil.example"),
        "a" * 64,
        ".".join(["a" * 60] * 5),
    ],
)
def test_what_is_no_host_is_refused(written: str):
    assert parse_authority(written) is None


@settings(deadline=None)
@given(st.text(max_size=40))
def test_parsing_never_fails_and_what_it_returns_is_stable(written: str):
    found = parse_authority(written)
    if found is None:
        return
    host = f"[{found.host}]" if ":" in found.host else found.host
    assert parse_authority(host if found.port is None else f"{host}:{found.port}") == found
    assert host.isascii()
    assert host == host.lower()
    assert not set(host) & set("/\\@?#% \t\r\n")


@settings(deadline=None)
@given(NAME, st.integers(0, 65535))
def test_case_and_the_trailing_dot_do_not_matter(name: str, port: int):
    plain = parse_authority(f"{name}:{port}")
    assert plain == parse_authority(f"{name.upper()}.:{port}") == Authority(name.lower(), port)


@settings(deadline=None)
@given(st.ip_addresses())
def test_every_address_is_read_as_itself(address: ipaddress.IPv4Address | ipaddress.IPv6Address):
    written = f"[{address.exploded.upper()}]" if address.version == 6 else str(address)
    found = parse_authority(written)
    assert found is not None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    assert ipaddress.ip_address(found.host) == (mapped or address)
    assert is_address(found.host)
    assert is_loopback(found.host) == (mapped or address).is_loopback


@settings(deadline=None)
@given(NAME, st.sampled_from(["evil.example", "user", "127.0.0.1", "localhost"]))
def test_user_information_is_never_a_host(name: str, other: str):
    assert parse_authority(f"{other}@{name}") is None
    assert parse_authority(f"{other}:80@{name}") is None
