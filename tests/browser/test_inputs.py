"""Whatever a page may seed: each kind of input gives the info-hash that its names and bytes have."""

from typing import Any

import pytest

from browser.conftest import NewPage
from browser.support import create
from torrentide.metainfo import bencode
from torrentide.metainfo.create import Options

MIB = 1024 * 1024

# `fill` makes bytes of one value, `at` puts a file into a folder, `tree` makes a folder in the browser
SEED = """async ([make, options]) => {
  const fill = (size, value) => new Uint8Array(size).fill(value)
  const at = (name, path, file) => Object.defineProperty(file, name, { value: path })
  const tree = async (name, files) => {
    const top = await (await navigator.storage.getDirectory()).getDirectoryHandle(name, { create: true })
    for (const [path, bytes] of Object.entries(files)) {
      const names = path.split('/'), last = names.pop()
      let folder = top
      for (const each of names) folder = await folder.getDirectoryHandle(each, { create: true })
      const file = await (await folder.getFileHandle(last, { create: true })).createWritable()
      await file.write(bytes)
      await file.close()
    }
    return top
  }
  const torrent = client([]).seed(await eval(`(async () => (${make}))()`), { announce: [], ...options })
  return new Promise((resolve) => {
    torrent.on('seed', () => resolve(torrent.infoHash))
    torrent.on('error', ({ code, message }) => resolve({ code, message }))
  })
}"""


def info_hash(files: list[tuple[str, bytes]], **options: Any) -> str:
    """Of files with those paths and bytes."""
    return create(files, Options(**options)).info.info_hash.hex()


NAMED = {"name": "name"}
# create-torrent's names for our options.
OURS = {"filterJunkFiles": "filter_junk", "maxPieceLength": "max_piece_length", "pieceLength": "piece_length"}
A, B, C = b"\1" * 100, b"\2" * 200, b"\3" * 300
CASES: list[tuple[str, dict[str, Any], list[tuple[str, bytes]]]] = [
    ("new File([fill(100, 1)], 'a.bin')", {}, [("a.bin", A)]),
    ("new File([fill(100, 1)], 'a.bin')", {"private": False, "pieceLength": 64}, [("a.bin", A)]),
    ("new File([fill(100, 1)], 'a.bin')", {"info": {"source": "S", "x": [1, "é"]}}, [("a.bin", A)]),
    ("fill(2 ** 25, 1)", {**NAMED, "maxPieceLength": 20_000}, [("", b"\1" * 2**25)]),
    ("new Blob([fill(100, 1)])", NAMED, [("", A)]),
    ("fill(100, 1)", NAMED, [("", A)]),
    ("fill(100, 1).buffer", NAMED, [("", A)]),
    ("fill(999, 1).subarray(5, 105)", NAMED, [("", A)]),
    ("new Uint16Array(fill(100, 1).buffer)", NAMED, [("", A)]),
    ("new DataView(fill(150, 1).buffer, 50)", NAMED, [("", A)]),
    ("Object.assign(fill(100, 1), { name: 'a.bin' })", {}, [("a.bin", A)]),
    ("Object.assign(fill(100, 1).buffer, { fullPath: '/x/a.bin' })", {}, [("a.bin", A)]),
    ("new Response(fill(20 * 2 ** 20, 7)).body", NAMED, [("", b"\7" * 20 * MIB)]),
    ("Object.assign(new Blob([fill(100, 1)]).stream(), { name: 'a.bin' })", {}, [("a.bin", A)]),
    (
        "(async function* () { yield fill(100, 1); yield new Blob([fill(200, 2)]);"
        " yield fill(300, 3).buffer })()",
        NAMED,
        [("", A + B + C)],
    ),
    (
        "({ name: 'a.bin', async *[Symbol.asyncIterator]() { const part = fill(1, 1);"
        " for (let i = 0; i < 100; i++) yield part; part.fill(9) } })",
        {},
        [("a.bin", A)],
    ),
    (
        "[new File([fill(100, 1)], 'a.bin'), fill(200, 2), new Blob([fill(300, 3)]).stream()]",
        {},
        [("a.bin", A), ("", B), ("", C)],
    ),
    (
        "[at('webkitRelativePath', 'top/a', new File([fill(100, 1)], 'a')),"
        " at('webkitRelativePath', 'top/sub/b', new File([fill(200, 2)], 'b')),"
        " at('webkitRelativePath', 'top/Thumbs.db', new File([fill(300, 3)], 'Thumbs.db'))]",
        {},
        [("top/a", A), ("top/sub/b", B)],
    ),
    (
        "[at('fullPath', '/x/a', at('webkitRelativePath', 'y/a', new File([fill(100, 1)], 'a'))),"
        " at('fullPath', '/x/.DS_Store', new File([fill(300, 3)], '.DS_Store'))]",
        {"filterJunkFiles": False},
        [("x/a", A), ("x/.DS_Store", C)],
    ),
    ("[new File([fill(100, 1)], 'a'), new File([fill(200, 2)], 'a')]", {}, [("a", A), ("a", B)]),
    (
        "(() => { const list = new DataTransfer(); list.items.add(new File([fill(100, 1)], 'a'));"
        " list.items.add(new File([fill(200, 2)], 'b')); return list.files })()",
        {},
        [("a", A), ("b", B)],
    ),
    ("[new File([fill(100, 1)], 'half \\ud800')]", {}, [("half \ufffd", A)]),
    (
        "await tree('one', { b: fill(200, 2), 'a/c': fill(300, 3), 'desktop.ini': fill(9, 9),"
        " 'a/b': fill(100, 1) })",
        {},
        [("one/a/b", A), ("one/a/c", C), ("one/b", B)],
    ),
    ("[await tree('two', { x: fill(100, 1) }), fill(200, 2)]", {}, [("two/x", A), ("", B)]),
    ("await (await tree('three', { x: fill(100, 1) })).getFileHandle('x')", {}, [("x", A)]),
]  # fmt: skip


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_every_kind_of_input(new_page: NewPage, browser: str) -> None:
    page = new_page(browser)
    for make, options, files in CASES:
        ours = {OURS.get(name, name): value for name, value in options.items()}
        assert page.evaluate(SEED, [make, options]) == info_hash(files, **ours), make


REFUSED = [
    ("'some text'", {}, "ERR_INVALID_TORRENT", 'the string "some text". Text must be wrapped in a Blob'),
    ("[fill(1, 1), 'text']", {}, "ERR_INVALID_TORRENT", 'the string "text"'),
    ("[[fill(1, 1)]]", {}, "ERR_INVALID_TORRENT", "[object Array]"),
    ("[Promise.resolve()]", {}, "ERR_INVALID_TORRENT", "[object Promise]"),
    ("({ length: 1, name: 'a' })", {}, "ERR_INVALID_TORRENT", "[object Object]"),
    ("(async function* () { yield 'text' })()", {}, "ERR_INVALID_TORRENT", "it gave a string"),
    (
        "new ReadableStream({ start: (stream) => stream.enqueue(7) })",
        {},
        "ERR_INVALID_TORRENT",
        "[object Number]",
    ),
    ("(async function* () { throw new Error('lost') })()", {}, "ERR_STORAGE", "to its end: lost"),
    ("new ReadableStream({ start: (stream) => stream.error(new Error('lost')) })", {}, "ERR_STORAGE", "lost"),
    (
        "(() => { const it = new Blob(['x']).stream(); it.getReader(); return it })()",
        {},
        "ERR_STORAGE",
        "lock",
    ),
    ("(async function* () {})()", NAMED, "ERR_INVALID_TORRENT", '"name" is empty'),
    ("await tree('bare', {})", {}, "ERR_INVALID_TORRENT", "the list of files is empty"),
    ("fill(1, 1)", {"pieceLength": 1.5}, "ERR_INVALID_OPTION", "pieceLength must be a whole number, not 1.5"),
    ("fill(1, 1)", {"private": "no"}, "ERR_INVALID_OPTION", "private must be a whole number, not NaN"),
    ("fill(1, 1)", {"pieceLength": 2**40}, "ERR_INVALID_TORRENT", "pieceLength must be from 1 to"),
    ("fill(1, 1)", {"info": {"source": 1.5}}, "ERR_INVALID_TORRENT", "the option info holds"),
]


def test_what_can_not_be_seeded_is_refused_with_a_reason(new_page: NewPage) -> None:
    page = new_page()
    for make, options, code, words in REFUSED:
        outcome = page.evaluate(SEED, [make, options])
        assert isinstance(outcome, dict), make
        assert outcome["code"] == code, (make, outcome)
        assert words in outcome["message"], (make, outcome)


def test_an_input_may_be_cleared_at_once(new_page: NewPage) -> None:
    """A page that empties its file input, or uses its buffer again, seeds what was there at the call."""
    page = new_page()
    seeded = page.evaluate(
        """async () => {
          const input = document.createElement('input')
          input.type = 'file'
          const list = new DataTransfer()
          list.items.add(new File([new Uint8Array(100).fill(1)], 'a'))
          input.files = list.files
          const buffer = new Uint8Array(200).fill(2)
          const torrents = [input.files, buffer].map((it) => client([]).seed(it, { name: 'name' }))
          input.value = ''
          buffer.fill(9)
          await Promise.all(torrents.map((torrent) => event(torrent, 'seed')))
          return torrents.map((torrent) => torrent.infoHash)
        }"""
    )
    assert seeded == [info_hash([("a", A)], **NAMED), info_hash([("", B)], **NAMED)]


def test_a_destroyed_torrent_stops_its_stream(new_page: NewPage) -> None:
    """A stream that waits for ever, and two that flow for ever."""
    ended = new_page().evaluate(
        """() => {
          const stream = (pull) => (cancel) => new ReadableStream({ pull, cancel: () => cancel('cancelled') })
          const generator = (cancel) => (async function* () {
            try { while (true) yield new Uint8Array(1000) } finally { cancel('returned') }
          })()
          const sources = [
            stream(() => new Promise(() => {})), stream((it) => it.enqueue(new Uint8Array(1000))), generator,
          ]
          return Promise.all(sources.map((make) => new Promise((resolve) => {
            const torrent = client([]).seed(make(resolve))
            setTimeout(() => torrent.destroy(), 100)
          })))
        }"""
    )
    assert ended == ["cancelled", "cancelled", "returned"]


def test_what_came_in_goes_out(new_page: NewPage) -> None:
    """Hints of a magnet link, unknown keys of a .torrent file, its padding: a page sees no file of that."""
    uri = f"magnet:?xt=urn:btih:{'ab' * 20}&dn=a%20name&x.pe=1.2.3.4:5&so=1-2&kt=a+b"
    info = {
        "name": "top",
        "piece length": 16384,
        "pieces": bytes(20),
        "files": [{"path": ["a"], "length": 9}, {"path": ["p"], "length": 7, "attr": "p"}],
        "odd": [],
    }
    torrent = bencode.encode({"info": info, "odd": {"a": 1}, "piece layers": {}})
    told = new_page().evaluate(
        """async ([uri, torrent]) => {
          const magnet = client([]).add(uri), file = client([]).add(new Uint8Array(torrent))
          await Promise.all([event(magnet, 'infoHash'), event(file, 'ready')])
          const paths = file.files.map(({ path }) => path)
          return [magnet.magnetURI, Array.from(file.torrentFile), paths, file.length]
        }""",
        [uri, list(torrent)],
    )
    assert told == [uri, list(torrent), ["top/a"], 16]
