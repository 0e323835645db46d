"""A peer that sends false data, among honest ones."""

from browser.conftest import NewPage
from browser.support import Site, run

MIB = 1024 * 1024
FILE = ["file.bin", 10 * MIB, 11]

# One byte of each block is wrong: the sixteenth, behind the header of a piece message.
LIE = """() => {
  const send = RTCDataChannel.prototype.send;
  window.lies = 0;
  RTCDataChannel.prototype.send = function (data) {
    const bytes = new Uint8Array(data.buffer ?? data, data.byteOffset ?? 0, data.byteLength);
    if (bytes.length >= 16384) {
      const copy = bytes.slice();
      copy[16] ^= 1;
      window.lies++;
      return send.call(this, copy);
    }
    return send.call(this, data);
  };
}"""


def test_a_liar_among_three_does_not_stop_a_download(site: Site, new_page: NewPage) -> None:
    """The liar is a WebTorrent whose channels flip bits; who is found lying is left."""
    liar = new_page("chromium", f"{site.url}/pages/webtorrent.html")
    liar.evaluate(LIE)
    honest = [new_page("chromium-2"), new_page("chromium-2")]
    seeded = [run(page, "seed", site.tracker, [FILE]) for page in (liar, *honest)]
    assert len({each["magnetURI"].split("&")[0] for each in seeded}) == 1
    leecher = new_page("chromium")
    leeched = run(leecher, "leech", site.tracker, seeded[0]["magnetURI"])
    assert leeched["sums"] == seeded[1]["sums"]
    assert liar.evaluate("() => lies") > 0, "it was asked"
    assert liar.evaluate("() => torrent.wires.length") == 0, "and left"
    assert leecher.evaluate("() => torrent.wires.length") == 2
