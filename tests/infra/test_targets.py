"""URLs: what is understood of them, and everything else refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.infra.targets import MAX_URL, next_target, parse_peers, parse_target
from weft.kernel.errors import Unavailable

NOBODY: frozenset[str] = frozenset()


def reason(url: str, allow: frozenset[str] = NOBODY) -> object:
    try:
        parse_target(url, allow)
    except Unavailable as error:
        assert error.code == "fetch.refused"
        return error.values["reason"]
    return None


@pytest.mark.parametrize(
    ("url", "rebuilt"),
    [
        ("https://example.com", "https://example.com/"),
        ("HTTPS://Example.COM:443/A?b=C#d", "https://example.com/A?b=C"),
        ("http://example.com./x", "http://example.com/x"),
        ("http://bücher.example/ü?q=ü", "http://xn--bcher-kva.example/%C3%BC?q=%C3%BC"),
        ("http://[2001:DB8:0:0::1]/", "http://[2001:db8::1]/"),
        ("http://8.8.8.8/", "http://8.8.8.8/"),
        ("http://example.com/%zz%20?a=%41", "http://example.com/%zz%20?a=%41"),
        ("http://example.com/@user", "http://example.com/@user"),
    ],
)
def test_a_url_is_rebuilt_from_what_was_understood(url: str, rebuilt: str) -> None:
    assert parse_target(url, NOBODY).url == rebuilt


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("ftp://example.com/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("javascript:alert(1)", "scheme"),
        ("//example.com/", "scheme"),
        ("example.com", "scheme"),
        ("", "scheme"),
        ("http://user@example.com/", "userinfo"),
        ("http://user:pass@example.com/", "userinfo"),
        ("http://@example.com/", "userinfo"),
        ("http://example.com:8080/", "port"),
        ("http://example.com:443/", "port"),
        ("https://example.com:80/", "port"),
        ("http://example.com:0/", "port"),
        ("http://example.com:99999/", "url"),
        ("http://example.com:x/", "url"),
        ("http://[::1/", "url"),
        ("http://exa mple.com/", "url"),
        ("http://example.com/\r\nHost: evil", "url"),
        ("http://example.com\\@evil.example/", "url"),
        ("http://example.com/\x00", "url"),
        ("http://" + "a" * MAX_URL, "url"),
        ("http:///path", "host"),
        ("http://./", "host"),
        ("http://a..b/", "host"),
        ("http://-a.example/", "host"),
        ("http://a%2eb/", "host"),
        ("http://[fe80::1%25eth0]/", "host"),
        ("http://[::1]evil/", "host"),
        ("http://[::1]:80:80/", "host"),
        ("http://a:80:80/", "host"),
        ("http://" + "a" * 64 + ".example/", "host"),
    ],
)
def test_what_may_not_be_asked_is_refused(url: str, expected: str) -> None:
    # Some versions of the URL parser already refuse what others leave to the check of the host.
    assert reason(url) in (expected, "url" if expected == "host" else "host")


@pytest.mark.parametrize(
    "host",
    ["2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "127.0.1", "1.2.3.4.5", "256.1.1.1", "01.2.3.4"]
    + ["1.2.3.0x4", "0x", "example.123", "example.0x1f"],
)
def test_other_spellings_of_ipv4_addresses_are_no_hosts(host: str) -> None:
    assert reason(f"http://{host}/") == "host"


def test_full_width_digits_do_not_hide_an_address() -> None:
    assert parse_target("http://①27.0.0.1/", NOBODY).host == "127.0.0.1"
    assert reason("http://②130706433/") == "host"


def test_a_listed_peer_may_have_its_own_port() -> None:
    allow = parse_peers(frozenset({"LocalHost:3000", " [::1]:3001", "127.0.0.1:3002"}))
    for url in ("http://localhost:3000/", "https://[0::1]:3001/", "http://127.0.0.1:3002/"):
        assert reason(url, allow) is None
    assert reason("http://localhost:3001/", allow) == "port"


@pytest.mark.parametrize(
    "entry", ["", "localhost", "localhost:", ":80", "localhost:x", "localhost:70000", "a b:80", "*:80"]
)
def test_a_listed_peer_that_is_none_is_told_to_the_operator(entry: str) -> None:
    with pytest.raises(ValueError, match="is no host:port"):
        parse_peers([entry])


def test_a_relative_redirect_stays_at_its_origin() -> None:
    start = parse_target("https://example.com/a/b?c", NOBODY)
    assert next_target(start, "../d?e", NOBODY).url == "https://example.com/d?e"
    assert next_target(start, "//other.example", NOBODY).url == "https://other.example/"


@given(st.text(max_size=60))
def test_any_text_is_a_safe_target_or_a_refusal(text: str) -> None:
    for url in (text, f"http://{text}", f"http://example.com/{text}"):
        try:
            target = parse_target(url, NOBODY)
        except Unavailable:
            continue
        assert target.port in (80, 443)
        assert target.url.isascii()
        assert target.url.isprintable()
        assert " " not in target.url
        assert parse_target(target.url, NOBODY) == target
