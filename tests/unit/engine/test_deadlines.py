"""What is asked for the sake of readers, and what is taken back."""

from torrentide.engine.deadlines import READING_QUEUE
from torrentide.engine.late import Usual
from torrentide.wire import messages
from unit.engine.remote import B, Fixture, Remote


def asked(remote: Remote) -> list[int]:
    """The pieces of the requests since the last call, each once, in order."""
    return list(dict.fromkeys(message.index for message in remote.requests()))


def test_what_a_reader_comes_to_is_asked_for_at_once_and_in_order() -> None:
    it = Fixture(pieces=40)
    remote = it.seed()
    remote.heard()
    it.torrent.open_reader(30 * 2 * B, 33 * 2 * B, it.now)
    assert asked(remote)[:3] == [30, 31, 32]


def test_a_seek_takes_back_what_stands_before_it() -> None:
    it = Fixture(pieces=200)
    remote = it.seed()
    remote.peer.queue = 100
    first = it.torrent.open_reader(0, 400 * B, it.now)
    it.torrent.close_reader(first, it.now)
    remote.heard()
    it.torrent.open_reader(300 * B, 310 * B, it.now)
    heard = remote.heard()
    cancelled = [message for message in heard if isinstance(message, messages.Cancel)]
    requests = [message.index for message in heard if isinstance(message, messages.Request)]
    assert cancelled
    assert requests[0] == 150
    assert all(message.index not in range(150, 155) for message in cancelled)


def test_while_somebody_reads_a_peer_has_few_requests() -> None:
    it = Fixture(pieces=200)
    reader = it.torrent.open_reader(0, 4 * B, it.now)
    it.torrent.pace_reader(reader, 1.0, 60.0, it.now)
    remote = it.seed()
    remote.peer.queue = 100
    remote.say(messages.UNCHOKE)
    assert len(remote.peer.requests) == READING_QUEUE
    it.torrent.close_reader(reader, it.now)
    remote.say(messages.UNCHOKE)
    assert len(remote.peer.requests) == 100


def test_a_block_of_a_peer_that_fell_quiet_is_asked_of_another() -> None:
    it = Fixture(pieces=40)
    quiet, other = it.seed(), it.seed()
    it.torrent.open_reader(0, 10 * 2 * B, it.now)
    before = {(message.index, message.begin) for message in quiet.requests()}
    assert before
    for _ in range(200):
        it.run(0.1)
        other.give()
    picker = it.torrent.picker
    assert picker is not None
    assert all(index in picker.have for index, _ in before)


def test_what_is_not_needed_yet_becomes_urgent_with_time() -> None:
    it = Fixture(pieces=400)
    remote = it.seed()
    reader = it.torrent.open_reader(100 * 2 * B, 400 * 2 * B, it.now)
    it.torrent.pace_reader(reader, 2.0 * B, 30.0, it.now)
    picker = it.torrent.picker
    assert picker is not None
    assert not picker.wanted.urgent
    remote.heard()
    for _ in range(290):
        it.run(0.1)
    assert picker.wanted.urgent[0] == 100


def test_the_usual_follows_what_happens() -> None:
    usual = Usual(2.0)
    for _ in range(100):
        usual.add(1.0)
    assert abs(usual.mean - 1.0) < 0.01
    assert usual.deviation < 0.05
