"""Extensions of the wire protocol that pages bring along, among Torrentide and WebTorrent."""

from typing import Any

import pytest
from playwright.sync_api import Page

from browser.conftest import NewPage
from browser.support import Site, run

PAIRS = [("blank", "blank"), ("blank", "webtorrent"), ("webtorrent", "blank")]


@pytest.fixture
def talking(site: Site, new_page: NewPage) -> Any:
    """Make two pages talk: `one` seeds, and `two` fetches by a magnet link."""

    def begin(one: str = "blank", two: str = "blank", browser: str = "chromium") -> tuple[Page, Page]:
        pages = []
        magnet = None
        for name, library in (("one", one), ("two", two)):
            page = new_page(browser, f"{site.url}/pages/{library}.html")
            page.add_script_tag(url="/pages/wires.js")
            magnet = run(page, "talk", site.tracker, magnet, name)
            pages.append(page)
        return pages[0], pages[1]

    return begin


@pytest.mark.parametrize(("one", "two"), PAIRS, ids=["-".join(pair) for pair in PAIRS])
def test_extensions_talk(talking: Any, one: str, two: str) -> None:
    pages = dict(zip(("one", "two"), talking(one, two), strict=True))
    for me, other in (("one", "two"), ("two", "one")):
        said = run(pages[me], "talked")
        info_hash = pages[me].evaluate("torrent.infoHash")
        assert said[0] == ["handshake", info_hash, 40, True]
        assert ["extended handshake", other, "number"] in said
        heard = [text for kind, text, *_ in said if kind == "message"]
        # WebTorrent greets again whenever the peer has something new to tell.
        assert sorted(heard if "webtorrent" not in (one, two) else set(heard)) == [
            f"d4:from3:{other}7:numbersli1ei2eee",
            f"{other} heard d4:from3:{me}7:numbersli1ei2eee",
        ]
        assert ["event", "handshake"] in said
        assert ["event", "ut_chat"] in said


def test_what_a_wire_tells_of_extensions(talking: Any) -> None:
    one, _ = talking()
    run(one, "talked")
    assert one.evaluate(
        """() => [
          wire.extendedMapping, Object.keys(wire.peerExtendedMapping), wire.peerExtensions, wire.hasFast,
          text(wire.peerExtendedHandshake.nickname), text(wire.peerExtendedHandshake.v).split(' ')[0],
          wire.ut_chat.constructor.name,
        ]"""
    ) == [
        {"1": "ut_metadata", "2": "upload_only", "3": "lt_donthave", "4": "ut_chat"},
        ["lt_donthave", "upload_only", "ut_metadata", "ut_chat"],
        {"dht": False, "fast": True, "extended": True},
        True,
        "two",
        "Torrentide",
        "Chat",
    ]


def test_misuse_is_refused(talking: Any) -> None:
    one, _ = talking()
    run(one, "talked")
    assert (
        one.evaluate(
            """() => {
          const named = (name) => Object.assign(function () {}, { prototype: { name } })
          const deep = () => { let at = []; for (let i = 0; i < 200; i++) at = [at]; return at }
          const tries = [
            () => wire.use(class {}),
            () => wire.use(named('ut_metadata')),
            () => wire.use(named('x'.repeat(65))),
            () => { for (let i = 0; i < 40; i++) wire.use(named(`ut_${i}`)) },
            () => wire.use(undefined),
            () => wire.extended('ut_unknown', {}),
            () => wire.extended('toString', {}),
            () => wire.extended(0, {}),
            () => wire.extended(256, {}),
            () => wire.extended('ut_chat', new Uint8Array(1024 * 1024)),
            () => wire.extended('ut_chat', { at: () => {} }),
            () => wire.extended('ut_chat', deep()),
            () => wire.extended('ut_chat', NaN),
          ]
          return tries.map((attempt) => {
            try { return String(attempt()) } catch (error) { return error.code }
          })
        }"""
        )
        == ["ERR_INVALID_ARGUMENT"] * 13
    )
    # The wire goes on.
    one.evaluate("wire.extended('ut_chat', 'still here')")
    assert one.evaluate("wire.destroyed") is False


def test_long_messages_arrive_whole(talking: Any) -> None:
    """One is longer than browsers send at a time."""
    one, two = talking(browser="firefox")
    run(one, "talked")
    run(two, "talked")
    one.evaluate("wire.extended('ut_chat', bytes(1_000_000, 5))")
    same = """async () => {
      while (said.at(-1)[0] !== 'event' || said.at(-2)[1].length < 100_000) {
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      return said.at(-2)[1] === text(bytes(1_000_000, 5))
    }"""
    assert two.evaluate(same)
