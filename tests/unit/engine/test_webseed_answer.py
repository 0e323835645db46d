"""What the head of an HTTP answer means."""

import pytest

from torrentide.engine.webseed_answer import (
    MAX_WHOLE_FILE,
    NEVER,
    REFUSED_SECONDS,
    Trouble,
    body_start,
    refusal,
)
from torrentide.engine.webseed_urls import Step
from torrentide.ports import Answer

# Bytes 20 to 49 of a file of 100, which begins at 1000 in its torrent; a piece of 30.
PART = Step("http://h/file", 1020, 1050, 1000, 100)
WHOLE = Step("http://h/file", 1000, 1100, 1000, 100)
PIECE = Step("http://h/?piece=3", 1020, 1050, 1020, 30, ranged=False)


def trouble(step: Step, answer: Answer) -> Trouble:
    with pytest.raises(Trouble) as caught:
        body_start(step, answer)
    return caught.value


@pytest.mark.parametrize(
    "content_range", [None, "bytes 20-49/100", "bytes 20-49/*", "Bytes 20-49/100", " bytes 20-49/100 "]
)
@pytest.mark.parametrize("length", [None, 30])
def test_a_part(content_range: str | None, length: int | None) -> None:
    assert body_start(PART, Answer(206, content_range, length)) == 1020


@pytest.mark.parametrize("length", [None, 100])
def test_a_whole_file_instead(length: int | None) -> None:
    assert body_start(PART, Answer(200, None, length)) == 1000
    assert body_start(WHOLE, Answer(200, None, length)) == 1000


def test_a_piece() -> None:
    assert body_start(PIECE, Answer(200, None, 30)) == 1020
    assert body_start(PIECE, Answer(200)) == 1020
    trouble(PIECE, Answer(206, length=30))


@pytest.mark.parametrize(
    "content_range",
    [
        "bytes 0-29/100",
        "bytes 20-48/100",
        "bytes 20-99/100",
        "20-49/100",
        "bytes */100",
        "",
        "bytes 20-49/1x",
        "🌊",
    ],
)
def test_another_part(content_range: str) -> None:
    found = trouble(PART, Answer(206, content_range, 30))
    assert "another part" in str(found)
    assert found.wait is None


@pytest.mark.parametrize("length", [0, 29, 31, 100])
def test_a_part_of_another_length(length: int) -> None:
    found = trouble(PART, Answer(206, None, length))
    assert f"{length} bytes where 30" in str(found)
    assert found.wait is None


@pytest.mark.parametrize(
    "answer",
    [
        Answer(206, "bytes 20-49/99"),
        Answer(206, "bytes 20-49/50"),
        Answer(200, None, 99),
        Answer(200, None, 0),
    ],
)
def test_another_file(answer: Answer) -> None:
    found = trouble(PART, answer)
    assert "bytes where the torrent has 100" in str(found)
    assert found.wait == REFUSED_SECONDS
    assert found.absent


def test_a_whole_file_that_is_too_big() -> None:
    size = MAX_WHOLE_FILE + 1
    found = trouble(Step("http://h/", 0, size - 1, 0, size), Answer(200, None, size))
    assert "does not send parts of files" in str(found)
    assert found.wait == NEVER
    assert body_start(Step("http://h/", 0, size, 0, size), Answer(200)) == 0
    assert body_start(Step("http://h/", 0, 1, 0, MAX_WHOLE_FILE), Answer(200)) == 0


@pytest.mark.parametrize("code", [400, 401, 403, 404, 405, 410, 416, 451])
def test_a_verdict_is_believed_for_long(code: int) -> None:
    found = trouble(PART, Answer(code))
    assert f"status {code}" in str(found)
    assert found.wait == REFUSED_SECONDS
    assert found.absent
    assert not found.busy


@pytest.mark.parametrize("code", [0, 100, 204, 304, 408, 425, 500, 502, 504, 599])
def test_other_failures_may_pass(code: int) -> None:
    found = trouble(PART, Answer(code))
    assert f"status {code}" in str(found)
    assert found.wait is None
    assert not found.absent


@pytest.mark.parametrize("code", [429, 503])
@pytest.mark.parametrize(
    ("told", "wait"), [(None, None), (30.0, 30.0), (-5.0, 1.0), (0.0, 1.0), (1e9, REFUSED_SECONDS)]
)
def test_a_busy_server_says_when_to_come_again(code: int, told: float | None, wait: float | None) -> None:
    found = refusal(Answer(code, retry_after=told))
    assert found.wait == wait
    assert found.busy
    assert not found.absent
