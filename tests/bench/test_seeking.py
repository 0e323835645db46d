"""How long a seek into what is not here yet takes to its first byte, next to WebTorrent: one who reads
goes on elsewhere. It prints, and asserts nothing about time."""

from statistics import median

from browser.conftest import NewPage
from browser.support import Site, run

SIZE = 128 * 1024 * 1024
BEGUN = 4 * 1024 * 1024
PLACES = [0.9, 0.5, 0.7]
ROUNDS = 5


def test_seeking(site: Site, new_page: NewPage) -> None:
    waits: dict[str, list[float]] = {"blank": [], "webtorrent": []}
    print("\nmilliseconds from a seek to its first byte, during a download between two Chromium processes")
    for number in range(ROUNDS):
        for library, name in (("blank", "Torrentide"), ("webtorrent", "WebTorrent")):
            url = f"{site.url}/pages/{library}.html"
            seed_page, leech_page = new_page("chromium", url), new_page("chromium-2", url)
            leech_page.add_script_tag(url="/pages/streams.js")
            seeded = run(seed_page, "seed", site.tracker, [["film.bin", SIZE, 70 + number]])
            told = run(
                leech_page, "seeks", site.tracker, seeded["magnetURI"], SIZE, 70 + number, BEGUN, PLACES
            )
            assert all(each["right"] for each in told["found"])
            came = [each["waited"] for each in told["found"]]
            waits[library] += came
            print(f"  {name}: {', '.join(f'{wait:.0f}' for wait in came)}")
            for page in (seed_page, leech_page):
                page.context.close()
    ours, theirs = median(waits["blank"]), median(waits["webtorrent"])
    print(f"  medians {ours:.0f} and {theirs:.0f} ms, worst {max(waits['blank']):.0f} and ", end="")
    print(f"{max(waits['webtorrent']):.0f} ms; {theirs / ours:.1f} times faster")
