"""Magnet links and bare info-hashes."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrentide.errors import InvalidTorrent, TorrentideError, UnsupportedError
from torrentide.metainfo.magnet import MAX_MAGNET_CHARS, Magnet, parse_info_hash, parse_magnet
from torrentide.metainfo.metainfo import MAX_URL_CHARS, MAX_URLS

HASH = bytes(range(236, 256))
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
        (f"magnet:?xt=urn:btmh:1220{'0' * 64}&{XT}", Magnet(HASH)),
        (f"magnet:?xt.1=urn:sha1:x&{XT.replace('xt', 'xt.2')}", Magnet(HASH)),
        (f"magnet:?{XT}&dn=a+b%20c%2Bd&dn=second", Magnet(HASH, name="a b c+d")),
        (f"magnet:?{XT}&dn=%C3%A9%FF", Magnet(HASH, name="é\ufffd")),
        (f"magnet:?{XT}&tr=wss%3A%2F%2Fa%3Fk%3Dv&tr=wss://b?k=v", Magnet(HASH, trackers=("wss://a?k=v", "wss://b?k=v"))),
        (f"magnet:?{XT}&tr.1=wss://a&TR.2=wss://b&tr=wss://a&tr=", Magnet(HASH, trackers=("wss://a", "wss://b"))),
        (f"magnet:?{XT}&as=http://b&ws=http://a", Magnet(HASH, web_seeds=("http://a", "http://b"))),
        (f"magnet:?{XT}&so=0-3&x.pe=1.2.3.4:5&&=&novalue", Magnet(HASH)),
    ],
)  # fmt: skip
def test_reads(uri: str, magnet: Magnet) -> None:
    assert parse_magnet(uri) == magnet


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


@given(st.binary(min_size=20, max_size=20), st.text(max_size=20), unique_urls, unique_urls)
def test_what_is_written_is_read_again(
    info_hash: bytes, name: str, trackers: tuple[str, ...], web_seeds: tuple[str, ...]
) -> None:
    magnet = Magnet(info_hash, name, trackers, web_seeds)
    assert parse_magnet(str(magnet)) == magnet


def test_half_a_surrogate_pair_can_be_written() -> None:
    """A page's strings may hold one; UTF-8 can't."""
    magnet = parse_magnet(f"magnet:?{XT}&dn=a\ud800&tr=wss://\ud800")
    assert str(magnet) == f"magnet:?{XT}&dn=a%3F&tr=wss%3A%2F%2F%3F"


parts = st.sampled_from(
    ["magnet:", "?", "&", "=", "xt", "xt.1", "dn", "tr", "%", "%ff", "+", ":", "urn:btih:", HASH.hex()]
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
