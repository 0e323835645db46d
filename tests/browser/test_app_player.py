"""The player of the application page: a film beside a text, at the one who gives it and at another."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from browser.clips import Clips
from browser.conftest import NewPage

# The page's own policy takes no scripts of tests.
HELPERS = (Path(__file__).parent / "pages" / "media.js").read_text()
# A film that plays on has left the picture by the time that it is looked at.
PICTURE = f"(video, seconds) => {{ {HELPERS}\nvideo.pause()\nreturn pictureAt(video, seconds) }}"


def film_row(page: Page) -> Locator:
    """The row of the film."""
    return page.get_by_role("listitem").filter(has=page.get_by_test_id("play"), has_text="first.mp4").last


def play(page: Page) -> Locator:
    """Click on the film's button; gives its player, once that moves."""
    row = film_row(page)
    button = row.get_by_test_id("play")
    expect(button).to_have_accessible_name("Play first.mp4", timeout=20_000)
    button.click()
    expect(button).to_have_accessible_name("Close first.mp4")
    video = row.locator("video")
    page.wait_for_function("() => document.querySelector('video')?.currentTime > 0.2", timeout=20_000)
    return video


def fits(page: Page) -> bool:
    """Whether nothing is wider than the window, at the width of a telephone and of a desk."""
    fitting = []
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        wide: Any = page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        player = page.locator("video").bounding_box()
        fitting.append(wide and player is not None and 200 < player["width"] < width)
    return all(fitting)


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_a_film_plays_on_the_page(demo_url: str, new_page: NewPage, tmp_path: Path, browser: str) -> None:
    Clips(tmp_path)["first.mp4"]
    (tmp_path / "read me.txt").write_text("About the film.")
    giver = new_page("chromium", demo_url)
    files = [tmp_path / "first.mp4", tmp_path / "read me.txt"]
    giver.get_by_test_id("files-input").set_input_files(files)
    expect(giver.get_by_test_id("link")).not_to_have_value("", timeout=20_000)
    link = giver.get_by_test_id("link").input_value()
    taker = new_page(browser, link)
    for page in (giver, taker):
        video = play(page)
        assert [video.evaluate(PICTURE, seconds) for seconds in (30.02, 3.02)] == [750, 75]
        assert fits(page)
    text = taker.get_by_role("button", name="Show read me.txt")
    text.click()
    expect(taker.get_by_text("About the film.")).to_be_visible(timeout=20_000)
    film_row(taker).get_by_test_id("play").click()
    expect(taker.locator("video")).to_have_count(0)
    expect(taker.get_by_text("About the film.")).to_be_visible()
