"""The .torrent file around the info dict."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrentide.errors import InvalidTorrent, TorrentideError
from torrentide.metainfo import bencode, metainfo
from torrentide.metainfo.info import parse_info
from torrentide.metainfo.metainfo import MAX_DATE, MAX_URL_CHARS, MAX_URLS, Metainfo, parse_metainfo

INFO = b"d6:lengthi3e4:name1:n12:piece lengthi16384e6:pieces20:" + bytes(range(20)) + b"e"
# Bencode wants its keys sorted; these are not, neither outside nor in the info, and info holds a stranger.
ODD_INFO = (
    b"d6:pieces20:" + bytes(range(20)) + b"4:name1:n1:zd1:bi1e1:ai2ee12:piece lengthi16384e6:lengthi3ee"
)
ODD_TORRENT = b"d8:url-list14:http://seed/f/4:info" + ODD_INFO + b"8:announce9:wss://t/a1:ai-1ee"


def torrent(**outer: object) -> bytes:
    """A .torrent with the given outer keys; `_` stands for `-` or a blank in their names."""
    values = {key.encode().replace(b"_", b"-"): value for key, value in outer.items()}
    values = {key.replace(b"creation-date", b"creation date"): value for key, value in values.items()}
    values = {key.replace(b"created-by", b"created by"): value for key, value in values.items()}
    return b"d4:info" + INFO + bencode.encode(values)[1:]


def test_a_whole_file() -> None:
    data = torrent(
        announce="wss://one",
        announce_list=[["wss://one", "wss://two"], ["udp://three"]],
        comment="for you",
        created_by="someone",
        creation_date=1_700_000_000,
        url_list=["https://seed/"],
        httpseeds=["https://old.seed/seed.php"],
        nodes=[["router.example", 6881], ["::1", 1]],
        publisher={"name": "me"},
    )
    assert parse_metainfo(data) == Metainfo(
        info=parse_info(INFO),
        tiers=(("wss://one", "wss://two"), ("udp://three",)),
        web_seeds=("https://seed/",),
        comment="for you",
        created_by="someone",
        creation_date=1_700_000_000,
        http_seeds=("https://old.seed/seed.php",),
        nodes=(("router.example", 6881), ("::1", 1)),
        others=((b"publisher", b"d4:name2:mee"),),
    )


def test_the_hash_of_an_odd_file_is_of_its_raw_bytes() -> None:
    parsed = parse_metainfo(ODD_TORRENT)
    assert parsed.info.info_hash == hashlib.sha1(ODD_INFO).digest()
    assert parsed.info.info_hash.hex() == "f00e983d354ea74aae16c363405def040a00164a"
    assert parsed.tiers == (("wss://t/a",),)
    assert parsed.web_seeds == ("http://seed/f/",)
    again = parse_metainfo(parsed.to_bytes())
    assert again == parsed
    assert ODD_INFO in parsed.to_bytes()
    assert b"1:ai-1e" in parsed.to_bytes()


def test_unknown_keys_survive_byte_for_byte() -> None:
    odd = b"d1:bi1e1:ai2ee"
    data = b"d0:" + odd + b"1:z" + odd + b"8:encoding5:UTF-84:info" + INFO + b"12:piece layersde7:privatei1ee"
    written = parse_metainfo(data).to_bytes()
    assert written == (
        b"d0:" + odd + b"8:encoding5:UTF-84:info" + INFO + b"12:piece layersde7:privatei1e1:z" + odd + b"e"
    )
    assert parse_metainfo(written) == parse_metainfo(data)


def test_of_a_key_that_occurs_twice_the_last_counts() -> None:
    data = b"d4:infole1:ai1e4:info" + INFO + b"1:ai2ee"
    parsed = parse_metainfo(data)
    assert parsed.info.raw == INFO
    assert parsed.others == ((b"a", b"i2e"),)


@pytest.mark.parametrize(
    ("outer", "tiers"),
    [
        ({}, ()),
        ({"announce": "wss://a"}, (("wss://a",),)),
        ({"announce": ""}, ()),
        ({"announce": 7}, ()),
        ({"announce": "wss://a", "announce_list": []}, (("wss://a",),)),
        ({"announce": "wss://a", "announce_list": [[""], []]}, (("wss://a",),)),
        ({"announce": "wss://a", "announce_list": [["wss://b"]]}, (("wss://b",),)),
        ({"announce_list": [[" wss://b "], [], 3, [4], ["wss://c"]]}, (("wss://b",), ("wss://c",))),
        ({"announce_list": ["wss://b"]}, (("wss://b",),)),
        ({"announce_list": [["x" * (MAX_URL_CHARS + 1), "y"]]}, (("y",),)),
        (
            {"announce_list": [["wss://a", "wss://b", "wss://a"], ["wss://b"], ["wss://c"]]},
            (("wss://a", "wss://b"), ("wss://c",)),
        ),
    ],
)
def test_trackers(outer: dict[str, object], tiers: tuple[tuple[str, ...], ...]) -> None:
    parsed = parse_metainfo(torrent(**outer))
    assert parsed.tiers == tiers
    assert parsed.trackers == tuple(url for tier in tiers for url in tier)


def test_the_number_of_trackers_has_one_bound_for_all_tiers() -> None:
    """Each is a socket: 256 tiers of 256 would be 65,536 of them."""
    tiers = [[f"wss://{tier}/{number}" for number in range(100)] for tier in range(100)]
    kept = parse_metainfo(torrent(announce_list=tiers)).tiers
    assert sum(map(len, kept)) == MAX_URLS
    assert [len(tier) for tier in kept] == [100, 100, 56]


@pytest.mark.parametrize(
    ("url_list", "seeds"),
    [
        ("http://a", ("http://a",)),
        ("", ()),
        (["http://a", "", 3, "http://b"], ("http://a", "http://b")),
        (7, ()),
        (
            [f"http://{number}" for number in range(1000)],
            tuple(f"http://{number}" for number in range(MAX_URLS)),
        ),
    ],
)
def test_web_seeds(url_list: object, seeds: tuple[str, ...]) -> None:
    assert parse_metainfo(torrent(url_list=url_list)).web_seeds == seeds
    assert parse_metainfo(torrent(httpseeds=url_list)).http_seeds == seeds


@pytest.mark.parametrize(
    ("nodes", "kept"),
    [
        ([["a", 1]], (("a", 1),)),
        ([["a", 65535], ["a", 65536], ["a", 0], ["a", -1], ["", 1], ["a" * 256, 1]], (("a", 65535),)),
        ([["a"], ["a", "1"], [1, 1], "a:1", ["a", 1, 2], []], ()),
        ([["a", port] for port in range(1, 1000)], tuple(("a", port) for port in range(1, MAX_URLS + 1))),
        ("a:1", ()),
        (7, ()),
    ],
)
def test_nodes(nodes: object, kept: tuple[tuple[str, int], ...]) -> None:
    assert parse_metainfo(torrent(nodes=nodes)).nodes == kept


@pytest.mark.parametrize("date", [-1, "1700000000", [], MAX_DATE + 1, 10**19])
def test_notes_of_a_wrong_type_are_ignored(date: object) -> None:
    parsed = parse_metainfo(torrent(creation_date=date, comment=3, created_by=["x"]))
    assert (parsed.comment, parsed.created_by) == ("", "")
    assert parsed.creation_date is None
    assert parse_metainfo(torrent(creation_date=MAX_DATE)).creation_date == MAX_DATE


@pytest.mark.parametrize(
    "data",
    [b"", b"not a torrent", b"<!doctype html>", b"le", b"de", b"d4:infoi1ee", b"d4:info" + INFO],
)
def test_what_is_no_torrent(data: bytes) -> None:
    with pytest.raises(InvalidTorrent):
        parse_metainfo(data)


def test_size_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    data = torrent()
    monkeypatch.setattr(metainfo, "MAX_TORRENT_BYTES", len(data))
    assert parse_metainfo(data)
    with pytest.raises(InvalidTorrent, match="at most"):
        parse_metainfo(torrent(comment="a byte too many"))


urls = st.text("abc:/.é", min_size=1, max_size=12).filter(str.strip).map(str.strip)


url_lists = st.lists(urls, max_size=4, unique=True)
others = st.dictionaries(
    st.binary(max_size=6).map(lambda key: b"_" + key), st.sampled_from([b"i1e", b"le", b"d1:bi1e1:ai2ee"])
)


@given(
    tiers=url_lists.flatmap(
        lambda some: st.integers(0, len(some)).map(
            lambda at: tuple(filter(None, (tuple(some[:at]), tuple(some[at:]))))
        )
    ),
    web_seeds=url_lists.map(tuple),
    http_seeds=url_lists.map(tuple),
    nodes=st.lists(st.tuples(st.text(min_size=1, max_size=9), st.integers(1, 65535)), max_size=3).map(tuple),
    notes=st.tuples(st.text(max_size=20), st.text(max_size=20), st.none() | st.integers(0, 2**40)),
    others=others.map(lambda some: tuple(sorted(some.items()))),
)
def test_what_is_written_is_read_again(
    tiers: tuple[tuple[str, ...], ...],
    web_seeds: tuple[str, ...],
    http_seeds: tuple[str, ...],
    nodes: tuple[tuple[str, int], ...],
    notes: tuple[str, str, int | None],
    others: tuple[tuple[bytes, bytes], ...],
) -> None:
    written = Metainfo(parse_info(INFO), tiers, web_seeds, *notes, http_seeds, nodes, others)
    data = written.to_bytes()
    assert parse_metainfo(data) == written
    assert list(bencode.raw_items(data)) == sorted(bencode.raw_items(data))


@given(
    edits=st.lists(
        st.tuples(
            st.integers(0, 300), st.integers(0, 4), st.binary(max_size=3) | st.sampled_from([b"e", b"i-1e"])
        ),
        min_size=1,
        max_size=4,
    )
)
def test_a_damaged_file_is_a_torrent_or_a_known_error(edits: list[tuple[int, int, bytes]]) -> None:
    data = torrent(announce="wss://a", announce_list=[["wss://a"]], url_list=["b"], creation_date=1)
    for place, gone, new in edits:
        data = data[:place] + new + data[place + gone :]
    try:
        parsed = parse_metainfo(data)
    except TorrentideError:
        return
    assert parsed.info.raw in data
    assert parse_metainfo(parsed.to_bytes()) == parsed


keys = st.sampled_from(
    b"info announce announce-list files name name.utf-8 length path path.utf-8 pieces attr sha1 nodes "
    b"private source httpseeds url-list".split()
)
anything = st.recursive(
    st.integers(-5, 70000) | st.binary(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(keys | st.just(b"piece length"), inner, max_size=6)
    ),
    max_leaves=15,
)


@given(st.dictionaries(keys, anything, max_size=4) | anything)
def test_any_document_is_a_torrent_or_a_known_error(document: object) -> None:
    try:
        parse_metainfo(bencode.encode(document))
    except TorrentideError:
        pass


@given(st.lists(st.tuples(keys, anything), max_size=8), st.booleans())
def test_keys_in_any_order_and_number(items: list[tuple[bytes, object]], inside: bool) -> None:
    """Of two with one name the last counts, and the info-hash is of the bytes as they came."""
    written = b"".join(bencode.encode(key) + bencode.encode(value) for key, value in items)
    data = b"d4:infod" + written + INFO[1:] + b"e" if inside else b"d" + written + b"e"
    try:
        parsed = parse_metainfo(data)
    except TorrentideError:
        return
    assert parsed.info.raw == bencode.raw_items(data)[b"info"]
    assert parsed.info.info_hash == hashlib.sha1(parsed.info.raw).digest()
    assert parse_metainfo(parsed.to_bytes()) == parsed


def one_file(path: bytes) -> bytes:
    return (
        b"d4:infod5:filesld6:lengthi1e4:pathl"
        + path
        + b"eee4:name1:n12:piece lengthi1e6:pieces20:"
        + bytes(20)
        + b"ee"
    )


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"l" + b"0:" * 300_000 + b"e", id="many strings"),
        pytest.param(b"d4:info" + b"l" * 300_000, id="deep"),
        pytest.param(b"d4:info" + b"d0:" * 300_000, id="deep dictionaries"),
        pytest.param(b"d" + b"0:0:" * 100_000 + b"e", id="one key often"),
        pytest.param(b"d4:infoi" + b"9" * 1_000_000 + b"ee", id="a long number"),
        pytest.param(b"d" + b"9" * 1_000_000 + b":", id="a long length"),
        pytest.param(b"d4:infod12:piece lengthi99999999999999999999e4:name1:nee", id="a huge number"),
        pytest.param(one_file(b"0:" * 300_000), id="a long path"),
        pytest.param(one_file(b"1000000:" + b"a/" * 500_000), id="a long name"),
        pytest.param(one_file(b"1000000:" + b"\xff" * 1_000_000), id="a long name that is no text"),
    ],
)
def test_the_size_of_a_document_is_the_worst_of_it(data: bytes) -> None:
    """What took more than a step for each byte would run into the time limit of the whole run."""
    try:
        parse_metainfo(data)
    except InvalidTorrent:
        return
    assert b"a" in data
