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
