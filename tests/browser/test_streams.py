"""Files that are read while they come: seeks, ranges, and readers that end."""

import pytest

from browser.conftest import NewPage
from browser.support import Site, run

SIZE = 48 * 1024 * 1024
ENDINGS = """async () => {
  const [file] = torrent.files, stop = new AbortController(), codes = []
  const failed = (promise) => promise.then(() => codes.push('none'), (error) => codes.push(error.name))
  const stream = file.stream({ start: 5, signal: stop.signal }).getReader()
  await stream.read()
  stop.abort()
  await failed(stream.read().then(() => stream.read()).then(() => stream.closed))
  await failed((async () => {
    for await (const _ of file[Symbol.asyncIterator]({ signal: stop.signal }))
  })())
  let got = 0
  for await (const chunk of file[Symbol.asyncIterator]({ start: 10, end: 19, rate: 1e6 })) got += chunk.length
  for await (const chunk of file) { got += 1; break }
  return [codes, got]
}"""


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_seeks_give_the_right_bytes(site: Site, new_page: NewPage, browser: str) -> None:
    seed_page, leech_page = (
        new_page("chromium"),
        new_page("firefox" if browser == "firefox" else "chromium-2"),
    )
    leech_page.add_script_tag(url="/pages/streams.js")
    seeded = run(seed_page, "seed", site.tracker, [["film.bin", SIZE, 9]])
    places = [0.9, 0.4, 0.7]
    told = run(leech_page, "seeks", site.tracker, seeded["magnetURI"], SIZE, 9, 1024 * 1024, places)
    assert [each["right"] for each in told["found"]] == [True] * 3
    assert all(0 < each["length"] <= 512 * 1024 for each in told["found"])
    assert leech_page.evaluate(ENDINGS) == [["AbortError", "AbortError"], 11]
