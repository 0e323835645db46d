"""The worker's channels, on real data channels of one page."""

import subprocess

import pytest

from browser.conftest import NewPage
from browser.support import ROOT

# Two connections of the page, joined; the sending end in a Channels, with what it tells.
SETUP = """
async (source) => {
  const { Channels } = await import(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })));
  const [near, far] = [new RTCPeerConnection(), new RTCPeerConnection()];
  near.onicecandidate = ({ candidate }) => candidate && far.addIceCandidate(candidate);
  far.onicecandidate = ({ candidate }) => candidate && near.addIceCandidate(candidate);
  const channels = new Channels();
  const closed = [];
  const opened = new Promise((resolve) => {
    channels.handlers = {
      onOpen: resolve, onData() {}, onLow() {}, onClose: (link, reason) => closed.push([link, reason]),
    };
  });
  const channel = near.createDataChannel('test');
  const farChannel = new Promise((resolve) => { far.ondatachannel = (event) => resolve(event.channel); });
  channels.adopt(7, channel);
  await near.setLocalDescription();
  await far.setRemoteDescription(near.localDescription);
  await far.setLocalDescription();
  await near.setRemoteDescription(far.localDescription);
  await opened;
  window.it = { channels, channel, closed, farChannel: await farChannel };
}
"""


@pytest.fixture(scope="module")
def source() -> str:
    """web/src/engine/channels.ts as JavaScript."""
    script = str(ROOT / "web/src/engine/channels.ts")
    command = [str(ROOT / "node_modules/.bin/esbuild"), script, "--format=esm"]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def test_a_channel_that_refuses_to_send_is_closed_and_reported(new_page: NewPage, source: str) -> None:
    """Bytes that the browser throws away must not be lost in silence. (Firefox refuses nothing.)"""
    page = new_page("chromium")
    page.evaluate(SETUP, source)
    told = page.evaluate(
        """async () => {
          it.channel.close();
          const during = it.channels.send(7, 10);
          const within = it.closed.length;
          await Promise.resolve();
          const behind = it.channels.send(7, 10);
          await new Promise((resolve) => setTimeout(resolve, 500));
          return { during, within, behind, closed: it.closed, state: it.channel.readyState };
        }"""
    )
    assert (told["during"], told["within"], told["behind"]) == (0, 0, 0), (
        "the engine is not called back from within"
    )
    ((link, reason),) = told["closed"]
    assert link == 7
    assert reason.startswith("the browser refused to send: ")
    assert told["state"] in ("closing", "closed")


def test_one_that_has_all_it_can_hold_is_closed_too(new_page: NewPage, source: str) -> None:
    page = new_page("chromium")
    page.evaluate(SETUP, source)
    told = page.evaluate(
        """async () => {
          const waiting = [];
          for (let sent = 0; sent < 200; sent++) {
            it.channels.room(256 * 1024);
            waiting.push(it.channels.send(7, 256 * 1024));
          }
          await Promise.resolve();
          return { most: Math.max(...waiting), last: waiting.at(-1), closed: it.closed };
        }"""
    )
    assert told["most"] > 8 * 1024 * 1024
    assert told["last"] == 0
    ((_, reason),) = told["closed"]
    assert "send" in reason
