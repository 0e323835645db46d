"""Session descriptions as browsers write them, with the number of a link in their origin."""


def describe(link: int, *addresses: str) -> str:
    """The description of a link that can be reached at `addresses`, one of a private network by default."""
    candidates = "".join(
        f"a=candidate:{number} 1 udp {2122260223 - number} {address} {50000 + number} typ host\r\n"
        for number, address in enumerate(addresses or ("10.0.0.1",), 1)
    )
    return (
        f"v=0\r\no=- {link} 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n"
        f"{candidates}a=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdef01234567\r\n"
        f"a=fingerprint:sha-256 {':'.join(['AB'] * 32)}\r\na=setup:actpass\r\na=mid:0\r\na=sctp-port:5000\r\n"
    )


def described(sdp: str) -> int:
    """The link that a description is of."""
    return int(sdp.split(" ", 2)[1])
