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
    for await (const _ of file[Symbol.asyncIterator]({ signal: stop.signal })) codes.push("chunk")
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


NODE = """async () => {
  const file = torrent.files[0], all = new Uint8Array(await file.arrayBuffer()), log = []
  const same = (chunks, start) => {
    const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    let at = start
    return [length, chunks.every((chunk) => chunk.every((byte) => byte === all[at++]))]
  }
  const ended = (stream) => new Promise((resolve) => stream.once('close', resolve))
  const heard = [], events = []
  const stream = file.createReadStream({ start: 7, end: 3_000_006 })
  for (const name of ['end', 'error', 'close']) stream.on(name, () => events.push(name))
  stream.on('data', (chunk) => {
    heard.push(chunk)
    // What was paused says nothing until it goes on.
    stream.pause()
    setTimeout(() => {
      if (events.length || heard.at(-1) !== chunk) log.push('spoke while paused')
      stream.resume()
    })
  })
  await ended(stream)
  log.push(same(heard, 7), events, stream.destroyed)

  const taken = [], waiting = []
  let full = 0
  const target = {
    write: (chunk) => (taken.push(chunk), (full ^= 1) === 0),
    end: () => waiting.push('end'),
    once: (name, listener) => name === 'drain' && setTimeout(listener, 5),
  }
  const piped = file.createReadStream({ start: 100, end: 2_000_099 })
  piped.pipe(target)
  await ended(piped)
  log.push(same(taken, 100), waiting)

  const looped = []
  for await (const chunk of file.createReadStream({ start: 5, end: 5 })) looped.push(...chunk)
  log.push(looped.length === 1 && looped[0] === all[5])

  const broken = file.createReadStream(), told = []
  broken.on('error', ({ message }) => told.push(message)).on('close', () => told.push('close'))
  broken.on('data', () => broken.destroy(new Error('enough')))
  await ended(broken)
  log.push(told)
  try { file.createReadStream({ start: -1 }) } catch (error) { log.push(error.name) }
  return log
}"""


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_streams_of_nodes_kind(site: Site, new_page: NewPage, browser: str) -> None:
    page = new_page(browser)
    run(page, "seed", site.tracker, [["film.bin", 5_000_000, 9]])
    assert page.evaluate(NODE) == [
        *[[3_000_000, True], ["end", "close"], True],
        *[[2_000_000, True], ["end"]],
        True,
        ["enough", "close"],
        "RangeError",
    ]
