"""File names from strangers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrentide.errors import InvalidTorrent
from torrentide.metainfo.names import MAX_DEPTH, MAX_SEGMENT_BYTES, safe_path, unique_paths


@pytest.mark.parametrize(
    ("given_name", "safe"),
    [
        ("plain.txt", "plain.txt"),
        ("Ünïcode 日本.mkv", "Ünïcode 日本.mkv"),
        (".hidden", ".hidden"),
        ("a/b", "ab"),
        ("..\\..\\evil", "....evil"),
        ("/", "_"),
        ("", "_"),
        (" ", "_"),
        ("...", "_"),
        (". .", "_"),
        ("..\u200b", "_"),
        ("trailing. . ", "trailing"),
        ('a?b<c>d"e|f*g:h', "a_b_c_d_e_f_g_h"),
        ("nul\x00tab\tdel\x7f", "nul_tab_del_"),
        ("\ufffd", "_"),
        ("a\ud800", "a_"),
        ("cod\u202efdp.exe", "codfdp.exe"),
        ("CON", "_CON"),
        ("aux.txt", "_aux.txt"),
        ("com1.tar.gz", "_com1.tar.gz"),
        ("LPT9", "_LPT9"),
        ("nul. ", "_nul"),
        ("console", "console"),
        ("com10", "com10"),
    ],
)
def test_one_segment(given_name: str, safe: str) -> None:
    assert safe_path([given_name]) == (safe,)


def test_dots_are_dropped_and_never_climb() -> None:
    assert safe_path(["..", "a", ".", "..", "b"]) == ("a", "b")
    assert safe_path(["..", "."]) == ()


def test_depth_has_a_bound() -> None:
    assert safe_path(["a"] * MAX_DEPTH) == ("a",) * MAX_DEPTH
    with pytest.raises(InvalidTorrent, match="a path of 101 segments"):
        safe_path(["."] * (MAX_DEPTH + 1))


@pytest.mark.parametrize(
    ("long", "safe"),
    [
        ("a" * 240, "a" * 240),
        ("a" * 241, "a" * 240),
        ("a" * 300 + ".webm", "a" * 235 + ".webm"),
        ("a" * 300 + "." + "b" * 11, "a" * 240),
        ("é" * 200, "é" * 120),
        ("a" + "é" * 200, "a" + "é" * 119),
        ("." + "a" * 300, "." + "a" * 239),
    ],
)
def test_long_names_keep_a_short_extension(long: str, safe: str) -> None:
    assert safe_path([long]) == (safe,)


def test_a_cut_leaves_no_dot_or_space_at_the_end() -> None:
    """Windows drops them, and two names would become one."""
    assert safe_path(["a" * 239 + "." + "b" * 50]) == ("a" * 239,)
    assert safe_path(["a" * 239 + " " + "b" * 50]) == ("a" * 239,)
    assert safe_path(["con" + " " * 300 + "x"]) == ("_con",)
    assert len(safe_path(["con." + "x" * 236])[0]) == MAX_SEGMENT_BYTES


@given(st.lists(st.text(st.characters() | st.sampled_from("./\\:. \u202e\ud800"), max_size=300), max_size=4))
def test_a_safe_path_is_safe_whatever_was_given(segments: list[str]) -> None:
    path = safe_path(segments)
    for segment in path:
        assert segment
        assert segment not in (".", "..")
        assert not set(segment) & set('/\\?<>"|*:\0\n\u202e\ufffd')
        assert segment == segment.rstrip(". ")
        assert len(segment.encode()) <= MAX_SEGMENT_BYTES
    assert safe_path(path) == path


names = st.sampled_from(["a", "A", "a.1", "a.txt", "A.TXT", "a.1.txt", "ß", "SS", "a" * 240])


@given(st.lists(st.lists(names, min_size=1, max_size=3).map(tuple), max_size=12))
def test_unique_paths_are_unique_whatever_was_given(paths: list[tuple[str, ...]]) -> None:
    unique = unique_paths(paths)
    keys = ["/".join(path).casefold() for path in unique]
    folders = {"/".join(path[:depth]).casefold() for path in unique for depth in range(1, len(path))}
    assert len(set(keys)) == len(paths)
    assert not folders & set(keys)
    assert [path[:-1] for path in unique] == [path[:-1] for path in paths]
    assert unique_paths(unique) == unique
    for path in unique:
        assert safe_path(path) == path
