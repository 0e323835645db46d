"""What went wrong in other programs, tried on ours: each known incident that can apply is a test of its name.

docs/maintainers.md lists them all, with those that can not apply and why. What only a page can show is in
tests/browser/test_incidents.py.
"""

import ast
import gzip
import hashlib
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

import torrentide
from torrentide.discovery import signalling
from torrentide.discovery.blocklist import MAX_LIST_BYTES, parse_blocklist
from torrentide.discovery.glare import LinkKey
from torrentide.engine.download import MAX_REFUSED
from torrentide.engine.serving import GRACE_SECONDS, MAX_REFUSALS
from torrentide.engine.torrent import CROSSING_SECONDS, HANDSHAKE_SECONDS, Torrent
from torrentide.engine.webseed_answer import Trouble, body_start
from torrentide.engine.webseed_urls import FileAddresses, Files, Step, check_tracker, web_seed_url
from torrentide.errors import InvalidTorrent, LocalError, PeerError, UnsupportedError
from torrentide.metainfo import bencode
from torrentide.metainfo.info import Info, parse_info
from torrentide.metainfo.magnet import parse_magnet
from torrentide.metainfo.metainfo import parse_metainfo
from torrentide.ports import Answer
from torrentide.wire import messages
from torrentide.wire.connection import MAX_MESSAGE_LENGTH, Connection
from torrentide.wire.extensions.handshake import ExtendedHandshake, parse_extended_handshake
from torrentide.wire.extensions.metadata import MetadataMessage, parse_metadata_message
from torrentide.wire.handshake import Handshake
from unit.engine.remote import OURS, B, Fixture, Remote

ROOT = Path(torrentide.__file__).parent

# Paths that lead out of a folder on some system, as the segments of a torrent's `path`.
CLIMBING = [
    [b"..", b"..", b"etc", b"passwd"],
    [b"", b"etc", b"passwd"],
    [b"/etc/passwd"],
    [b"a/../../../b"],
    [b"..\\..\\autorun.inf"],
    [b"C:\\Windows\\x.dll"],
    [b"C:", b"x"],
    [b".", b".."],
    [b".. ", b"..."],
    [b"..\xe2\x80\x8b", b"x"],
    [b"\xef\xbc\x8e\xef\xbc\x8e\x00", b"x\x00.txt"],
    [b"..\xff", b"x"],
    [b"%2e%2e", b"%2fetc"],
    [b"con", b"aux.txt"],
]


def info_dict(**values: Any) -> bytes:
    """A bencoded info dict of one piece; of a file of 3 bytes, unless `files` are given."""
    if "files" not in values:
        values = {"length": 3, **values}
    return bencode.encode({"name": "t", "piece length": B, "pieces": bytes(20), **values})


def in_files(*paths: list[bytes], key: str = "path") -> list[dict[str, Any]]:
    return [{"length": 3, key: path} for path in paths]


def assert_inside(info: Info) -> None:
    """No path of a file can lead out of the folder that it is saved in, on any system."""
    for file in info.files:
        for path in (file.path, file.link or (info.name,)):
            assert path[0] == info.name
            for segment in path:
                assert segment.strip(". ") or segment.startswith("_"), path
                assert not set(segment) & set('/\\:\0<>"|?*'), path
    assert len({"/".join(file.path).casefold() for file in info.files}) == len(info.files)


class Speaker:
    """A peer that speaks ut_metadata to a torrent that knows nothing but its info-hash."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.it = Fixture(magnet=True)
        self.info_hash = hashlib.sha1(raw).digest()
        it = self.it
        it.torrent = Torrent(
            self.info_hash, OURS, observer=it.heard, open_store=it.open_store, digest=it.digest,
            timers=it.timers, rng=it.torrent._rng,
        )  # fmt: skip
        it.torrent.start(0.0)

    def deliver(self, handshake: bytes | None = None) -> Remote:
        """Shake hands, and send the info dict as it is asked for."""
        remote = self.it.remote()
        remote.say(handshake or Handshake(self.info_hash, remote.peer_id).to_bytes())
        told = ExtendedHandshake({"ut_metadata": 3}, metadata_size=len(self.raw))
        remote.say(messages.extended(0, told.to_bytes()))
        for message in remote.heard():
            if isinstance(message, messages.Extended) and message.id == 3:
                asked = parse_metadata_message(message.payload)
                assert asked is not None
                begin = asked.piece * B
                part = MetadataMessage("data", asked.piece, self.raw[begin : begin + B], len(self.raw))
                remote.say(messages.extended(1, part.to_bytes()))
        return remote


def modules() -> dict[str, ast.Module]:
    """The package's own source, by path."""
    return {str(path): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(ROOT.rglob("*.py"))}


def test_the_list_of_incidents_names_every_test_and_no_other() -> None:
    repository = Path(__file__).parents[2]
    guide = (repository / "docs" / "maintainers.md").read_text(encoding="utf-8")
    listed = guide.partition("## Known incidents")[2]
    named = set(re.findall(r"`(test_\w+…?)`", listed))
    sources = [Path(__file__), repository / "tests" / "browser" / "test_incidents.py"]
    text = "".join(path.read_text(encoding="utf-8") for path in sources)
    tests = set(re.findall(r"^def (test_\w+)\(", text, re.MULTILINE))
    tests.discard("test_the_list_of_incidents_names_every_test_and_no_other")

    def fits(name: str, test: str) -> bool:
        return test.startswith(name[:-1]) if name.endswith("…") else test == name

    assert [test for test in tests if not any(fits(name, test) for name in named)] == []
    assert [name for name in named if not any(fits(name, test) for test in tests)] == []


# -- Names


@pytest.mark.parametrize("key", ["path", "path.utf-8"])
@pytest.mark.parametrize("path", CLIMBING, ids=repr)
def test_cve_2009_1760_path_traversal(path: list[bytes], key: str) -> None:
    """libtorrent wrote to wherever a file's path led; here every path stays below the torrent's name."""
    raw = info_dict(files=[*in_files(path, key=key), *in_files([b"x"])], name=b"../..")
    assert_inside(parse_info(raw))
    assert_inside(parse_info(info_dict(name=b"/".join(path))))
    link = {"length": 0, "path": [b"l"], "attr": b"l", "symlink path": path}
    assert_inside(parse_info(info_dict(files=[link, *in_files([b"x"])], pieces=bytes(20))))


@pytest.mark.parametrize("path", CLIMBING, ids=repr)
def test_net_bittorrent_2026_traversal(path: list[bytes]) -> None:
    """Perl's Net::BitTorrent (one of CVE-2026-57079 to 57082) joined names as they came; a URL made of them
    must stay below the web seed's folder, too."""
    info = parse_info(info_dict(files=in_files(path, [b"x"])))
    base = "https://files.test/pub/"
    for step in FileAddresses(base, Files(info)).steps([(0, info.length)]):
        assert step.url is not None
        below = step.url.removeprefix(base)
        assert below != step.url
        assert not set(below) & set("\\?#:"), below
        assert not {"", ".", ".."} & set(below.lower().replace("%2e", ".").split("/")[:-1]), below


@pytest.mark.parametrize("path", CLIMBING, ids=repr)
def test_webtorrent_3012_traversal_by_a_magnet_link(path: list[bytes]) -> None:
    """WebTorrent takes names as they came, from a .torrent or from peers; here metadata of a peer is as safe
    as a file's."""
    speaker = Speaker(info_dict(files=in_files(path, [b"x"]), name=b"../../up"))
    speaker.deliver()
    assert speaker.it.torrent.info is not None
    assert_inside(speaker.it.torrent.info)
    name = parse_magnet("magnet:?xt=urn:btih:" + "a" * 40 + "&dn=" + quote(b"/".join(path))).safe_name
    assert not set(name) & set("/\\:\0")
    assert name not in (".", "..")


def test_libtorrent_2026_duplicate_names_by_a_magnet_link() -> None:
    """libtorrent made duplicate names unique in a .torrent, but not in metadata of peers; here both ways are
    one."""
    twins = [[b"a", b"b.txt"], [b"A", b"B.TXT"], [b"a", b"./b.txt"], [b"a"], [b"a", b"b.txt"]]
    raw = info_dict(files=in_files(*twins))
    speaker = Speaker(raw)
    speaker.deliver()
    assert speaker.it.torrent.info == parse_info(raw)
    assert_inside(parse_info(raw))


def test_cve_2019_13640_shell_injection() -> None:
    """qBittorrent gave a torrent's name and tracker to a shell; nothing here starts a program or runs text as
    code."""
    forbidden = {
        "subprocess",
        "os.system",
        "os.popen",
        "os.exec",
        "os.spawn",
        "pty",
        "eval",
        "exec",
        "compile",
    }
    for path, tree in modules().items():
        for node in ast.walk(tree):
            named: list[str] = []
            if isinstance(node, ast.Import):
                named = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                named = [node.module or ""]
            elif isinstance(node, ast.Call):
                named = [ast.unparse(node.func)]
            assert not [name for name in named if name in forbidden], f"{path}: {named}"
    info = parse_info(info_dict(name=b"$(reboot) `id`; rm -rf %n & x"))
    assert info.name == "$(reboot) `id`; rm -rf %n & x", "no name is a command, so none needs to be mended"


def test_qbittorrent_18618_traversal_by_the_web_server(tmp_path: Path) -> None:
    """qBittorrent's web pages served any file of the machine; ours, of the demo, serves its folder alone."""
    pytest.importorskip("aiohttp", reason="no web server under Pyodide")
    from torrentide.tracker.site import locate

    root = tmp_path / "dist"
    (root / "app").mkdir(parents=True)
    (root / "app" / "index.html").write_text("app")
    (tmp_path / "secret").write_text("secret")
    (root / "link").symlink_to(tmp_path / "secret")
    assert locate(root.resolve(), "app/") == (root / "app" / "index.html").resolve()
    outside = [
        "../secret", "app/../../secret", "/etc/passwd", "..", "app/..", "link", "..\\secret", "%2e%2e/secret",
        "app//../../secret", "app\0/../../secret", str(tmp_path / "secret"),
    ]  # fmt: skip
    for path in outside:
        assert locate(root.resolve(), path) is None, path


# -- Bencode and other numbers


@pytest.mark.parametrize(
    "whole", [b"i123e", b"d1:ai5ee", b"li-7e3:abce", b"d1:ad1:bli0ei1eeee", b"12:abcdefghijkl"]
)
def test_cve_2017_9847_reading_beyond_the_end(whole: bytes) -> None:
    """libtorrent read on behind a number that had no end; here every cut document ends in an error that names
    the place."""
    assert bencode.decode(whole) is not None
    for end in range(len(whole)):
        with pytest.raises(InvalidTorrent, match=r"offset|ends"):
            bencode.decode(whole[:end])
        with pytest.raises(InvalidTorrent):
            bencode.decode_prefix(whole[:end])
        with pytest.raises(InvalidTorrent):
            bencode.raw_items(b"d1:k" + whole[:end])


@pytest.mark.parametrize(
    "data",
    [
        b"d" * 100_000, b"l" * 100_000, b"d1:a" * 100_000, b"l" * 100_000 + b"e" * 100_000,
        b"l" * 50 + b"e" * 51, b"d1:ae", b"d4:infod4:name1:xeee", b"dei0e", b"d1:ad1:b", b"e", b"lee",
    ],
    ids=lambda data: f"{data[:12]!r} of {len(data)}",
)  # fmt: skip
def test_cve_2018_10756_containers_that_do_not_match(data: bytes) -> None:
    """Transmission used memory that it had freed, by a torrent of crafted containers; here it is an error,
    without recursion."""
    for read in (bencode.decode, parse_metainfo, parse_info):
        with pytest.raises(InvalidTorrent):
            read(data)
    with pytest.raises(PeerError):
        parse_metadata_message(data[:10_000])


def test_bittorrent_dht_87_a_number_for_a_string() -> None:
    """bittorrent-dht 5.1.3 answered a number in place of a string with so many bytes of its memory; here
    every value of a wrong type is an error or ignored."""
    wrong: list[object] = [8192, -1, [], {}, [8192], b"8192"]
    honest: dict[str, object] = {"name": b"8192", "piece length": 8192}
    for key in ("name", "piece length", "pieces", "files"):
        for value in wrong:
            if honest.get(key) != value:
                with pytest.raises(InvalidTorrent):
                    parse_info(info_dict(**{key: value}))
    told = parse_extended_handshake(
        bencode.encode({"v": 8192, "m": {"ut_metadata": b"8192"}, "reqq": b"8192", "metadata_size": []})
    )
    assert told == ExtendedHandshake()
    for piece in wrong[1:]:
        with pytest.raises(PeerError):
            parse_metadata_message(bencode.encode({"msg_type": 0, "piece": piece}))


def test_bittorrent_dht_87_only_checked_bytes_are_served() -> None:
    """The same: what a peer gets is of a piece that was checked, and of the length that exists."""
    it = Fixture()
    seed, leech = it.seed(), it.leech()
    first = seed.requests()[0]
    seed.say(messages.piece_header(first.index, first.begin, B), it.data[:B])
    leech.say(messages.request(first.index, first.begin, B))
    assert leech.heard() == [messages.Reject(first.index, first.begin, B)]
    for index, begin, length in ((2, B, B), (2, 2 * B, 1), (0, 2**32 - 1, B), (0, 0, 2**32 - 1), (0, 0, 0)):
        greedy = Fixture(seeding=True).leech()
        greedy.say(messages.request(index, begin, length))
        assert greedy.dropped, (index, begin, length)
        assert not [each for each in greedy.heard() if isinstance(each, messages.Piece)]


@pytest.mark.parametrize("beyond", [2**31, 2**32, 2**63, 2**64])
def test_libtorrent_2026_numbers_that_are_cut_off(beyond: int) -> None:
    """libtorrent's atoi made small numbers of great ones; here a number beyond its bound is refused, never
    cut off."""
    for key, small in (("length", 3), ("piece length", B)):
        with pytest.raises(InvalidTorrent):
            parse_info(info_dict(**{key: beyond + small}))
    with pytest.raises(InvalidTorrent):
        parse_info(
            info_dict(files=[{"length": beyond, "path": ["a"]}, {"length": 3 - beyond, "path": ["b"]}])
        )
    magnet = parse_magnet(
        f"magnet:?xt=urn:btih:{'a' * 40}&so={beyond}-{beyond + 1},{beyond},1&x.pe=1.2.3.4:{beyond + 80}"
    )
    assert (magnet.select, magnet.peers) == (((1, 1),), ())
    with pytest.raises(UnsupportedError):
        web_seed_url(f"http://files.test:{beyond + 80}/", "http://page.test")
    step = Step("https://files.test/x", 0, B, 0, B)
    with pytest.raises(Trouble):
        body_start(step, Answer(206, f"bytes {beyond}-{beyond + B - 1}/{B}", None, None))
    numbers = {"info_hash": "x" * 20, "interval": beyond, "complete": beyond}
    reply = signalling.parse(json.dumps({"action": "announce", **numbers}))
    assert reply == [signalling.AnnounceReply(b"x" * 20, signalling.MAX_INTERVAL, beyond, None)], (
        "an interval has a bound, and a count is what it says"
    )
    with pytest.raises(PeerError):
        Connection().receive(Handshake(bytes(20), bytes(20)).to_bytes() + (2**32 - 1).to_bytes(4, "big"))


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(bytes(MAX_LIST_BYTES + 1), 1),
        gzip.compress(b"1.2.3.4\n" * 1000)[:-20],
        b"\x1f\x8b" + bytes(100),
        b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + b"\xff" * 1000,
        gzip.compress(b"1.2.3.4\n")[:-8] + bytes(8),
    ],
    ids=["a bomb", "cut off", "no data", "broken codes", "a wrong sum"],
)
def test_cve_2016_7164_inflating_what_a_stranger_packed(data: bytes) -> None:
    """libtorrent's inflate crashed on a tracker's reply; all that is inflated here is a block list, and a
    broken or an endless one is an error."""
    with pytest.raises(LocalError):
        parse_blocklist(data)


# -- Peers


def test_cve_2022_29189_a_handshake_that_never_ends() -> None:
    """pion's DTLS kept all that came before the end of a handshake; here 67 bytes wait for 10 s at most."""
    it = Fixture()
    remote = it.remote()
    for byte in Handshake(it.info.info_hash, remote.peer_id).to_bytes()[:67]:
        remote.say(bytes([byte]))
        assert len(remote.peer.connection._buffer) <= 67
    it.run(HANDSHAKE_SECONDS)
    assert remote.dropped
    other = it.remote().say(b"\x13BitTorrent protocol" + bytes(28))
    other.say(bytes(1_000_000))
    assert other.dropped


def test_net_bittorrent_2026_message_of_16_mib() -> None:
    """Perl's Net::BitTorrent (one of CVE-2026-57079 to 57082) kept messages of any length in memory; here
    the length alone ends the connection."""
    for length in (MAX_MESSAGE_LENGTH + 1, 16 * 1024 * 1024 + 1, 2**32 - 1):
        it = Fixture()
        remote = it.remote().hello()
        remote.say(length.to_bytes(4, "big")[:3])
        remote.say(length.to_bytes(4, "big")[3:])
        assert remote.dropped
        assert f"{length} bytes" in it.heard.left[0][1]


def test_net_bittorrent_2026_weak_random_numbers() -> None:
    """Perl's Net::BitTorrent (one of CVE-2026-57079 to 57082) drew from rand(); here every generator is
    seeded by the system, and none is shared or seeded by the time."""
    made = {
        ast.unparse(node)
        for tree in modules().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("random.")
    }
    assert made == {"random.Random(secrets.randbits(256))", "random.Random()"}, (
        "Random() asks the system, too"
    )


def test_net_bittorrent_2026_ssrf() -> None:
    """Perl's Net::BitTorrent (one of CVE-2026-57079 to 57082) fetched from any address a torrent named; here
    neither a web seed nor a tracker leads into the visitor's own network."""
    for host in ("127.0.0.1", "localhost", "10.0.0.1", "192.168.1.1", "169.254.169.254", "[::1]", "[fd00::1]",
                 "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "router.local", "intranet"):  # fmt: skip
        with pytest.raises(UnsupportedError, match="own network"):
            web_seed_url(f"http://{host}/file", "http://page.test")
        with pytest.raises(UnsupportedError, match="own network"):
            check_tracker(f"ws://{host}/socket", "http://page.test")
    for url in ("file:///etc/passwd", "gopher://files.test/", "http://user:word@files.test/"):
        with pytest.raises(UnsupportedError):
            web_seed_url(url, "http://page.test")


def test_libtorrent_8692_the_v2_bit_of_a_v1_magnet() -> None:
    """libtorrent up to 2.0.13 followed a null pointer when a peer claimed v2 for a v1 magnet; here the bit
    means nothing."""
    speaker = Speaker(info_dict())
    handshake = bytearray(Handshake(speaker.info_hash, b"-XX0001-NNNNNNNNNNNN").to_bytes())
    handshake[27] |= 0x10
    remote = speaker.deliver(bytes(handshake))
    assert not remote.dropped
    assert speaker.it.torrent.info is not None
    all_bits = bytes(handshake[:20]) + b"\xff" * 8 + bytes(handshake[28:48]) + b"-XX0001-OOOOOOOOOOOO"
    assert not speaker.it.remote().say(all_bits).dropped


def test_libtorrent_2026_rejected_hashes() -> None:
    """libtorrent wrote out of bounds for hashes that a peer rejected (BEP 52); here these messages mean
    nothing, whatever is in them."""
    it = Fixture()
    remote = it.seed()
    for number in (21, 22, 23):
        for body in (b"", bytes(48), b"\xff" * 48, b"\xff" * 100_000):
            remote.say((len(body) + 1).to_bytes(4, "big"), bytes([number]), body)
    assert not remote.dropped
    remote.give()
    assert it.torrent.complete


@pytest.mark.parametrize("root", [bytes(32), b"", b"x", 0, [], {}], ids=repr)
def test_libtorrent_2026_a_merkle_root_of_zeros(root: object) -> None:
    """libtorrent took a pieces root of zeros; here the v2 half of a hybrid torrent decides nothing, and one
    without a v1 half is refused."""
    tree = {"file tree": {"t": {"": {"length": 3, "pieces root": root}}}, "meta version": 2}
    info = parse_info(info_dict(**tree))
    assert (info.length, [file.path for file in info.files]) == (3, [("t",)])
    with pytest.raises(UnsupportedError, match="v2 only"):
        parse_info(bencode.encode({"name": "t", "piece length": B, **tree}))


@pytest.mark.parametrize("end", ["close", "pause"])
def test_libtorrent_2026_fence_deadlock(end: str) -> None:
    """libtorrent's disk thread waited for itself when a torrent was moved or removed during a write; here a
    write that ends behind the end of its torrent does nothing, and one in a pause counts."""
    it = Fixture(pieces=1)
    it.store.hold = True
    it.seed().give()
    assert it.store.pieces, "the write is under way"
    getattr(it.torrent, end)(1.0)
    it.store.finish(2.0)
    assert it.heard.errors == []
    assert it.torrent.complete == (end == "pause")
    assert it.store.closed == (end == "close")


def test_webtorrent_2258_a_peer_that_rejects_every_request() -> None:
    """WebTorrent asked again for a block as soon as it was rejected, for ever (BEP 6); here the peer is
    parted with after 50 rejects in a row."""
    it = Fixture(pieces=100)
    remote = it.seed()
    asked = 0
    while not remote.dropped:
        requests = remote.requests()
        assert requests, "neither asked nor dropped"
        asked += len(requests)
        assert asked <= MAX_REFUSED + 2
        for block in requests:
            if not remote.dropped:
                remote.say(messages.reject(block.index, block.begin, block.length))
    other = it.seed()
    other.give()
    assert it.torrent.complete, "what it refused is asked of others"


def test_webtorrent_2258_a_peer_that_asks_for_what_was_rejected() -> None:
    """The other side of it: who asks again for what we reject is parted with after 300 requests."""
    it = Fixture(seeding=True, pieces=3)
    for _ in range(12):
        it.leech()
    remote = it.leech()
    assert remote.peer.am_choking
    it.run(GRACE_SECONDS + 0.1)
    remote.heard()
    asked = 0
    while not remote.dropped:
        remote.say(messages.request(0, 0, B))
        asked += 1
        assert asked <= MAX_REFUSALS + 1
    rejects = [each for each in remote.heard() if isinstance(each, messages.Reject)]
    assert len(rejects) == MAX_REFUSALS


GIVING_UP: dict[str, bytes] = {
    "not interested": messages.NOT_INTERESTED,
    "choke": messages.CHOKE,
    "have all": messages.HAVE_ALL,
    "upload only": messages.extended(2, b"\x01"),
    "lost a piece": messages.extended(3, bytes(4)),
    "no such extension": messages.extended(9, b"report"),
    "an unknown message": b"\0\0\0\x07\xf0report",
    "cancel": messages.cancel(0, 0, B),
    "reject": messages.reject(0, 0, B),
    "garbage": b"report" * 100,
    "false metadata": messages.extended(1, MetadataMessage("data", 0, b"x", 1).to_bytes()),
    "a refusal of metadata": messages.extended(1, MetadataMessage("reject", 0).to_bytes()),
}


@pytest.mark.parametrize("what", GIVING_UP)
def test_filepizza_v2_a_downloader_that_ends_the_upload(what: str) -> None:
    """In filepizza v2 any downloader could "report" the upload and so end it for everybody; here whatever one
    peer says, others are served."""
    it = Fixture(seeding=True)
    bad, good = it.leech(), it.leech()
    for _ in range(20):
        if not bad.dropped:
            bad.say(GIVING_UP[what])
    good.say(messages.request(0, 0, B))
    assert messages.Piece(0, 0, memoryview(it.data)[:B]) in good.heard()
    assert it.heard.errors == []
    assert it.torrent.complete
    newcomer = it.leech().say(messages.request(1, 0, B))
    assert [each for each in newcomer.heard() if isinstance(each, messages.Piece)]


def test_filepizza_v2_a_downloader_that_takes_anothers_id() -> None:
    """The same in our protocol: ids are public, and who takes one must not part us from its owner in the
    middle of a transfer."""
    it = Fixture(seeding=True)
    owner = it.remote(b"-XX0001-owner0000000", LinkKey(OURS, b"5" * 20)).hello().say(messages.INTERESTED)
    it.run(CROSSING_SECONDS + 1)
    owner.say(messages.request(0, 0, B))
    for key in (LinkKey(b"\xff" * 20, bytes(20)), LinkKey(OURS, bytes(20)), LinkKey(bytes(20), bytes(20))):
        assert it.remote(owner.peer_id, key).hello().dropped
    assert not owner.dropped
