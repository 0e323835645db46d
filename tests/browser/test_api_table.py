"""Every member of docs/api.md on our library, and beside it on WebTorrent: the same values, types and events,
but where the table names a difference."""

import re
from typing import Any

import pytest

from browser.conftest import NewPage
from browser.support import ROOT, Site, run

# Name, and whether the last column says that it is new, or how it differs.
Members = dict[str, str]

KINDS = {"Statics": "statics", "Client": "client", "Torrent": "torrent", "File": "file", "Wire": "wire"}
EVENTS = {
    "client": ["ready", "listening", "add", "torrent", "seed", "download", "upload", "error", "remove"],
    "torrent": [
        *["infoHash", "metadata", "ready", "warning", "error", "done", "download", "upload", "wire"],
        *["interested", "uninterested", "idle", "verified", "seed", "close"],
    ],
}
# Chance, and the time that things take, are in them.
VOLATILE = {
    "nodeId",
    "downloadSpeed",
    "uploadSpeed",
    "timeRemaining",
    "progress",
    "downloaded",
    "received",
    "uploaded",
}
# What has come and gone when an event comes hangs on the network alone.
UNORDERED = {"download", "upload", "wire", "verified", "warning"}


def documented() -> dict[str, Members]:
    """The tables of docs/api.md, by kind of object."""
    found: dict[str, Members] = {}
    kind = ""
    for line in (ROOT / "docs" / "api.md").read_text().splitlines():
        if line.startswith("## "):
            kind = KINDS.get(line[3:], "")
        cells = [cell.strip() for cell in line.split("|")]
        name = re.match(r"`(\[[\w.]+\]|\w+)", cells[1]) if len(cells) == 5 else None
        if name and kind:
            found.setdefault(kind, {})[name[1]] = cells[3]
    return found


TABLES = documented()
COMPARED = {kind: [name for name, note in rows.items() if note != "new"] for kind, rows in TABLES.items()}


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    """What the surveys of this module found, by library."""
    return {}


@pytest.fixture
def surveys(site: Site, new_page: NewPage, made: dict[str, Any]) -> dict[str, Any]:
    """The same download by both libraries."""
    if not made:
        seeder = new_page("chromium-2")
        options = {"comment": "a comment", "creationDate": 1_500_000_000_000}
        seeded = run(seeder, "seed", site.tracker, [["file.bin", 300_000, 3]], options)
        for library in ("blank", "webtorrent"):
            page = new_page("chromium", f"{site.url}/pages/{library}.html")
            page.add_script_tag(url="/pages/api-table.js")
            made[library] = run(page, "survey", site.tracker, seeded["magnetURI"], COMPARED, EVENTS)
            made[library]["seeding"] = run(page, "surveySeed", EVENTS)
    return made


def test_the_tables_hold_all_that_is_there(site: Site, new_page: NewPage) -> None:
    """Every documented member exists, and every member that exists is documented."""
    seeder, page = new_page("chromium-2"), new_page()
    page.add_script_tag(url="/pages/api-table.js")
    seeded = run(seeder, "seed", site.tracker, [["file.bin", 300_000, 3]])
    there = run(page, "membersThere", site.tracker, seeded["magnetURI"])
    for kind, members in TABLES.items():
        assert sorted(there[kind]) == sorted(members), kind


def same(name: str, ours: Any, theirs: Any) -> bool:
    if name in VOLATILE:
        return type(ours) in (int, float, str) and type(theirs) in (int, float, str)
    return bool(ours == theirs)


def test_members_are_as_in_webtorrent(surveys: dict[str, Any]) -> None:
    ours, theirs = surveys["blank"]["looks"], surveys["webtorrent"]["looks"]
    for moment, members in ours.items():
        for name, value in members.items():
            kind = moment.partition(" ")[0]
            # WebTorrent takes the files away.
            if moment == "file destroyed" or same(name, value, theirs[moment][name]):
                continue
            assert TABLES[kind][name], (
                f"{moment}: {name} is {value!r}, and {theirs[moment][name]!r} in WebTorrent"
            )


def test_events_come_in_the_same_order(surveys: dict[str, Any]) -> None:
    def order(events: list[list[str]]) -> list[list[str]]:
        kept = [event for event in events if event[1] not in UNORDERED]
        # WebTorrent repeats `idle`.
        return [event for at, event in enumerate(kept) if event[1] != "idle" or event not in kept[:at]]

    ours, theirs = surveys["blank"], surveys["webtorrent"]
    assert order(ours["events"]) == order(theirs["events"])
    mended = order(theirs["seeding"])
    # By `client.remove` WebTorrent closes first; by `torrent.destroy` it does not.
    mended.append(mended.pop(-2))
    assert order(ours["seeding"]) == mended


def test_every_piece_is_told_before_ready(surveys: dict[str, Any]) -> None:
    for library in ("blank", "webtorrent"):
        names = [name for who, name, _ in surveys[library]["seeding"] if who == "torrent"]
        assert names.index("metadata") < names.index("verified") < names.index("ready")
