"""Block lists of a page: by URL, by text and by lines."""

import gzip
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web

from browser.conftest import NewPage
from browser.support import Served, Site, run

EVERYBODY = "all of IPv4:0.0.0.0-255.255.255.255\n::/0\n"
NOBODY = "somebody else:192.0.2.0-192.0.2.255\n"


class Lists(Served):
    """A web server with lists that any site may read."""

    def build(self, app: web.Application) -> None:
        """See `Served`."""
        for name, text in (("everybody", EVERYBODY), ("nobody", NOBODY), ("broken", "<html>\n")):
            app.router.add_get(f"/{name}.gz", self._answer(gzip.compress(text.encode())))

    @staticmethod
    def _answer(data: bytes) -> Any:
        async def answer(request: web.Request) -> web.Response:
            return web.Response(body=data, headers={"access-control-allow-origin": "*"})

        return answer


@pytest.fixture(scope="module")
def lists() -> Iterator[Lists]:
    served = Lists()
    yield served
    served.close()


# Two clients of one page, of which the first has the list, and which share no files; resolves when the
# second has all, or on an error.
LEECH = """async ([tracker, id, blocklist]) => {
  const add = (more) => new Promise((resolve, reject) => {
    const it = new Torrentide({ ...options(tracker), storage: 'memory', ...more }).add(id)
    it.on('error', reject).on('done', () => resolve(it))
    window.blocked ??= it
  })
  const first = add({ blocklist })
  await Promise.race([first, add({})])
  return blocked.progress
}"""


@pytest.mark.parametrize("form", ["url", "text", "lines", "bytes"])
def test_nobody_of_the_list_is_met(site: Site, lists: Lists, new_page: NewPage, form: str) -> None:
    seeded = run(new_page("chromium"), "seed", site.tracker, [["file.bin", 300_000, 61]])
    given: dict[str, Any] = {
        "url": f"{lists.url}/everybody.gz",
        "text": EVERYBODY,
        "lines": [{"start": "0.0.0.0", "end": "255.255.255.255"}, "::/0"],
        "bytes": EVERYBODY,
    }
    leech = new_page("chromium-2")
    how = LEECH.replace("{ blocklist }", "{ blocklist: new TextEncoder().encode(blocklist) }")
    script = how if form == "bytes" else LEECH
    assert leech.evaluate(script, [site.tracker, seeded["magnetURI"], given[form]]) == 0
    assert leech.evaluate("() => blocked.wires.length") == 0


def test_others_are(site: Site, lists: Lists, new_page: NewPage) -> None:
    seeded = run(new_page("chromium"), "seed", site.tracker, [["file.bin", 300_000, 62]])
    page = new_page("chromium-2")
    script = LEECH.replace("Promise.race([first, add({})])", "first")
    assert page.evaluate(script, [site.tracker, seeded["magnetURI"], f"{lists.url}/nobody.gz"]) == 1


@pytest.mark.parametrize(
    ("name", "words"), [("broken.gz", "no block list"), ("missing", "could not be fetched")]
)
def test_a_list_that_is_none_ends_the_torrents(
    site: Site, lists: Lists, new_page: NewPage, name: str, words: str
) -> None:
    """Rather than meet whom the page wanted to avoid."""
    page = new_page("chromium")
    script = """([tracker, blocklist]) => new Promise((resolve) =>
      new Torrentide({ ...options(tracker), blocklist }).add('a'.repeat(40))
        .on('error', ({ code, message }) => resolve([code, message])))"""
    code, message = page.evaluate(script, [site.tracker, f"{lists.url}/{name}"])
    assert code == "ERR_LOCAL"
    assert words in message
