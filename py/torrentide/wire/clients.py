"""Peer ids, read into the client's name and version.

Owns the conventions of BEP 20 and the codes in use. What a peer says of itself is a claim: it is for people
to read, and nothing is decided by it. Whatever the bytes are, the text is short and printable.
"""

import re
from typing import NamedTuple


class ClientName(NamedTuple):
    """Which program a peer says it is. Both are empty where it does not say; `version` alone may be."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()


UNKNOWN = ClientName("", "")

# BEP 20's list, and what has come since. Codes are case-sensitive.
_AZUREUS = {
    "7T": "aTorrent", "AG": "Ares", "AR": "Arctic", "AT": "Artemis", "AV": "Avicora", "AX": "BitPump",
    "AZ": "Vuze", "A~": "Ares", "BB": "BitBuddy", "BC": "BitComet", "BE": "baretorrent", "BF": "Bitflu",
    "BG": "BTG", "BI": "BiglyBT", "BL": "BitLord", "BR": "BitRocket", "BS": "BTSlave", "BT": "BitTorrent",
    "BX": "Bittorrent X", "CD": "Enhanced CTorrent", "CT": "CTorrent", "DE": "Deluge",
    "DP": "Propagate Data Client", "EB": "EBit", "ES": "electric sheep", "FC": "FileCroc",
    "FD": "Free Download Manager", "FL": "Flud", "FX": "Freebox BitTorrent", "FT": "FoxTorrent",
    "GR": "GetRight", "GS": "GSTorrent", "GT": "anacrolix/torrent", "HL": "Halite", "HN": "Hydranode",
    "IL": "iLivid", "KG": "KGet", "KT": "KTorrent", "LC": "LeechCraft", "LH": "LH-ABC", "LP": "Lphant",
    "LT": "libtorrent", "LW": "LimeWire", "MG": "MediaGet", "MO": "MonoTorrent", "MP": "MooPolice",
    "MR": "Miro", "MT": "MoonlightTorrent", "NX": "Net Transport", "OS": "OneSwarm", "OT": "OmegaTorrent",
    "PC": "CacheLogic", "PD": "Pando", "PI": "PicoTorrent", "PT": "PHPTracker", "QD": "QQDownload",
    "QT": "Qt 4 Torrent", "RT": "Retriever", "SB": "Swiftbit", "SD": "Thunder", "SM": "SoMud",
    "SP": "BitSpirit", "SS": "SwarmScope", "ST": "SymTorrent", "SZ": "Shareaza", "S~": "Shareaza",
    "TB": "Torch", "TD": "Torrentide", "TL": "Tribler", "TN": "TorrentDotNET", "TR": "Transmission",
    "TS": "TorrentStorm", "TT": "TuoTu", "TX": "Tixati", "UE": "µTorrent Embedded", "UL": "uLeecher!",
    "UM": "µTorrent for Mac", "UT": "µTorrent", "UW": "µTorrent Web", "VG": "Vagaa",
    "WD": "WebTorrent Desktop", "WT": "BitLet", "WW": "WebTorrent", "WY": "FireTorrent", "XC": "Xtorrent",
    "XF": "Xfplay", "XL": "Xunlei", "XT": "XanTorrent", "XX": "Xtorrent", "ZT": "ZipTorrent",
    "bk": "BitKitten", "lt": "rTorrent", "pX": "pHoeniX", "qB": "qBittorrent", "rQ": "rqbit",
    "st": "sharktorrent",
}  # fmt: skip
_SHADOW = {
    "A": "ABC", "O": "Osprey Permaseed", "Q": "BTQueue", "R": "Tribler", "S": "Shadow's client",
    "T": "BitTornado", "U": "UPnP NAT Bit Torrent",
}  # fmt: skip

# Each character of a version is a number (BEP 20: 0 to 63 in Shadow's style; Azureus's use the first 36).
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz."

_AZUREUS_ID = re.compile(r"-([A-Za-z0-9][A-Za-z0-9~])([0-9A-Za-z]{4})-")
_SHADOW_ID = re.compile(r"([A-Z])(?=[0-9A-Za-z.-]{5}---)([0-9A-Za-z.]{1,5})")
_MAINLINE_ID = re.compile(r"M(\d{1,2}-\d{1,2}-\d{1,2})-")
_XBT_ID = re.compile(r"XBT(\d)(\d)(\d)")
_OPERA_ID = re.compile(r"OP(\d{4})")


def client_name(peer_id: bytes) -> ClientName:
    """The program that a peer id (20 bytes) names; UNKNOWN where it names none."""
    text = peer_id.decode("latin-1")
    if match := _AZUREUS_ID.match(text):
        code, version = match.groups()
        # A code that nobody listed is better than nothing.
        return ClientName(_AZUREUS.get(code, code), _azureus_version(code, version))
    if match := _MAINLINE_ID.match(text):
        return ClientName("BitTorrent", match[1].replace("-", "."))
    if text.startswith("exbc"):
        return _bitcomet(peer_id)
    if match := _XBT_ID.match(text):
        return ClientName("XBT Client", ".".join(match.groups()))
    if match := _OPERA_ID.match(text):
        return ClientName("Opera", match[1])
    if (match := _SHADOW_ID.match(text)) and match[1] in _SHADOW:
        return ClientName(_SHADOW[match[1]], _dotted(match[2]))
    return UNKNOWN


def _azureus_version(code: str, version: str) -> str:
    if code in ("WW", "WD", "BC") and version.isdigit():
        # Two digits each: WebTorrent 3.0.21 is 0300, BitComet 2.04 is 0204.
        return f"{int(version[:2])}.{version[2:] if code == 'BC' else int(version[2:])}"
    if code == "TR" and version[:3].isdigit() and version[0] < "4":
        # Transmission had two parts before 4.0: 2940 is 2.94.
        return f"{version[0]}.{version[1:3]}"
    # The fourth is a build or a mark of a pre-release, most often 0.
    return _dotted(version.removesuffix("0"))


def _dotted(version: str) -> str:
    return ".".join(str(_DIGITS.index(char)) for char in version)


def _bitcomet(peer_id: bytes) -> ClientName:
    """BitComet before 0.6x, and BitLord, which was made from it."""
    if len(peer_id) < 10:
        return UNKNOWN
    name = "BitLord" if peer_id[6:10] == b"LORD" else "BitComet"
    return ClientName(name, f"{peer_id[4]}.{peer_id[5]:02}")
