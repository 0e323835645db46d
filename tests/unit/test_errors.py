"""The tree of exceptions, which pages see by their codes."""

from torrentide import errors
from torrentide.errors import LocalError, RemoteError, TorrentideError

CLASSES: list[type[TorrentideError]] = [each for each in vars(errors).values() if isinstance(each, type)]


def test_one_small_tree() -> None:
    assert all(issubclass(each, TorrentideError) for each in CLASSES)
    assert len(CLASSES) - 1 <= 10
    assert not issubclass(LocalError, RemoteError)
    assert not issubclass(RemoteError, LocalError)


def test_each_has_a_code_of_its_own() -> None:
    codes = [each.code for each in CLASSES]
    assert len(set(codes)) == len(codes)
    assert all(
        code.startswith("ERR_") and "code" in vars(each) for code, each in zip(codes, CLASSES, strict=True)
    )


def test_the_docstring_shows_the_tree() -> None:
    assert all(f" {each.__name__} " in f" {errors.__doc__} ".replace("\n", " ") for each in CLASSES)
