"""A browser that gives a site little room: a download waits, and goes on when there is some."""

from pathlib import Path

from playwright.sync_api import Playwright

from browser.conftest import NewPage
from browser.support import Prefs, Site, launch_with_profile, run

# In KiB. A site gets a fifth of it, but 10 MiB at least.
LIMIT = 20 * 1024
FILES = [[f"t/{number}", 2**20, 90 + number] for number in range(6)]
FILL = """async (free) => {
  const { quota, usage } = await navigator.storage.estimate()
  const folder = await navigator.storage.getDirectory()
  const out = await (await folder.getFileHandle('filler', { create: true })).createWritable()
  await out.write(new Uint8Array(quota - usage - free))
  await out.close()
  return quota
}"""
BEGIN = """async ([tracker, id]) => {
  window.torrent = watch(client(tracker).add(id))
  window.room = new Promise((resolve) => torrent.once('storageRoom', resolve))
  const error = await new Promise((resolve) => torrent.once('storageFull', resolve))
  return [error.code, torrent.storageFull, torrent.done, torrent.destroyed]
}"""
END = """async () => {
  await (await navigator.storage.getDirectory()).removeEntry('filler')
  await room
  await torrent.whenDone()
  return Promise.all(torrent.files.map(async (file) => sha256(await file.blob())))
}"""


def test_a_download_waits_for_room_in_firefox(
    site: Site, new_page: NewPage, playwright: Playwright, tmp_path: Path
) -> None:
    seed_page = new_page("chromium-2")
    made = run(seed_page, "seed", site.tracker, FILES, {"name": "t", "pieceLength": 65536})
    prefs: Prefs = {"dom.quotaManager.temporaryStorage.fixedLimit": LIMIT}
    context = launch_with_profile(playwright, "firefox", tmp_path / "profile", prefs)
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{site.url}/pages/blank.html")
    quota = page.evaluate(FILL, 3 * 2**20)
    assert quota <= LIMIT * 1024
    full = page.evaluate(BEGIN, [site.tracker, made["magnetURI"]])
    assert full == ["ERR_STORAGE_FULL", True, False, False]
    here = page.evaluate("() => torrent.pieceMap.filter((state) => state === 2).length")
    assert 0 < here < 96
    # What is here is whole, and served.
    assert page.evaluate("() => torrent.rescanFiles().then(() => torrent.storageFull)") is True
    assert page.evaluate(END) == made["sums"]
    assert page.evaluate("() => torrent.storageFull") is False
    context.close()
