"""Honest inputs for each target, which a fuzzer damages, and the words of its grammar, which it puts in."""

import gzip
import json

from descriptions import describe
from torrentide.discovery import signalling
from torrentide.metainfo import bencode
from torrentide.wire.handshake import Handshake

HASH, PEER, OFFER = b"\x01\x80\xffinfo-hash of 20 b", b"-TD0100-peer of 20 b", b"offer id of 20 bytes"

_FILES = [
    {"length": 20_000, "path": ["b"], "path.utf-8": ["b"], "attr": "x"},
    {"length": 12_768, "path": [".pad", "12768"], "attr": "p"},
    {"length": 0, "path": ["c", "d.txt"]},
]
INFO = {
    "name": "a",
    "piece length": 16384,
    "pieces": b"\x55" * 40,
    "files": _FILES,
    "private": 1,
    "source": "s",
}
SINGLE = {"name": "a.txt", "piece length": 16384, "pieces": b"\x55" * 20, "length": 5}
TORRENT = {
    "announce": "wss://a.test",
    "announce-list": [["wss://a.test", "ws://b.test/announce"], ["udp://c.test"]],
    "url-list": ["https://w.test/"],
    "httpseeds": ["https://h.test/"],
    "nodes": [["127.0.0.1", 6881]],
    "comment": "c",
    "created by": "d",
    "creation date": 1,
    "info": INFO,
}

_ANNOUNCE = signalling.announce(
    HASH, PEER, uploaded=0, downloaded=1, left=2, event="started", offers=[signalling.Offer(OFFER, "v=0")]
).encode()
_ANSWER = signalling.answer(HASH, PEER[::-1], PEER, OFFER, "v=0", 1).encode()
_HASH_TEXT = HASH.decode("latin-1").encode()
_SCRAPE = b'{"action":"scrape","info_hash":["%s"]}' % _HASH_TEXT
_REPLY = b'{"action":"announce","info_hash":"%s","interval":120,"complete":1,"incomplete":2}' % _HASH_TEXT
_OFFERED = (
    b'{"action":"announce","info_hash":"%s","peer_id":"%s","offer_id":"%s",'
    b'"offer":{"type":"offer","sdp":"v=0"}}' % (_HASH_TEXT, PEER, OFFER)
)

_BODIES = (
    b"\0", b"\1", b"\2", b"\3", b"\4\0\0\0\1", b"\5\xf0", b"\6" + bytes(8) + b"\0\0\x40\0",
    b"\7" + bytes(8) + b"data", b"\x08" + bytes(8) + b"\0\0\x40\0", b"\x09\x1a\xe1", b"\x0d\0\0\0\1", b"\x0e",
    b"\x0f", b"\x10" + bytes(8) + b"\0\0\x40\0", b"\x11\0\0\0\1", b"\x14\0d1:mdee", b"\x14\1", b"",
)  # fmt: skip
_MESSAGES = tuple(len(body).to_bytes(4, "big") + body for body in _BODIES)

_EXTENDED = bencode.encode(
    {
        "m": {"ut_metadata": 2, "ut_pex": 1},
        "v": "Client 1.0",
        "reqq": 250,
        "metadata_size": 1000,
        "upload_only": 1,
    }
)
_MAGNET = b"magnet:?xt=urn:btih:" + b"ab" * 20


def _keys(names: str) -> tuple[bytes, ...]:
    return tuple(b"%d:%s" % (len(name), name.encode()) for name in names.split("|"))


SEEDS: dict[str, tuple[bytes, ...]] = {
    "bencode": (bencode.encode(TORRENT), b"i-1e", b"ld1:ai0eee"),
    "torrent": (bencode.encode(TORRENT), bencode.encode({"info": SINGLE})),
    "info": (bencode.encode(INFO), bencode.encode(SINGLE)),
    "names": (b"a\nb.txt", "..\n./con.txt\n\u202eexe".encode()),
    "magnet": (
        _MAGNET + b"&dn=a+b&tr=wss%3A%2F%2Fa.test&tr.1=ws://b.test&ws=https://w.test/?a=b&so=0,2-4&x.pe=a.test:1",
        b"magnet:?xt=urn:btih:" + b"A2" * 16 + b"&xt=urn:btmh:1220" + b"ab" * 32,
        b"wss://a.test:443/announce",
    ),
    "signalling": (_REPLY, _OFFERED, _OFFERED.replace(b'offer"', b'answer"'), b'{"failure reason":"no"}'),
    "sdp": (describe(1).encode(), describe(2, "10.0.0.2", "2001:db8::1", "a.local", "fe80::2%e").encode()),
    "blocklist": (
        b"a:1.2.3.4-1.2.3.9\n1.0.0.0/8\n::1\nfe80::1-fe80::9 # x\n",
        gzip.compress(b"1.2.3.4\n", mtime=0),
    ),
    "clients": (b"-WW0300-abcdefghijkl", b"S58B-----abcdefghijk", b"M7-10-3-abcdefgh", b"exbc\0\x38LORDabc"),
    "tracker": (_ANNOUNCE + b"\n" + _ANNOUNCE.replace(PEER, PEER[::-1]) + b"\n" + _ANSWER, _SCRAPE),
    "wire": (b"\x07\x11\x01\0\0\0\0\0" + Handshake(HASH, PEER).to_bytes() + b"".join(_MESSAGES),),
    "messages": (b"\n\n".join(_BODIES),),
    "extended": (_EXTENDED + b"\nd1:md11:ut_metadatai0eee",),
    "metadata": (
        b"d8:msg_typei0e5:piecei0ee",
        b"d8:msg_typei1e5:piecei0e10:total_sizei4eedata",
        b"d8:msg_typei2e5:piecei0ee",
    ),
    # A role, then steps: greet, have all and unchoke, interested, time, blocks, requests.
    "talk": (
        b"\1\0\6\xfa" + b"".join(b"\x28%c%c\0\0\xfa" % (block // 2, block % 2) for block in range(6)),
        b"\2\0\6\xfb" + b"\x2c\1\0\0" + b"\xfb" + b"\x28\0\0\0\0\x28\0\1\0\0",
        b"\0\0\x0e\xfa\x16\0\0\0\x16\1\1\0\x18\1\1\0\xfc",
    ),
}  # fmt: skip

_BENCODE = (
    b"d",
    b"l",
    b"e",
    b"i0e",
    b"i-1e",
    b"0:",
    b"i9223372036854775807e",
    b"99999999999:",
    b"i-0e",
    b"01:a",
)
_INFO = _BENCODE + _keys(
    "name|name.utf-8|path|path.utf-8|length|files|pieces|piece length|private|meta version|file tree|attr"
    "|source|pieces root|piece layers|..|.|con|symlink path|sha1|md5sum"
)
_JSON_WORDS = (
    b"action announce scrape info_hash peer_id to_peer_id offer_id offer answer offers type sdp event "
    b"started stopped completed left interval complete incomplete numwant files flags trackerid paused update"
)
_JSON = (
    *(b'"%s"' % key for key in _JSON_WORDS.split()),
    *(_HASH_TEXT, PEER, OFFER, b'"failure reason"', b'"warning message"'),
    *(b"1e999", b"-0", b"null", b"true", b"\\ud800", b"\xed\xa0\x80", b"[", b"{", b'{"":', b"NaN"),
)
JSON_KEYS = [*(f'"{key.decode()}"' for key in _JSON_WORDS.split()), '"failure reason"', '"tracker id"']
_TEXTS = [
    HASH.decode("latin-1"),
    PEER.decode(),
    PEER[::-1].decode(),
    OFFER.decode(),
    "\u0100" * 20,
    "\ud800",
    "",
]
_NAMES = ["announce", "scrape", "started", "stopped", "completed", "paused"]
_SDPS = [
    {"type": kind, "sdp": sdp}
    for kind in ("offer", "answer", 1)
    for sdp in ("v=0", "", "\ud800", "x" * 20_000, 1, None)
]
JSON_VALUES = [
    *(json.dumps(text) for text in _TEXTS + _NAMES),
    *(json.dumps(sdp) for sdp in _SDPS),
    *(json.dumps([{"offer_id": _TEXTS[3], "offer": sdp}] * 12) for sdp in _SDPS),
    *(json.dumps(_TEXTS[:count]) for count in (0, 1, 4)),
    *("0", "-1", "1", "120", "1e999", "-0.0", "1e-9", "9" * 30, "9" * 5000),
    *("true", "null", "[]", "{}", "[[]]", "NaN"),
]
_LINK = (
    b"magnet:?|stream-magnet:?|xt=|urn:btih:|urn:btmh:1220|&tr=|&tr.1=|&ws=|&so=0-2|&x.pe=|%ff|&xs=|&kt=|%25"
)

WORDS: dict[str, tuple[bytes, ...]] = {
    "bencode": (*_BENCODE, b"4:info"),
    "torrent": (
        *_INFO,
        *_keys("info|announce|announce-list|url-list|httpseeds|nodes|creation date|comment|created by"),
    ),
    "info": _INFO,
    "names": (b"..", b".", b"/", b"\\", b"nul", b"com1.txt", b"\xe2\x80\xae", b"\xf0\x9f\x92\xa9"),
    "magnet": tuple(_LINK.split(b"|")),
    "signalling": _JSON,
    "sdp": (
        *(b"\r\n", b"v=0", b"m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n", b"m=audio"),
        *(b"a=candidate:", b"1 1 udp 1 ", b" 1 typ host", b"10.0.0.1", b"::1", b".local"),
    ),
    "blocklist": (b"1.2.3.4", b"-", b"/8", b"::", b":", b"#", b"\n", b"\x1f\x8b", b"255.255.255.255"),
    "clients": (b"-UT", b"-TR", b"-BC", b"---", b"M4-3-6-", b"exbc", b"XBT", b"OP", b"LORD"),
    "tracker": _JSON,
    "wire": (*_MESSAGES, b"\x13BitTorrent protocol", b"\0\x10\0\0", b"\xff\xff\xff\xff"),
    "messages": (*filter(None, _BODIES), b"\n\n"),
    "extended": (*_BENCODE, *_keys("m|v|reqq|metadata_size|ut_metadata|upload_only|lt_donthave|yourip|p")),
    "metadata": (*_BENCODE, *_keys("msg_type|piece|total_size")),
    "talk": (b"\0", b"\1", b"\6", b"\7", b"\x0e", b"\x28\0\0\0\0", b"\xfa", b"\xfd", b"\xf8", b"\xf4"),
}  # fmt: skip
