"""The heap of due times."""

import gc
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrentide.timers import Timers, TimerScope


def test_nothing_is_due_at_first() -> None:
    timers = Timers()
    assert timers.next_due is None
    timers.run(1e9)


def test_calls_what_is_due_once_with_the_time_that_it_is() -> None:
    timers, calls = Timers(), list[float]()
    timers.at(5.0, calls.append)
    timers.run(4.9)
    assert (calls, timers.next_due) == ([], 5.0)
    timers.run(7.0)
    timers.run(8.0)
    assert (calls, timers.next_due) == ([7.0], None)


def test_a_cancelled_timer_is_never_called_nor_waited_for() -> None:
    timers, calls = Timers(), list[float]()
    first, second = timers.at(1.0, calls.append), timers.at(2.0, calls.append)
    first.cancel()
    assert timers.next_due == 2.0
    second.cancel()
    assert timers.next_due is None
    timers.run(9.0)
    second.cancel()
    assert calls == []


def test_one_callback_may_cancel_another_of_the_same_time() -> None:
    timers, calls = Timers(), list[str]()
    timers.at(1.0, lambda now: second.cancel())
    second = timers.at(1.0, lambda now: calls.append("second"))
    timers.run(1.0)
    assert calls == []


def test_what_a_callback_sets_runs_in_its_turn() -> None:
    timers, calls = Timers(), list[str]()

    def first(now: float) -> None:
        calls.append("first")
        timers.at(now, lambda then: calls.append("at once"))
        timers.at(now + 1, lambda then: calls.append("later"))

    timers.at(1.0, first)
    timers.run(1.0)
    assert calls == ["first", "at once"]
    assert timers.next_due == 2.0


def test_a_callback_that_fails_stops_no_other() -> None:
    timers, calls = Timers(), list[float]()
    timers.at(1.0, lambda now: 1 / 0)  # type: ignore[arg-type]
    timers.at(1.0, calls.append)
    with pytest.raises(ZeroDivisionError):
        timers.run(1.0)
    timers.run(1.0)
    assert calls == [1.0]


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), max_size=30))
def test_the_order_is_by_time_then_by_age(wanted: list[tuple[int, bool]]) -> None:
    timers, calls = Timers(), list[tuple[int, int]]()
    for number, (due, cancelled) in enumerate(wanted):
        timer = timers.at(due, lambda now, key=(due, number): calls.append(key))  # type: ignore[misc]
        if cancelled:
            timer.cancel()
    timers.run(20)
    assert calls == sorted((due, number) for number, (due, cancelled) in enumerate(wanted) if not cancelled)


def test_timers_that_were_cancelled_do_not_pile_up() -> None:
    timers, calls = Timers(), list[float]()
    for number in range(10_000):
        timers.at(1e6 + number, calls.append).cancel()
    timers.at(1.0, calls.append)
    assert len(timers) == 1
    assert len(timers._heap) < 1000
    timers.run(2.0)
    assert calls == [2.0]


def test_the_timers_of_a_scope_end_together_and_hold_nothing() -> None:
    class Owner:
        def call(self, now: float) -> None:
            raise AssertionError("called behind its end")

    timers, calls = Timers(), list[float]()
    scope, owner = TimerScope(timers), Owner()
    held = weakref.ref(owner)
    scope.at(1.0, calls.append)
    scope.at(5.0, owner.call)
    timers.at(6.0, calls.append)
    timers.run(2.0)
    scope.close()
    del owner
    gc.collect()
    assert held() is None
    assert len(timers) == 1
    scope.at(3.0, calls.append)
    timers.run(7.0)
    assert calls == [2.0, 7.0]
