"""Magnet links and bare info-hashes."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrentide.errors import InvalidTorrent, TorrentideError, UnsupportedError
from torrentide.metainfo import bencode
from torrentide.metainfo.magnet import MAX_MAGNET_CHARS, Magnet, magnet_of, parse_info_hash, parse_magnet
from torrentide.metainfo.metainfo import MAX_URL_CHARS, MAX_URLS, parse_metainfo

HASH = bytes(range(236, 256))
HASH_V2 = bytes(range(200, 232))
XT = f"xt=urn:btih:{HASH.hex()}"


@pytest.mark.parametrize(
    ("uri", "magnet"),
    [
        (f"magnet:?{XT}", Magnet(HASH)),
        (f"  magnet:?{XT}\n", Magnet(HASH)),
        (f"MAGNET:?{XT.upper()}", Magnet(HASH)),
        (f"stream-magnet:?{XT}", Magnet(HASH)),
        (f"magnet:?xt=urn:btih:{base64.b32encode(HASH).decode()}", Magnet(HASH)),
        (f"magnet:?xt=urn:btih:{base64.b32encode(HASH).decode().lower()}", Magnet(HASH)),
        (f"magnet:?xt=urn%3Abtih%3A{HASH.hex()}", Magnet(HASH)),
        (f"magnet:?xt=urn:btmh:1220{HASH_V2.hex()}&{XT}", Magnet(HASH, info_hash_v2=HASH_V2)),
        (f"magnet:?{XT}&xt=URN:BTMH:1220{HASH_V2.hex().upper()}", Magnet(HASH, info_hash_v2=HASH_V2)),
        (f"magnet:?{XT}&xt=urn:btmh:1120{HASH_V2.hex()}&xt=urn:btmh:1220ff", Magnet(HASH)),
        (f"magnet:?xt.1=urn:sha1:x&{XT.replace('xt', 'xt.2')}", Magnet(HASH)),
],
)  # fmt: skip
def test_reads(uri: str, magnet: Magnet) -> None:
    assert parse_magnet(uri) == magnet


@pytest.mark.parametrize(
    ("query", "hints"),
    [
        ("dn=a+b%20c%2Bd&dn=second", {"name": "a b c+d"}),
        ("dn=%C3%A9%FF", {"name": "é\ufffd"}),
        ("dn=100%&tr=wss://a/%zz%", {"name": "100%", "trackers": ("wss://a/%zz%",)}),
        ("tr=wss%3A%2F%2Fa%3Fk%3Dv&tr=wss://b?k=v", {"trackers": ("wss://a?k=v", "wss://b?k=v")}),
        ("tr.1=wss://a&TR.2=wss://b&tr=wss://a&tr=", {"trackers": ("wss://a", "wss://b")}),
        ("tr=http://a/x+y%2Bz", {"trackers": ("http://a/x+y+z",)}),
        ("as=http://b&ws=http://a", {"web_seeds": ("http://a", "http://b")}),
        ("xs=http%3A%2F%2Fa%2Fb&xs.1=http://c", {"exact_sources": ("http://a/b", "http://c")}),
        ("x.pe=1.2.3.4:5&x.pe.1=a.example:65535", {"peers": (("1.2.3.4", 5), ("a.example", 65535))}),
        ("x.pe=%5B2001:db8::1%5D:6", {"peers": (("[2001:db8::1]", 6),)}),
        ("x.pe=a&x.pe=a:&x.pe=:1&x.pe=a:0&x.pe=a:65536&x.pe=a%20b:1&x.pe=::1:2&x.pe=a/b:1&x=a:1", {}),
        ("kt=a+long+word,mp3&kt=c%2B%2B+", {"keywords": ("a", "long", "word,mp3", "c++")}),
        ("so=0,2,4-6", {"select": ((0, 0), (2, 2), (4, 6))}),
        ("so=7-9,1%2C3&so=2-4,8-12,20", {"select": ((1, 4), (7, 12), (20, 20))}),
        ("so=1-,-2,5-3,a,,1-2-3,0x4,%2B5,-,9999999,0-500000,1e3", {}),
        ("so=0-499999", {"select": ((0, 499_999),)}),
        ("&=&novalue&unknown=1&xl=10&xs=", {}),
    ],
)
def test_hints(query: str, hints: dict[str, Any]) -> None:
    assert parse_magnet(f"magnet:?{XT}&{query}") == Magnet(HASH, **hints)


@pytest.mark.parametrize(
    ("uri", "what"),
    [
        ("", "must begin with magnet"),
        ("magnet:", "no info-hash"),
        ("magnet:?dn=x", "no info-hash"),
        ("http://x/?" + XT, "must begin with magnet"),
        (HASH.hex(), "must begin with magnet"),
        ("magnet:?xt=urn:sha1:abc", "no info-hash"),
        ("magnet:?xt=urn:btih:", "40 hex or 32 base32"),
        ("magnet:?xt=urn:btih:" + "g" * 40, "40 hex or 32 base32"),
        ("magnet:?xt=urn:btih:" + "0" * 32, "40 hex or 32 base32"),
        ("magnet:?xt=urn:btih:" + "\N{ARABIC-INDIC DIGIT ZERO}" * 40, "40 hex or 32 base32"),
        (f"magnet:?{XT}0", "40 hex or 32 base32"),
        (f"magnet:?{XT}%0A", "40 hex or 32 base32"),
    ],
)
def test_says_what_is_wrong(uri: str, what: str) -> None:
    with pytest.raises(InvalidTorrent, match=what):
        parse_magnet(uri)


def test_v2_only_is_told_apart() -> None:
    with pytest.raises(UnsupportedError, match="v2 only"):
        parse_magnet("magnet:?xt=urn:btmh:1220" + "0" * 64)


def test_bounds() -> None:
    with pytest.raises(InvalidTorrent, match="at most"):
        parse_magnet(f"magnet:?{XT}&dn=" + "x" * MAX_MAGNET_CHARS)
    many = "".join(f"&tr=wss://{number}" for number in range(2 * MAX_URLS))
    assert len(parse_magnet(f"magnet:?{XT}{many}").trackers) == MAX_URLS
    assert parse_magnet(f"magnet:?{XT}&tr={'x' * (MAX_URL_CHARS + 1)}").trackers == ()
    assert (
        len(parse_magnet(f"magnet:?{XT}" + "".join(f"&x.pe=a:{port}" for port in range(1, 999))).peers)
        == MAX_URLS
    )
    # A list of the files would have ten thousand millions of them.
    assert parse_magnet(f"magnet:?{XT}&so=" + ",".join(["0-499999"] * 20_000)).select == ((0, 499_999),)


@pytest.mark.parametrize(
    "text", ["", "0" * 39, "0" * 41, "z" * 40, "1" * 32, "a" * 33, " " + "0" * 40, "0" * 40 + "\n"]
)
def test_what_is_no_info_hash(text: str) -> None:
    assert parse_info_hash(text) is None


urls = st.text("abc:/?=&%+# é", min_size=1, max_size=15).map(str.strip).filter(bool)
unique_urls = st.lists(urls, max_size=4, unique=True).map(tuple)


@given(st.binary(min_size=20, max_size=20))
def test_a_hash_in_hex_and_base32(info_hash: bytes) -> None:
    for text in (info_hash.hex(), info_hash.hex().upper(), base64.b32encode(info_hash).decode()):
        assert parse_info_hash(text) == info_hash


hosts = st.sampled_from(["1.2.3.4", "[2001:db8::1]", "tracker.example", "exämple", "a&b"])
peers = st.lists(st.tuples(hosts, st.integers(1, 65535)), max_size=3, unique=True)
# Ranges that are in order and apart: each begins two or more behind the end of the one before.
steps = st.lists(st.tuples(st.integers(2, 50), st.integers(0, 50)), max_size=5)


def ranges(steps: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    made, at = [], 0
    for skip, length in steps:
        made.append((at + skip, at + skip + length))
        at += skip + length
    return tuple(made)


@given(
    st.builds(
        Magnet,
        info_hash=st.binary(min_size=20, max_size=20),
        name=st.text(max_size=20),
        trackers=unique_urls,
        web_seeds=unique_urls,
        exact_sources=unique_urls,
        peers=peers.map(tuple),
        select=steps.map(ranges),
        keywords=st.lists(st.text(min_size=1, max_size=5), max_size=3).map(tuple),
        info_hash_v2=st.none() | st.binary(min_size=32, max_size=32),
    )
)
def test_what_is_written_is_read_again(magnet: Magnet) -> None:
    assert parse_magnet(str(magnet)) == magnet


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("", ""),
        ("a b.txt", "a b.txt"),
        ("..", ""),
        ("../a", "..a"),
        ("fdp\u202e.exe\ud800", "fdp.exe_"),
        ("x" * 999, "x" * 240),
    ],
)
def test_a_name_that_is_safe(name: str, safe: str) -> None:
    assert Magnet(HASH, name).safe_name == safe


def test_each_tracker_is_a_tier() -> None:
    assert parse_magnet(f"magnet:?{XT}&tr=wss://a&tr=wss://b").tiers == (("wss://a",), ("wss://b",))


def test_a_torrent_as_a_magnet_link() -> None:
    info = {"name": "n", "length": 1, "piece length": 1, "pieces": HASH}
    outer = {"announce-list": [["wss://a", "wss://b"], ["wss://c"]], "url-list": "http://s", "info": info}
    metainfo = parse_metainfo(bencode.encode(outer))
    magnet = Magnet(metainfo.info.info_hash, "n", ("wss://a", "wss://b", "wss://c"), ("http://s",))
    assert magnet_of(metainfo) == magnet


def test_half_a_surrogate_pair_can_be_written() -> None:
    """A page's strings may hold one; UTF-8 can't."""
    magnet = parse_magnet(f"magnet:?{XT}&dn=a\ud800&tr=wss://\ud800")
    assert str(magnet) == f"magnet:?{XT}&dn=a%3F&tr=wss%3A%2F%2F%3F"


keys = st.sampled_from(["xt", "xt.1", "dn", "tr", "x.pe", "so", "kt", "xs"]).map("&{}=".format)
parts = keys | st.sampled_from(
    [*"?&=%+:-,[]1", "magnet:", "%ff", "urn:btih:", "urn:btmh:1220", "999999", HASH.hex()]
)


@given(
    st.text()
    | st.lists(parts, max_size=12).map("".join)
    | st.lists(parts | st.text(max_size=3), max_size=8).map(lambda some: f"magnet:?{XT}&" + "".join(some))
)
def test_any_text_is_a_magnet_or_a_known_error(uri: str) -> None:
    try:
        magnet = parse_magnet(uri)
    except TorrentideError:
        return
    assert len(magnet.info_hash) == 20
    assert parse_magnet(str(magnet)) == magnet
