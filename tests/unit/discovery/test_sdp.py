"""Descriptions of strangers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from descriptions import describe
from torrentide.discovery.sdp import MAX_CANDIDATES, MAX_SDP_CHARS, usable

# As browsers and libraries write them.
CANDIDATES = [
    "842163049 1 udp 1677729535 203.0.113.5 46154 typ srflx raddr 0.0.0.0 rport 0 generation 0",
    "1 1 tcp 1518280447 192.168.1.2 9 typ host tcptype active generation 0",
    "0 1 UDP 2122252543 10.0.0.1 51234 typ host",
    "1 1 UDP 2122317823 2001:db8::5 54021 typ host",
    "2530839485 1 udp 2130706431 fe80::1%eth0 53000 typ host",
    "0 1 UDP 2122187007 3f2504e0-4f89-41d3-9a0c-0305e82c3301.local 50001 typ host",
    "3 1 udp 41885439 198.51.100.7 60001 typ relay raddr 203.0.113.5 rport 46154",
]


def with_candidates(*lines: str) -> str:
    more = "".join(f"a=candidate:{line}\r\n" for line in lines)
    return describe(1).replace("a=ice-ufrag", f"{more}a=ice-ufrag")


def candidates(sdp: str | None) -> list[str]:
    assert sdp is not None
    mark = "a=candidate:"
    return [line.removeprefix(mark) for line in sdp.split("\r\n") if line.startswith(mark)]


def nothing(address: str) -> bool:
    return False


def everything(address: str) -> bool:
    return True


def test_an_honest_description_stays_as_it_is() -> None:
    sdp = with_candidates(*CANDIDATES)
    assert usable(sdp, nothing) == sdp
    assert usable(sdp.replace("\r\n", "\n"), nothing) == sdp


@pytest.mark.parametrize(
    "media", ["m=application 46154 UDP/DTLS/SCTP webrtc-datachannel", "m=application 9 DTLS/SCTP 5000"]
)
def test_the_forms_of_a_data_channel(media: str) -> None:
    sdp = describe(1).replace("m=application 9 UDP/DTLS/SCTP webrtc-datachannel", media)
    assert usable(sdp, nothing) == sdp


@pytest.mark.parametrize(
    "sdp",
    [
        "",
        "v=1\r\n",
        "hello",
        "v=0\r\n",
        describe(1) + "x" * MAX_SDP_CHARS,
        describe(1) + "\x00",
        describe(1) + "a=\x1b[2J\r\n",
        describe(1) + "a=\ud800\r\n",
        describe(1) + "a=x\ra=candidate:1 1 udp 1 10.0.0.9 1 typ host\r\n",
        describe(1) + "\r\r\n",
        describe(1) + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n",
        describe(1) + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n",
        describe(1).replace("m=application", "m=video"),
        describe(1).replace("webrtc-datachannel", "whatever"),
        describe(1).replace("UDP/DTLS/SCTP", "RTP/AVP"),
    ],
)
def test_what_no_peer_with_a_data_channel_says(sdp: str) -> None:
    assert usable(sdp, nothing) is None


@pytest.mark.parametrize(
    "line",
    [
        "",
        "1 1 udp 1 10.0.0.1 1",
        "1 1 udp 1 10.0.0.1 port typ host",
        "1 1 udp 1 10.0.0.1 123456 typ host",
        "1 1 udp 1 10.0.0.256 1 typ host",
        "1 1 udp 1 10.0.0.1 1 typ host\x85m=audio",
        "1 1 udp 1 tracking-id.attacker.example 1 typ host",
        "1 1 udp 1 localhost 1 typ host",
        "1 1 udp 1 ../../x 1 typ host",
        "1 1 udp 99999999999 10.0.0.1 1 typ host",
    ],
)
def test_a_candidate_that_is_none_is_left_out(line: str) -> None:
    """Names too, but those of multicast DNS: nobody is to have us ask a DNS server."""
    kept = candidates(usable(with_candidates(line), nothing))
    assert kept == candidates(describe(1))


def test_more_candidates_than_the_bound() -> None:
    lines = [f"{number} 1 udp 1 10.1.0.{number} 1 typ host" for number in range(100)]
    kept = candidates(usable(with_candidates(*lines), nothing))
    assert len(kept) == MAX_CANDIDATES
    assert kept[1:] == lines[: MAX_CANDIDATES - 1]


def test_blocked_addresses_are_left_out() -> None:
    seen: list[str] = []

    def is_blocked(address: str) -> bool:
        seen.append(address)
        return address in ("203.0.113.5", "2001:db8::5", "10.0.0.1")

    kept = candidates(usable(with_candidates(*CANDIDATES), is_blocked))
    assert kept == [CANDIDATES[number] for number in (1, 4, 5, 6)]
    assert not any("local" in address for address in seen)


def test_with_nothing_left_it_is_not_usable() -> None:
    assert usable(describe(1, "10.0.0.1", "10.0.0.2"), everything) is None
    assert usable(describe(1, "nonsense.example"), nothing) is None
    assert usable(describe(1, "10.0.0.1", "x.local"), everything) is not None


def test_one_that_names_no_candidate_may_still_be_found_by_ours() -> None:
    sdp = describe(1).replace("a=candidate", "a=other")
    assert usable(sdp, everything) == sdp


@given(st.text(max_size=500), st.integers(0, 600))
def test_any_text_in_any_place(noise: str, at: int) -> None:
    sdp = describe(1)
    result = usable(sdp[:at] + noise + sdp[at:], nothing)
    assert result is None or usable(result, nothing) == result
