"""What a client holds of a log: one rule a test, and then any history, cut and told again anywhere."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.client import standin
from tests.client.standin import LOG, OTHER_LOG, cursor, delta, message, ready, reset, state, tool
from trio_agent.client.events import (
    Event,
    MessageArrived,
    Opened,
    Reset,
    StateChanged,
    TextDropped,
    TextGrew,
    ToolWrote,
)
from trio_agent.client.replica import LONGEST_BEAT_S, SHORTEST_BEAT_S, Misfit, Replica, heartbeat_of
from trio_agent.core.errors import ProtocolError
from trio_agent.core.sse import Parser, encode_event


def told(replica: Replica, *frames: bytes) -> list[Event]:
    return [fact for event in Parser().feed(b"".join(frames)) for fact in replica.apply(event)]


def arrived(facts: list[Event]) -> list[str]:
    return [fact.message.content for fact in facts if isinstance(fact, MessageArrived)]


def grown(facts: list[Event]) -> list[tuple[int, str]]:
    return [(fact.offset, fact.text) for fact in facts if isinstance(fact, TextGrew)]


@pytest.fixture
def replica() -> Replica:
    replica = Replica()
    told(replica, ready())
    return replica


def test_the_next_message_is_applied_and_moves_the_cursor(replica: Replica) -> None:
    assert arrived(told(replica, message(0, "a"), message(1, "b"))) == ["a", "b"]
    assert replica.cursor == cursor(2)


def test_a_known_message_is_dropped(replica: Replica) -> None:
    told(replica, message(0, "a"), message(1, "b"))
    assert told(replica, message(0, "a"), message(1, "b")) == []
    assert (replica.count, replica.cursor) == (2, cursor(2))


def test_a_message_beyond_the_next_is_a_misfit_and_changes_nothing(replica: Replica) -> None:
    told(replica, message(0, "a"))
    with pytest.raises(Misfit):
        told(replica, message(2, "c"))
    assert (replica.count, replica.cursor) == (1, cursor(1))


def test_a_reset_drops_everything(replica: Replica) -> None:
    told(replica, message(0, "a"), delta(1, 0, "text"))
    facts = told(replica, ready(log=LOG), reset("diverged", LOG), message(0, "other"))
    assert Reset("diverged", LOG, 0) in facts
    assert arrived(facts) == ["other"]


def test_a_ready_of_another_log_is_a_reset_even_without_the_word(replica: Replica) -> None:
    told(replica, message(0, "a"))
    facts = told(replica, ready(log=OTHER_LOG), message(0, "other", log=OTHER_LOG))
    assert facts[:2] == [Reset("new_log", OTHER_LOG, 0), Opened(OTHER_LOG, 0, 0, 15, "0")]
    assert arrived(facts) == ["other"]


def test_a_reset_after_such_a_ready_is_told_and_harmless(replica: Replica) -> None:
    told(replica, message(0, "a"))
    facts = told(replica, ready(log=OTHER_LOG), reset(), message(0, "other", log=OTHER_LOG))
    assert arrived(facts) == ["other"]
    assert replica.cursor == cursor(1, OTHER_LOG)


def test_a_stream_that_begins_after_what_is_held_is_asked_again_from_the_start(replica: Replica) -> None:
    with pytest.raises(Misfit):
        told(replica, ready(start=5, count=9))
    assert (replica.cursor, replica.count) == ("", 0)


def test_a_log_that_begins_after_what_is_held_also_then_was_trimmed(replica: Replica) -> None:
    told(replica, message(0, "a"))
    with pytest.raises(Misfit):
        told(replica, ready(start=5, count=6))
    assert replica.cursor == ""
    facts = told(replica, ready(start=5, count=6), message(5, "f"))
    assert facts[0] == Reset("compacted", LOG, 5)
    assert arrived(facts) == ["f"]
    assert replica.cursor == cursor(6)


def test_a_first_connection_may_begin_anywhere() -> None:
    replica = Replica()
    assert arrived(told(replica, ready(start=5, count=6), message(5, "e"))) == ["e"]


def test_text_grows_by_code_points(replica: Replica) -> None:
    facts = told(replica, delta(0, 0, "𝛑é"), delta(0, 2, "."))
    assert grown(facts) == [(0, "𝛑é"), (2, ".")]


def test_text_at_another_place_than_the_end_is_a_misfit(replica: Replica) -> None:
    told(replica, delta(0, 0, "ab"))
    with pytest.raises(Misfit):
        told(replica, delta(0, 3, "c"))


def test_text_begun_anew_replaces(replica: Replica) -> None:
    told(replica, delta(0, 0, "ab"))
    assert grown(told(replica, delta(0, 0, ""), delta(0, 0, "x"))) == [(0, ""), (0, "x")]


def test_after_a_reconnect_text_goes_on_where_it_was(replica: Replica) -> None:
    told(replica, delta(0, 0, "one tw"))
    assert grown(told(replica, ready(), delta(0, 0, "one two"), delta(0, 7, " three"))) == [(6, "o"), (7, " three")]


def test_after_a_reconnect_text_cannot_go_on_unless_it_was_told_again(replica: Replica) -> None:
    told(replica, delta(0, 0, "one"))
    with pytest.raises(Misfit):
        told(replica, ready(), delta(0, 3, " two"))


def test_text_that_changed_while_we_were_away_is_replaced(replica: Replica) -> None:
    told(replica, delta(0, 0, "one tw"))
    assert grown(told(replica, ready(), delta(0, 0, "another"))) == [(0, "another")]


def test_text_for_a_message_that_is_there_is_dropped(replica: Replica) -> None:
    told(replica, message(0, "a"))
    assert told(replica, delta(0, 0, "late")) == []


def test_a_message_takes_over_what_was_written_for_it(replica: Replica) -> None:
    told(replica, delta(0, 0, "ab"), message(0, "ab"))
    assert told(replica, state(1)) == [StateChanged(standin.state_of(1))]


def test_text_that_no_message_took_over_is_given_up_when_the_agent_is_idle(replica: Replica) -> None:
    told(replica, delta(0, 0, "ab"))
    assert told(replica, state(0, "SendingToLLM"))[:-1] == []
    assert told(replica, state(0))[:-1] == [TextDropped(0)]


def test_output_told_again_brings_only_what_is_new(replica: Replica) -> None:
    assert told(replica, tool(0, "abc"), tool(3, "d")) == [ToolWrote("call", 0, "abc"), ToolWrote("call", 3, "d")]
    assert told(replica, ready(), tool(2, "cdef"))[1:] == [ToolWrote("call", 4, "ef")]
    assert told(replica, ready(), tool(2, "cdef"))[1:] == []


def test_output_whose_middle_is_lost_says_so_by_its_offset(replica: Replica) -> None:
    told(replica, tool(0, "abc"))
    assert told(replica, tool(100, "z")) == [ToolWrote("call", 100, "z")]


@pytest.mark.parametrize(
    ("event", "data"),
    [
        ("message", b"{"),
        ("message", b'{"idx":0,"type":"unheard-of"}'),
        ("delta", b'{"idx":"0"}'),
        ("state", b"{}"),
        ("ready", b"null"),
    ],
)
def test_what_cannot_be_read_is_an_error_and_changes_nothing(replica: Replica, event: str, data: bytes) -> None:
    with pytest.raises(ProtocolError, match=event):
        told(replica, encode_event(event, data))
    assert (replica.count, replica.cursor) == (0, cursor(0))


def test_events_of_a_later_protocol_are_passed_over(replica: Replica) -> None:
    assert told(replica, encode_event("weather", b"{}"), standin.heartbeat()) == []


@pytest.mark.parametrize(("said", "taken"), [(0.001, SHORTEST_BEAT_S), (15, 15), (1e12, LONGEST_BEAT_S)])
def test_a_heartbeat_is_believed_within_reason(said: float, taken: float) -> None:
    (event,) = Parser().feed(ready(heartbeat=said))
    assert heartbeat_of(event) == taken


# ------------------------------------------------------------------------------------------------------------ property


@dataclass
class Server:
    """The least that a server is: a log, and what is being written."""

    messages: list[str] = field(default_factory=list)
    draft: str = ""
    drafting: bool = False


@dataclass
class Consumer:
    """What is on screen of somebody who does what the events say."""

    messages: list[str] = field(default_factory=list)
    draft: str = ""
    idx: int = -1

    def take(self, facts: list[Event]) -> None:
        for fact in facts:
            match fact:
                case MessageArrived(message=arrived):
                    assert arrived.idx == len(self.messages)
                    self.messages.append(arrived.content)
                    self.draft, self.idx = "", -1
                case TextGrew():
                    assert fact.offset <= len(self.draft)
                    self.draft, self.idx = self.draft[: fact.offset] + fact.text, fact.idx
                case TextDropped():
                    self.draft, self.idx = "", -1
                case _:
                    pass


TEXTS = st.text(st.sampled_from("ab \n\u2028é𝛑"), min_size=1, max_size=4)
DEEDS = st.one_of(
    st.tuples(st.just("write"), TEXTS),
    st.tuples(st.just("restart"), TEXTS),
    st.tuples(st.just("record"), st.just("")),
    st.tuples(st.just("prompt"), TEXTS),
    st.tuples(st.just("leave"), st.just("")),
    st.tuples(st.just("come"), st.just("")),
)


def do(server: Server, deed: str, text: str) -> list[bytes]:
    """Do it, and give the frames that a connected client is sent."""
    idx = len(server.messages)
    match deed:
        case "write":
            server.draft, before, server.drafting = server.draft + text, len(server.draft), True
            return [delta(idx, before, text)]
        case "restart":
            server.draft, server.drafting = text, True
            return [delta(idx, 0, text)]
        case "record":
            server.messages.append(server.draft)
            server.draft, server.drafting = "", False
            return [message(idx, server.messages[-1])]
        case _:  # a user's words come in between, and what is being written is told anew under the next index
            server.messages.append(text)
            again = [delta(idx + 1, 0, server.draft)] if server.drafting else []
            return [message(idx, text), *again]


def welcome(server: Server, start: int) -> list[bytes]:
    """What a connection begins with, for a client that has the first `start` messages."""
    history = [message(idx, server.messages[idx]) for idx in range(start, len(server.messages))]
    draft = [delta(len(server.messages), 0, server.draft)] if server.drafting else []
    working = "SendingToLLM" if server.drafting else "WaitingForUserInput"
    return [ready(start, len(server.messages)), *history, *draft, state(len(server.messages), working)]


@given(st.lists(DEEDS, max_size=30), st.data())
def test_whatever_happens_the_screen_shows_the_log_and_what_is_being_written(
    deeds: list[tuple[str, str]], data: st.DataObject
) -> None:
    server, replica, consumer = Server(), Replica(), Consumer()
    consumer.take(told(replica, *welcome(server, 0)))
    connected = True
    for deed, text in [*deeds, ("come", "")]:
        if deed == "leave":
            connected = False
        elif deed == "come":
            # A server may begin before what the client has: at least once across connections.
            start = replica.count - data.draw(st.integers(0, replica.count))
            consumer.take(told(replica, *welcome(server, start)))
            connected = True
        else:
            frames = do(server, deed, text)
            if connected:
                consumer.take(told(replica, *frames))
        if connected:
            assert consumer.messages == server.messages
            assert consumer.draft == server.draft
            assert replica.count == len(server.messages)
