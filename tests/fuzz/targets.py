"""What is fuzzed: one function for each parser that meets a stranger's bytes.

A target takes any bytes. It returns, or raises whatever must never be raised: only the typed errors that a
parser promises are caught here. Where there is a second way to the same answer, the two are compared.
"""

import random
from collections.abc import Callable

from fuzz.seeds import HASH, JSON_KEYS, JSON_VALUES, PEER
from fuzz.talks import fuzz_torrent_talk
from torrentide.discovery import signalling
from torrentide.discovery.blocklist import parse_blocklist
from torrentide.discovery.sdp import MAX_CANDIDATES, usable
from torrentide.discovery.tracker import tracker_url
from torrentide.errors import InvalidTorrent, LocalError, PeerError, TrackerError, UnsupportedError
from torrentide.metainfo import bencode
from torrentide.metainfo.info import parse_info
from torrentide.metainfo.magnet import parse_info_hash, parse_magnet
from torrentide.metainfo.metainfo import parse_metainfo
from torrentide.metainfo.names import safe_path
from torrentide.tracker.swarm import Tracker
from torrentide.wire import messages
from torrentide.wire.clients import client_name
from torrentide.wire.connection import Connection
from torrentide.wire.extensions.handshake import parse_extended_handshake
from torrentide.wire.extensions.metadata import parse_metadata_message
from torrentide.wire.extensions.registry import Extensions
from torrentide.wire.handshake import HANDSHAKE_LENGTH, Handshake

# Messages of an input, and members of each: some of the values are long.
MAX_MESSAGES, MAX_MEMBERS = 10, 12


def text_of(data: bytes) -> str:
    """Any text, half surrogate pairs among it, as a page may hand it over."""
    return data.decode(errors="surrogateescape")


def composed(data: bytes) -> str:
    """A JSON object out of the grammar's words: each two bytes name a key and its value. json.loads is no
    Python, so a fuzzer that steers by coverage would hardly ever find one."""
    keys, values = JSON_KEYS, JSON_VALUES
    members = (
        f"{keys[data[place] % len(keys)]}:{values[data[place + 1] % len(values)]}"
        for place in range(0, min(len(data) - 1, 2 * MAX_MEMBERS), 2)
    )
    return "{" + ",".join(members) + "}"


def fuzz_bencode(data: bytes) -> None:
    """Decoding, the end of a value, the raw values of a dictionary; what decodes survives encoding."""
    try:
        value = bencode.decode(data)
    except InvalidTorrent:
        value = None
    else:
        again = bencode.decode(bencode.encode(value))
        assert again == value, "decode(encode(x)) is not x"
    try:
        prefix, end = bencode.decode_prefix(data)
        assert 0 < end <= len(data), "the end of a value is outside"
        assert value is None or prefix == value, "two readings of a value"
    except InvalidTorrent:
        assert value is None, "a whole document has no beginning"
    try:
        bencode.raw_items(data)
    except InvalidTorrent:
        pass


def fuzz_torrent(data: bytes) -> None:
    """A .torrent file; what was read is written and read to the same."""
    try:
        metainfo = parse_metainfo(data)
    except (InvalidTorrent, UnsupportedError):
        return
    again = parse_metainfo(metainfo.to_bytes())
    assert again.info.info_hash == metainfo.info.info_hash, "an export has another info-hash"
    assert again == metainfo, "an export says something else"


def fuzz_info(data: bytes) -> None:
    """The info dict, as it comes from a stranger by ut_metadata; the arithmetic of what was taken holds."""
    try:
        info = parse_info(data)
    except (InvalidTorrent, UnsupportedError):
        return
    last = info.piece_count - 1
    assert last * info.piece_length + info.piece_size(last) == info.length, "pieces do not add up"
    padding = sum(length for _, length in info.pads)
    assert sum(file.length for file in info.files) + padding == info.length, "files do not add up"
    for file in info.files[:20]:
        assert all(part not in ("", ".", "..") and "/" not in part for part in file.path), "an unsafe path"
        assert all(0 <= index <= last for index in info.pieces_of(file)[:3]), "a file outside the torrent"


def fuzz_names(data: bytes) -> None:
    """File names, one segment a line."""
    try:
        path = safe_path([part.decode(errors="replace") for part in data.split(b"\n")])
    except InvalidTorrent:
        return
    for part in path:
        assert part not in ("", ".", ".."), "a segment that walks"
        assert not set(part) & {"/", "\\", "\0"}, "a segment with a separator"


def fuzz_magnet(data: bytes) -> None:
    """Magnet links, info-hashes and tracker URLs."""
    text = text_of(data)
    parse_info_hash(text)
    try:
        tracker_url(text)
    except UnsupportedError:
        pass
    try:
        magnet = parse_magnet(text)
    except (InvalidTorrent, UnsupportedError):
        return
    again = parse_magnet(str(magnet))
    assert again.info_hash == magnet.info_hash, "a link written anew has another info-hash"
    if not any("\ud800" <= char <= "\udfff" for char in text):
        # Half a surrogate pair, which no link can hold, becomes a question mark.
        assert again.trackers == magnet.trackers, "a link written anew has other trackers"


def fuzz_signalling(data: bytes) -> None:
    """What a tracker says to a client: the input itself, and a message put together as it says."""
    for text in (text_of(data), composed(data)):
        try:
            found = signalling.parse(text)
        except TrackerError:
            continue
        for message in found:
            assert message.info_hash is None or len(message.info_hash) == 20


def fuzz_sdp(data: bytes) -> None:
    """A description: what is used of it is whole, bounded, and used again as it is."""
    result = usable(text_of(data), lambda address: address.endswith("1"))
    if result is not None:
        result.encode()
        assert result.count("m=") >= 1
        assert sum(line.startswith("a=candidate:") for line in result.split("\r\n")) <= MAX_CANDIDATES
        assert usable(result, lambda address: False) == result, "two readings of a description"


def fuzz_blocklist(data: bytes) -> None:
    """A block list, plain or packed."""
    try:
        found = parse_blocklist(data)
    except LocalError:
        return
    assert len(found) <= len(data) or data[:2] == b"\x1f\x8b", "more ranges than bytes"
    found.blocks("1.2.3.4")
    found.blocks(text_of(data[:50]))


def fuzz_clients(data: bytes) -> None:
    """A peer id: its name is short and printable."""
    text = str(client_name(data[:20]))
    assert text.isprintable(), "a name with control characters"
    assert len(text) < 60, "a name that is too long"


def fuzz_tracker(data: bytes) -> None:
    """What clients say to a tracker on two connections, a message a line: raw, or put together. It raises
    nothing."""
    tracker = Tracker(random.Random(1))
    for number, part in enumerate(data.split(b"\n")[:MAX_MESSAGES]):
        text: str | bytes = part if part[:1] == b"{" else composed(part)
        for target, reply in tracker.receive(number % 2, text, float(number)):
            assert target in (0, 1), "a message for nobody"
            reply.encode(errors="surrogateescape")
    tracker.closed(0, 100.0)
    tracker.closed(1, 100.0)
    assert tracker.stats()["torrents"] == 0, "a torrent without peers is kept"


def fuzz_wire(data: bytes) -> None:
    """A peer's bytes, whole and in chunks that the first bytes name: both give the same."""
    chunks, stream = data[:8], data[8:]
    whole = _receive(Connection(), [stream])
    if len(stream) < HANDSHAKE_LENGTH:
        # Of a false beginning in small chunks nothing may be said until the handshake should be whole.
        return
    lengths = [length % 40 for length in chunks if length] or [1]
    parts: list[bytes] = []
    start = 0
    while start < len(stream):
        length = lengths[len(parts) % len(lengths)] or 1
        parts.append(stream[start : start + length])
        start += length
    assert _receive(Connection(), parts) == whole, "chunks make another message"


def fuzz_messages(data: bytes) -> None:
    """Messages behind a true handshake: the input is their bodies, the lengths are put right."""
    connection = Connection()
    greeting = Handshake(HASH, PEER).to_bytes()
    bodies = data.split(b"\n\n")
    _receive(connection, [greeting, *(len(body).to_bytes(4, "big") + body for body in bodies)])


def fuzz_extended(data: bytes) -> None:
    """Extended handshakes, of which the second corrects the first."""
    first, _, second = data.partition(b"\n")
    extensions = Extensions()
    for payload in (first, second):
        try:
            handshake = extensions.receive_handshake(payload)
        except PeerError:
            continue
        assert len(handshake.ids) <= 64, "a handshake grows"
        assert all(0 < number < 256 for number in handshake.ids.values())
        extensions.message("ut_metadata", b"")
        parse_extended_handshake(handshake.to_bytes())


def fuzz_metadata(data: bytes) -> None:
    """ut_metadata messages; what was read is written and read to the same."""
    try:
        message = parse_metadata_message(data)
    except PeerError:
        return
    if message is not None:
        assert parse_metadata_message(message.to_bytes()) == message, "two readings of a message"


def _receive(connection: Connection, parts: list[bytes]) -> list[object]:
    """All that a connection makes of chunks, with the error that ends it, comparable."""
    events: list[object] = []
    try:
        for part in parts:
            for event in connection.receive(part):
                if isinstance(event, messages.Piece):
                    events.append((event.index, event.begin, bytes(event.data)))
                else:
                    events.append(event)
    except PeerError as error:
        # The whole at once fails before it gives what came before the fault; so nothing is compared then.
        return [type(error)]
    return events


TARGETS: dict[str, Callable[[bytes], None]] = {
    "bencode": fuzz_bencode,
    "torrent": fuzz_torrent,
    "info": fuzz_info,
    "names": fuzz_names,
    "magnet": fuzz_magnet,
    "signalling": fuzz_signalling,
    "sdp": fuzz_sdp,
    "blocklist": fuzz_blocklist,
    "clients": fuzz_clients,
    "tracker": fuzz_tracker,
    "wire": fuzz_wire,
    "messages": fuzz_messages,
    "extended": fuzz_extended,
    "metadata": fuzz_metadata,
    "talk": fuzz_torrent_talk,
}
