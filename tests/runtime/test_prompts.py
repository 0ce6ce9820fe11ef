"""What users have said that no turn has taken up yet."""

from __future__ import annotations

from trio_agent.core.message import Message
from trio_agent.runtime.prompts import Prompts


def said(idx: int) -> Message:
    return Message(type="user", content=f"{idx}", idx=idx)


def test_each_is_given_out_once_in_order() -> None:
    prompts = Prompts()
    prompts.add(said(0))
    prompts.add(said(3))
    assert [message.idx for message in prompts.take()] == [0, 3]
    assert prompts.take() == ()
    assert not prompts.ready


def test_what_is_on_hold_waits_for_the_next_and_goes_with_it() -> None:
    prompts = Prompts()
    prompts.add(said(0))
    assert prompts.ready
    prompts.hold()
    assert not prompts.ready
    prompts.add(said(1))
    assert prompts.ready
    assert [message.idx for message in prompts.take()] == [0, 1]


def test_a_hold_on_nothing_holds_nothing() -> None:
    prompts = Prompts()
    prompts.hold()
    prompts.add(said(0))
    assert prompts.ready


def test_they_are_given_out_up_to_one_that_must_wait() -> None:
    prompts = Prompts()
    for idx in (0, 1, 2):
        prompts.add(said(idx))
    assert [message.idx for message in prompts.take(lambda message: message.idx == 1)] == [0]
    assert prompts.taken == 1
    assert prompts.ready
    assert [message.idx for message in prompts.take()] == [1, 2]
    assert prompts.taken == 3


def test_a_reply_is_taken_out_of_turn_and_what_waits_is_not_counted_as_taken() -> None:
    prompts = Prompts()
    for idx in (2, 5):
        prompts.add(said(idx))
    assert prompts.take_reply(5) is None
    assert (prompts.take_reply(4), prompts.take_reply(4)) == (said(5), None)
    assert prompts.taken == 2
    assert prompts.take() == (said(2),)
    assert prompts.taken == 6


def test_what_is_given_back_is_on_hold_before_what_came_since() -> None:
    prompts = Prompts()
    prompts.add(said(0))
    taken = prompts.take()
    prompts.give_back(taken)
    assert not prompts.ready
    assert prompts.taken == 1
    prompts.add(said(3))
    assert prompts.ready
    assert [message.idx for message in prompts.take()] == [0, 3]
    prompts.give_back(())
    assert not prompts.ready
