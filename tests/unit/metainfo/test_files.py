"""The files of a torrent: the thirteen rules for their names, padding, links and attributes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrentide.errors import InvalidTorrent
from torrentide.metainfo import bencode
from torrentide.metainfo.files import File, Layout, read_layout
from torrentide.metainfo.info import parse_info
from torrentide.metainfo.names import MAX_COLLISIONS, safe_path


def entry(*path: str | bytes, length: int = 1, **more: object) -> dict[str, Any]:
    values = {"length": length, "path": list(path), **{key.replace("_", " "): more[key] for key in more}}
    return {key: value for key, value in values.items() if value is not None}


def link(*path: str, to: list[str], length: int | None = None) -> dict[str, Any]:
    return entry(*path, length=length, attr="l", symlink_path=to)  # type: ignore[arg-type]


def read(*entries: dict[str, Any]) -> Layout:
    return read_layout(bencode.decode(bencode.encode({"files": list(entries)})), "top")


def paths(**info: object) -> list[str]:
    """The paths, and `-> target` behind those of links, of a torrent of 1-byte pieces."""
    values: dict[str, Any] = {"name": "top", "piece length": 1, **info}
    length = sum(each.get("length", 0) for each in values.get("files", [{"length": 1}]))
    values["pieces"] = bytes(20 * length)
    files = parse_info(bencode.encode(values)).files
    return ["/".join(file.path) + (f" -> {'/'.join(file.link)}" if file.link else "") for file in files]


SAME_PADS = [
    entry("a"),
    entry(".pad", "9", length=9, attr="p"),
    entry("b"),
    entry(".pad", "9", length=9, attr="p"),
]

# The rules of libtorrent 2.1's sanitize_append_path_element and its callers, by number; `top/` stands before
# each path.
RULES: list[tuple[int, list[dict[str, Any]], list[str]]] = [
    (1, [{**entry("x"), "path.utf-8": ["ütf"]}], ["ütf"]),
    (1, [{**entry("x"), "path.utf-8": "no list"}], ["x"]),
    (1, [{**entry("x"), "path.utf-8": []}], ["x"]),
    (2, [entry(".", "a", ".", "b"), entry("a", "", "c")], ["a/b", "a/_/c"]),
    (3, [entry("a/b", "..\\c"), entry("/etc/passwd")], ["ab/..c", "etcpasswd"]),
    (4, [entry("cod\u202efdp.exe"), entry("\u200ea\u2066b\ufeffc\u061cd\u2060")], ["codfdp.exe", "abcd"]),
    (5, [entry("a\0b\n\x7f\x9f"), entry(b"\xff\xfex\xc3")], ["a_b___", "__x_"]),
    (6, [entry('a?b<c>d"e|f*g:h'), entry("dot. . ")], ["a_b_c_d_e_f_g_h", "dot"]),
    (7, [entry("..", "..", "a"), entry("..\u200b"), entry("b", "..")], ["a", "_", "b"]),
    (7, [entry(".."), entry(".")], ["_", "_.1"]),
    (8, [entry("CON"), entry("aux.txt"), entry("com1.tar.gz"), entry("nul ", "console")],
        ["_CON", "_aux.txt", "_com1.tar.gz", "_nul/console"]),
    (9, [entry("é" * 200 + ".webm"), entry("a" * 241)], ["é" * 117 + ".webm", "a" * 240]),
    (10, SAME_PADS, ["a", "b"]),
    (10, [entry("a"), entry("a", attr="hp"), entry("b")], ["a", "b"]),
    (11, [entry("a.txt"), entry("A.TXT"), entry("a.txt")], ["a.txt", "A.1.TXT", "a.2.txt"]),
    (11, [entry("a", "b"), entry("A"), entry("x"), entry("X", "y")], ["a/b", "A.1", "x.1", "X/y"]),
    (12, [entry("a"), link("l", to=["a"])], ["a", "l -> top/a"]),
    (12, [entry("a"), link("l", to=["..", "..", ".", "a"])], ["a", "l -> top/a"]),
    (12, [entry("a"), link("l", to=["..", "etc", "passwd"]), link("m", to=[]), link("n", to=["/a"])],
        ["a", "l -> top/l", "m -> top/m", "n -> top/a"]),
    (12, [link("l", to=["m"]), link("m", to=["l"]), entry("a"), link("n", to=["m"]), link("o", to=["o"])],
        ["l -> top/l", "m -> top/m", "a", "n -> top/n", "o -> top/o"]),
    (12, [link("k", to=["l"]), link("l", to=["m"]), link("m", to=["a"]), entry("a")],
        ["k -> top/a", "l -> top/a", "m -> top/a", "a"]),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "files", "expected"), RULES)
def test_the_rules_for_names(rule: int, files: list[dict[str, Any]], expected: list[str]) -> None:
    assert paths(files=files) == [f"top/{path}" for path in expected]


DEEP = [str(number) for number in range(101)]
TREE: dict[str, Any] = {}
for _ in range(101):
    TREE = {"x": TREE}
TWINS = [entry("a")] * (MAX_COLLISIONS + 2)
REFUSED: list[tuple[int, dict[str, Any], str]] = [
    (1, {"name": 3, "length": 1}, "info.name is missing"),
    (1, {"files": [{"length": 1}]}, r"info.files\[0\].path"),
    (11, {"files": TWINS}, "more than 500 names"),
    (13, {"files": [entry(*DEEP)]}, "a path of 101 segments"),
    (13, {"length": 1, "file tree": TREE}, "deeper than 100"),
]


@pytest.mark.parametrize(("rule", "info", "what"), REFUSED)
def test_the_rules_that_refuse(rule: int, info: dict[str, Any], what: str) -> None:
    with pytest.raises(InvalidTorrent, match=what):
        paths(**info)


def test_every_rule_is_in_the_tables() -> None:
    assert {rule for rule, *_ in RULES} | {rule for rule, *_ in REFUSED} == set(range(1, 14))


def test_as_many_twins_as_are_borne() -> None:
    names = [path.removeprefix("top/") for path in paths(files=TWINS[:-1])]
    assert names == ["a", *(f"a.{number}" for number in range(1, MAX_COLLISIONS + 1))]


def test_a_new_name_is_free_too() -> None:
    """Neither another file's, whether it stands before or behind, nor a folder's."""
    files = [entry("a"), entry("A"), entry("a.1"), entry("a.2", "x"), entry("A.3"), entry("a")]
    assert paths(files=files) == ["top/a", "top/A.4", "top/a.1", "top/a.2/x", "top/A.3", "top/a.5"]


def test_a_new_name_keeps_to_the_bound() -> None:
    first, second = paths(files=[entry("a" * 235 + ".webm"), entry("a" * 235 + ".webm")])
    assert (first, second) == (f"top/{'a' * 235}.webm", f"top/{'a' * 233}.1.webm")


def test_padding_is_no_file_and_two_stretches_that_touch_are_one() -> None:
    layout = read(
        entry("p", length=3, attr="p"),
        entry("a", length=5),
        entry("p", length=2, attr="p"),
        entry("p", length=4, attr="xp"),
        entry("p", length=0, attr="p"),
        entry("empty", length=0),
        entry("b", length=6),
        entry("p", length=10, attr="p"),
    )
    assert layout == Layout(
        files=(
            File(("top", "a"), 5, 3, 1),
            File(("top", "empty"), 0, 14, 5),
            File(("top", "b"), 6, 14, 6),
        ),
        pads=((0, 3), (8, 6), (20, 10)),
        length=30,
    )


def test_attributes() -> None:
    sha1 = bytes(range(20))
    layout = read(
        entry("x", attr="xh?", sha1=sha1),
        entry("h", attr="h", sha1=sha1[1:]),
        entry("n", attr=7, sha1=7),
        link("l", to=["x"], length=10**9),
    )
    assert layout == Layout(
        files=(
            File(("top", "x"), 1, 0, 0, executable=True, hidden=True, sha1=sha1),
            File(("top", "h"), 1, 1, 1, hidden=True),
            File(("top", "n"), 1, 2, 2),
            File(("top", "l"), 0, 3, 3, link=("top", "x")),
        ),
        pads=(),
        length=3,
    )


def test_a_single_file_has_attributes_too() -> None:
    info = {"length": 3, "attr": "x"}
    layout = read_layout(bencode.decode(bencode.encode(info)), "top")
    assert layout == Layout((File(("top",), 3, 0, executable=True),), (), 3)


@pytest.mark.parametrize(
    "files",
    [
        pytest.param([link(f"l{n}", to=[f"l{n + 1}"]) for n in range(30_000)], id="a chain of links"),
        pytest.param([entry(f"{n}", *("d" * 98)) for n in range(3_000)], id="deep folders"),
        pytest.param([entry("a" * 236 + f"{n:04}") for n in range(9_000)] * 2, id="long twins"),
        pytest.param([entry("a")] + [entry("a", f"{n}") for n in range(30_000)], id="one big folder"),
        pytest.param([entry("p", attr="p")] * 30_000, id="padding alone"),
    ],
)
def test_no_list_of_files_takes_long(files: list[dict[str, Any]]) -> None:
    """A step for each pair of files would take minutes, and run into the time limit of the whole run."""
    try:
        layout = read(*files)
    except InvalidTorrent:
        return
    assert len({file.path for file in layout.files}) == len(layout.files)


segments = st.sampled_from(["a", "A", "a.txt", "A.TXT", ".", "..", "", "con", "x/y", "\u202ea", "ß", "ss"])
entries = st.fixed_dictionaries(
    {"length": st.integers(0, 5), "path": st.lists(segments, min_size=1, max_size=3)},
    optional={
        "attr": st.text("plxh?", max_size=2),
        "path.utf-8": st.lists(segments, max_size=3) | st.integers(0, 5),
        "symlink path": st.lists(segments, max_size=3) | st.just("a"),
        "sha1": st.binary(min_size=20, max_size=20) | st.text(max_size=20),
    },
)


@given(st.lists(entries, min_size=1, max_size=12))
def test_any_list_of_files_is_laid_out_without_gaps_and_twins(files: list[dict[str, Any]]) -> None:
    layout = read(*files)
    spans = [(file.offset, file.length) for file in layout.files if file.length] + list(layout.pads)
    at = 0
    for offset, length in sorted(spans):
        assert offset == at
        at += length
    assert at == layout.length
    assert [file.number for file in layout.files] == [
        number for number, file in enumerate(files) if "p" not in file.get("attr", "")
    ]
    there = {file.path for file in layout.files}
    assert len({"/".join(path).casefold() for path in there}) == len(layout.files)
    for file in layout.files:
        assert file.path[0] == "top"
        assert file.path == ("top", *safe_path(file.path[1:]))
        assert file.link is None or (file.link in there and file.length == 0)
