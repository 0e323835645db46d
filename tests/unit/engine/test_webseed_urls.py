"""Which URLs a torrent may send a page to, and where on a web server its bytes are."""

import pytest

from torrentide.engine.webseed_urls import (
    FileAddresses,
    Files,
    PieceAddresses,
    Step,
    check_tracker,
    web_seed_url,
)
from torrentide.errors import UnsupportedError
from torrentide.metainfo import bencode
from torrentide.metainfo.info import Info, parse_info

PAGE = "http://page.example"


def info_of(length: int, files: list[tuple[list[bytes], int]] | None = None, name: bytes = b"name") -> Info:
    """An info dict with pieces of 100 bytes."""
    what = {b"length": length} if files is None else {}
    if files is not None:
        what = {b"files": [{b"path": path, b"length": size} for path, size in files]}  # type: ignore[dict-item]
    pieces = bytes(20 * -(-length // 100))
    return parse_info(bencode.encode({b"name": name, b"piece length": 100, b"pieces": pieces, **what}))


# -- The rules for URLs


@pytest.mark.parametrize(
    "url",
    [
        "http://seed.example/file",
        "https://seed.example:8443/a/b/?x=1&info_hash=2",
        " https://seed.example/ ",
        "HTTPS://SEED.EXAMPLE/",
        "http://8.8.8.8/file",
        "http://[2001:4860:4860::8888]/file",
        "https://localhost.example/",
        "https://a_b-c.example./",
        "https://1.example/",
    ],
)
def test_takes_public_servers(url: str) -> None:
    assert web_seed_url(url, PAGE) == url.strip()


def test_drops_the_fragment() -> None:
    assert web_seed_url("https://seed.example/a?b#c#d", PAGE) == "https://seed.example/a?b"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://seed.example/file", "http and https alone"),
        ("file:///etc/passwd", "http and https alone"),
        ("javascript:alert(1)", "http and https alone"),
        ("seed.example/file", "http and https alone"),
        ("", "http and https alone"),
        ("https://user@seed.example/", "user name or password"),
        ("https://user:secret@seed.example/", "user name or password"),
        ("http://seed.example\\@127.0.0.1/", "user name or password"),
        ("http:///file", "its host"),
        ("http:seed.example", "its host"),
        ("http://127.0.0.1\\.seed.example/", "its host"),
        ("http://%31%32%37.0.0.1/", "its host"),
        ("http://\uff11\uff12\uff17.0.0.1/", "its host"),
        ("http://dömain.example/", "its host"),
        ("http://a b/", "its host"),
        ("http://1.2.3.4.5/", "no address"),
        ("http://256.1.1.1/", "no address"),
        ("http://1.2.3.256/", "no address"),
        ("http://4294967296/", "no address"),
        ("http://09.1.1.1/", "no address"),
        ("http://a.1/", "no address"),
        ("http://[::1/", ""),
        ("http://[zz::]/", ""),
        ("http://seed.example:99999/", ""),
        ("http://seed.example:x/", ""),
        ("http://seed.example:0/", "no port 0"),
    ],
)
def test_refuses_what_no_page_could_fetch(url: str, why: str) -> None:
    with pytest.raises(UnsupportedError, match="is not used") as caught:
        web_seed_url(url, PAGE)
    assert why in str(caught.value)


LOCAL = [
    "localhost",
    "LOCALHOST.",
    "a.localhost",
    "printer.local",
    "db.internal",
    "nas.home.arpa",
    "router",
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "017700000001",
    "0x7f.1",
    "0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "192.168.257",
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "[::1]",
    "[::]",
    "[fe80::1]",
    "[fc00::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[ff02::1]",
]


@pytest.mark.parametrize("host", LOCAL)
def test_keeps_pages_out_of_their_visitors_network(host: str) -> None:
    """libtorrent's ssrf_mitigation."""
    for page in (PAGE, "null", "", "https://8.8.8.8"):
        with pytest.raises(UnsupportedError):
            web_seed_url(f"http://{host}/file", page)


@pytest.mark.parametrize("host", LOCAL)
@pytest.mark.parametrize(
    "page", ["http://localhost:8080", "http://192.168.0.7", "http://[::1]:80", "http://nas"]
)
def test_a_page_in_the_local_network_may_use_it(host: str, page: str) -> None:
    assert web_seed_url(f"http://{host}/file", page) == f"http://{host}/file"


@pytest.mark.parametrize("host", LOCAL)
def test_keeps_pages_from_what_is_no_tracker_in_their_visitors_network(host: str) -> None:
    """libtorrent's ssrf_mitigation, too."""
    for page in (PAGE, "null", ""):
        check_tracker(f"ws://{host}:8000/announce?a", page)
        for path in ("", "/", "/admin", "/x/announce"):
            with pytest.raises(UnsupportedError, match=r"own network|host"):
                check_tracker(f"ws://{host}:8000{path}", page)
    check_tracker(f"ws://{host}:8000", "http://localhost:8080")


def test_trackers_of_the_open_network() -> None:
    for url in ("wss://tracker.example", "ws://8.8.8.8:1", "wss://tracker.example:443/x"):
        check_tracker(url, PAGE)
    for url in (
        "ws://\uff11\uff12\uff17.0.0.1/",
        "ws://1.2.3.4.5/",
        "ws://a%2eb/",
        "ws://user:word@a.example/",
    ):
        with pytest.raises(UnsupportedError, match="is not used"):
            check_tracker(url, PAGE)


def test_a_local_url_has_no_query() -> None:
    """A torrent must not press buttons of a router; the page's own server is the page's to know."""
    assert web_seed_url("http://127.0.0.1:80/?a", "http://127.0.0.1:80")
    with pytest.raises(UnsupportedError, match="query"):
        web_seed_url("http://127.0.0.1:81/?a", "http://127.0.0.1:80")


def test_an_https_page_reads_no_http() -> None:
    """Mixed content, but for the visitor's own machine."""
    with pytest.raises(UnsupportedError, match="https alone"):
        web_seed_url("http://seed.example/", "https://page.example")
    with pytest.raises(UnsupportedError, match="https alone"):
        web_seed_url("http://192.168.0.1/", "https://192.168.0.2")
    for host in ("localhost", "a.localhost", "127.0.0.1", "[::1]"):
        assert web_seed_url(f"http://{host}/", "https://localhost")


def test_a_piece_script_brings_no_parameters_of_ours() -> None:
    for name in ("info_hash", "piece", "ranges"):
        with pytest.raises(UnsupportedError, match="parameters"):
            web_seed_url(f"https://seed.example/?a=1&{name}=", PAGE, pieces=True)
    assert web_seed_url("https://seed.example/?a=1&pieces=", PAGE, pieces=True)


def test_a_message_stays_short() -> None:
    with pytest.raises(UnsupportedError) as caught:
        web_seed_url("ftp://" + "x" * 2000, PAGE)
    assert len(str(caught.value)) < 400


# -- Files


def steps(url: str, info: Info, *ranges: tuple[int, int]) -> list[Step]:
    return FileAddresses(url, Files(info)).steps(ranges)


def test_a_single_file() -> None:
    """BEP 19: the URL as it is, or with the name where it ends in a slash."""
    info = info_of(250)
    (step,) = steps("http://h/any?x=1", info, (100, 250))
    assert step == Step("http://h/any?x=1", 100, 250, 0, 250)
    assert step.span == (100, 249)
    assert steps("http://h/dir/", info, (0, 1))[0].url == "http://h/dir/name"


@pytest.mark.parametrize("url", ["http://h/pub", "http://h/pub/"])
def test_many_files(url: str) -> None:
    """BEP 19: the URL, the torrent's name and the file's path."""
    info = info_of(250, [([b"a"], 120), ([b"empty"], 0), ([b"dir", b"b"], 30), ([b"c"], 100)])
    assert steps(url, info, (100, 200)) == [
        Step("http://h/pub/name/a", 100, 120, 0, 120),
        Step("http://h/pub/name/dir/b", 120, 150, 120, 30),
        Step("http://h/pub/name/c", 150, 200, 150, 100),
    ]
    assert [step.span for step in steps(url, info, (100, 200))] == [(100, 119), (0, 29), (0, 49)]


def test_names_are_the_torrents_own() -> None:
    """Not those that are safe on a disk: the server has it under the name that its maker gave it."""
    path = [b"..", b"a b", b".", b"", "ü".encode(), b"\xff", b"x/y", b"50%?#", b"con"]
    info = info_of(10, [(path, 10)], name=b"n:1")
    assert steps("http://h", info, (0, 10))[0].url == "http://h/n%3A1/a%20b/%C3%BC/%FF/x%2Fy/50%25%3F%23/con"


def test_the_utf_8_name_is_preferred() -> None:
    raw = {b"name": b"\xe4", b"name.utf-8": "ä".encode(), b"piece length": 100, b"pieces": bytes(20)}
    files = [{b"path": [b"\xe4"], b"path.utf-8": ["ä".encode()], b"length": 1}]
    info = parse_info(bencode.encode({**raw, b"files": files}))
    assert steps("http://h", info, (0, 1))[0].url == "http://h/%C3%A4/%C3%A4"


def listed(*entries: dict[bytes, object]) -> Info:
    """A torrent of 250 bytes with these files."""
    raw = {b"name": b"name", b"piece length": 100, b"pieces": bytes(60), b"files": list(entries)}
    return parse_info(bencode.encode(raw))


def test_padding_has_no_url() -> None:
    """Nor has it a name, and it may lie beside more of it."""
    info = listed(
        {b"path": [b"a"], b"length": 120},
        {b"attr": b"p", b"length": 30},
        {b"attr": b"p", b"length": 50, b"path": [b".pad", b"50"]},
        {b"path": [b"c"], b"length": 20},
        {b"attr": b"p", b"length": 30},
    )
    assert steps("http://h", info, (100, 250)) == [
        Step("http://h/name/a", 100, 120, 0, 120),
        Step(None, 120, 200, 120, 80),
        Step("http://h/name/c", 200, 220, 200, 20),
        Step(None, 220, 250, 220, 30),
    ]
    assert steps("http://h", info, (130, 140), (150, 160)) == [
        Step(None, 130, 140, 130, 10),
        Step(None, 150, 160, 150, 10),
    ]


def test_entries_that_take_no_bytes_move_nothing() -> None:
    info = listed(
        {b"path": [b"link"], b"attr": b"l", b"length": 77, b"symlink path": [b"b"]},
        {b"path": [b"a"], b"length": 120},
        {b"path": [b"empty"], b"length": 0},
        {b"path.utf-8": [], b"path": [b"b"], b"length": 130},
    )
    assert [step.url for step in steps("http://h", info, (0, 250))] == ["http://h/name/a", "http://h/name/b"]


def test_ranges_in_one_file_become_one_fetch() -> None:
    info = info_of(300, [([b"a"], 120), ([b"b"], 180)])
    assert steps("http://h", info, (0, 10), (100, 130), (200, 300)) == [
        Step("http://h/name/a", 0, 120, 0, 120),
        Step("http://h/name/b", 120, 300, 120, 180),
    ]


# -- Pieces


def test_pieces() -> None:
    """BEP 17: whole pieces without, parts with `ranges`."""
    info = info_of(250)
    found = PieceAddresses("http://h/seed.php", info).steps([(20, 30), (50, 250)])
    hash_ = "".join(
        f"%{byte:02X}" if not chr(byte).isalnum() or byte > 127 else chr(byte) for byte in info.info_hash
    )
    assert [step.url for step in found] == [
        f"http://h/seed.php?info_hash={hash_}&piece=0&ranges=20-29",
        f"http://h/seed.php?info_hash={hash_}&piece=0&ranges=50-99",
        f"http://h/seed.php?info_hash={hash_}&piece=1",
        f"http://h/seed.php?info_hash={hash_}&piece=2",
    ]
    assert [(step.start, step.end, step.base, step.size, step.span) for step in found] == [
        (20, 30, 20, 10, None),
        (50, 100, 50, 50, None),
        (100, 200, 100, 100, None),
        (200, 250, 200, 50, None),
    ]


def test_a_piece_script_with_a_query() -> None:
    url = PieceAddresses("http://h/?a=1", info_of(100)).steps([(0, 100)])[0].url
    assert url is not None
    assert url.startswith("http://h/?a=1&info_hash=")
