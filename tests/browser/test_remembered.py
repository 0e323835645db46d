"""Seeds from handles after a reload: offered again, shared without hashing while they are unchanged."""

import pytest
from playwright.sync_api import Page

from browser.conftest import NewPage
from browser.support import Site, run

# Handles of the origin's own file system are of the same kind as a picker's, but need no permission.
SEED = """async (text) => {
  const root = await navigator.storage.getDirectory()
  window.file = await root.getFileHandle('letter.txt', { create: true })
  const sink = await file.createWritable()
  await sink.write(text)
  await sink.close()
  const torrent = watch(client([]).seed(file, { announce: [] }))
  await event(torrent, 'seed')
  return torrent.infoHash
}"""
# What is offered, once it is there: it is written behind the event.
OFFERED = """async (count) => {
  window.again = window.again ?? client([])
  for (;;) {
    window.offered = await again.rememberedSeeds()
    const seen = offered.map(({ infoHash, name, length }) => ({ infoHash, name, length }))
    if (seen.length === count) return seen
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}"""
AGAIN = """async () => {
  const allowed = await offered[0].permission()
  const torrent = watch(await offered[0].seed())
  let hashed = false
  torrent.on('infoHash', () => { hashed = torrent.hashing > 0 })
  await event(torrent, 'seed')
  const text = await (await torrent.files[0].blob()).text()
  return { allowed, hashed, infoHash: torrent.infoHash, text }
}"""


def reloaded(page: Page, site: Site) -> None:
    """As after a visit."""
    page.goto(f"{site.url}/pages/blank.html")


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_a_seed_after_a_reload(site: Site, new_page: NewPage, browser: str) -> None:
    page = new_page(browser)
    made = run(page, f"({SEED})", "a letter")
    run(page, f"({OFFERED})", 1)
    reloaded(page, site)
    entry = {"infoHash": made, "name": "letter.txt", "length": 8}
    assert run(page, f"({OFFERED})", 1) == [entry]
    again = run(page, f"({AGAIN})")
    assert again == {"allowed": "granted", "hashed": False, "infoHash": made, "text": "a letter"}

    reloaded(page, site)
    run(page, f"({OFFERED})", 1)
    page.evaluate("async () => { await offered[0].forget() }")
    assert run(page, f"({OFFERED})", 0) == []


def test_a_file_that_changed_meanwhile_is_another_torrent(site: Site, new_page: NewPage) -> None:
    page = new_page()
    made = run(page, f"({SEED})", "a letter")
    run(page, f"({OFFERED})", 1)
    reloaded(page, site)
    run(page, f"({OFFERED})", 1)
    page.evaluate(
        """async () => {
          const root = await navigator.storage.getDirectory()
          const sink = await (await root.getFileHandle('letter.txt')).createWritable()
          await sink.write('another letter')
          await sink.close()
        }"""
    )
    again = run(page, f"({AGAIN})")
    assert again["hashed"]
    assert again["infoHash"] != made
    assert again["text"] == "another letter"


def test_removed_and_refused_seeds(site: Site, new_page: NewPage) -> None:
    page = new_page()
    run(page, f"({SEED})", "a letter")
    run(page, f"({OFFERED})", 1)
    refused = page.evaluate(
        """async () => {
          const { prototype } = FileSystemHandle
          prototype.queryPermission = prototype.requestPermission = async () => 'denied'
          const state = await offered[0].permission()
          return offered[0].seed().catch(({ code }) => [state, code])
        }"""
    )
    assert refused == ["denied", "ERR_NOT_ALLOWED"]
    page.evaluate("async () => { await made[0].remove(made[0].torrents[0]) }")
    assert run(page, f"({OFFERED})", 0) == []
