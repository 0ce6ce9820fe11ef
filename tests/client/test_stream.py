"""The client against a server in memory, on a clock that jumps: when it tries again, when it gives a connection up."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import httpx2
import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.client.standin import (
    OTHER_LOG,
    SESSION,
    URL,
    Answer,
    Cut,
    Pause,
    StandIn,
    bye,
    cursor,
    delta,
    heartbeat,
    message,
    ready,
    reset,
    state,
)
from trio_agent.client import (
    Client,
    Connection,
    ConnectionChanged,
    Event,
    MessageArrived,
    Opened,
    Refused,
    Reset,
    TextGrew,
    connect,
)
from trio_agent.core.sse import encode_retry

END = bye("session_ended")


async def followed(*streams: Answer, uniform: float = 1.0) -> tuple[StandIn, list[Event]]:
    """All events until the session has ended. `uniform` is what every roll of the dice gives."""
    server = StandIn(streams)
    async with connect(URL, transport=server, uniform=lambda: uniform) as client:
        return server, [event async for event in client]


def texts(events: Sequence[Event]) -> list[str]:
    return [event.message.content for event in events if isinstance(event, MessageArrived)]


def connections(events: Sequence[Event]) -> list[Connection]:
    return [event.connection for event in events if isinstance(event, ConnectionChanged)]


def gaps(server: StandIn) -> list[float]:
    times = server.opened_at
    return [round(later - earlier, 3) for earlier, later in pairwise(times)]


async def test_a_session_is_followed_to_its_end(autojump_clock: trio.abc.Clock) -> None:
    server, events = await followed([ready(), state(0), message(0, "a"), state(1), message(1, "b"), END])
    assert texts(events) == ["a", "b"]
    assert [each.state for each in connections(events)] == ["connecting", "open", "ended"]
    (request,) = [each for each in server.asked if each.url.path.endswith("/stream")]
    assert request.url.path == f"/sessions/{SESSION}/stream"
    assert request.url.params["heartbeat"] == "15"
    assert request.headers["authorization"] == "Bearer a-token-of-the-tests"


async def test_a_lost_connection_is_resumed_by_the_cursor(autojump_clock: trio.abc.Clock) -> None:
    server, events = await followed(
        [ready(), message(0, "a"), message(1, "b"), Cut()], [ready(2, 2), message(2, "c"), END]
    )
    assert texts(events) == ["a", "b", "c"]
    assert server.resumed_from == ["", cursor(2)]


async def test_a_stream_that_is_closed_without_a_word_is_resumed_too(autojump_clock: trio.abc.Clock) -> None:
    server, events = await followed([ready(), message(0, "a")], [ready(1, 1), END])
    assert server.resumed_from == ["", cursor(1)]
    assert connections(events)[2].reason == "the server closed the connection"


async def test_a_gap_is_healed_by_a_new_connection(autojump_clock: trio.abc.Clock) -> None:
    server, events = await followed(
        [ready(), message(0, "a"), message(2, "c"), message(3, "d")],
        [ready(1, 4), message(1, "b"), message(2, "c"), message(3, "d"), END],
    )
    assert texts(events) == ["a", "b", "c", "d"]
    assert server.resumed_from == ["", cursor(1)]


async def test_another_log_is_told_as_a_reset(autojump_clock: trio.abc.Clock) -> None:
    _, events = await followed(
        [ready(), message(0, "a"), Cut()],
        [ready(log=OTHER_LOG), reset("new_log", OTHER_LOG), message(0, "z", log=OTHER_LOG), END],
    )
    first = next(place for place, event in enumerate(events) if isinstance(event, Reset))
    assert texts(events[:first]) == ["a"]
    assert texts(events[first:]) == ["z"]


async def test_an_event_cut_off_is_never_delivered(autojump_clock: trio.abc.Clock) -> None:
    _, events = await followed([ready(), message(0, "whole")[:-1], Cut()], [ready(), message(0, "told again"), END])
    assert texts(events) == ["told again"]


async def test_waits_double_while_nobody_listens(autojump_clock: trio.abc.Clock) -> None:
    nobody = httpx2.ConnectError("refused")
    server, _ = await followed(*[nobody] * 7, [ready(), END])
    assert gaps(server) == [0.5, 1, 2, 4, 8, 15, 15]


async def test_every_wait_has_its_jitter(autojump_clock: trio.abc.Clock) -> None:
    nobody = httpx2.ConnectError("refused")
    server, _ = await followed(nobody, nobody, [ready(), END], uniform=0.0)
    assert gaps(server) == [0.125, 0.25]


async def test_opening_alone_does_not_make_the_next_wait_short_again(autojump_clock: trio.abc.Clock) -> None:
    server, _ = await followed([ready()], [ready()], [ready()], [ready(), END])
    assert gaps(server) == [0.5, 1, 2]


async def test_a_connection_that_lived_for_thirty_seconds_does(autojump_clock: trio.abc.Clock) -> None:
    lived = [ready(), Pause(15), heartbeat(), Pause(15), heartbeat()]
    server, _ = await followed([ready()], [ready()], lived, [ready(), END])
    assert gaps(server) == [0.5, 1, 30.5]


async def test_the_retry_field_is_respected_from_the_second_try_on(autojump_clock: trio.abc.Clock) -> None:
    told = [encode_retry(3000), ready()]
    server, _ = await followed(told, told, [ready(), END], uniform=0.0)
    assert gaps(server) == [0.125, 3]


async def test_a_goodbye_says_how_long_to_stay_away(autojump_clock: trio.abc.Clock) -> None:
    server, events = await followed([ready(), bye("shutdown", 7000), message(0, "late")], [ready(), END], uniform=0.0)
    assert gaps(server) == [7]
    assert texts(events) == []
    assert connections(events)[2].reason == "the server is restarting"


async def test_an_overloaded_server_is_left_alone_for_as_long_as_it_says(autojump_clock: trio.abc.Clock) -> None:
    server, _ = await followed([encode_retry(30_000), bye("overload", 30_000)], [ready(), END], uniform=0.0)
    assert gaps(server) == [30]


async def test_a_server_that_answers_later_is_asked_later(autojump_clock: trio.abc.Clock) -> None:
    busy = httpx2.Response(503, headers={"retry-after": "9"}, json={"detail": "the server is shutting down"})
    server, events = await followed(busy, [ready(), END], uniform=0.0)
    assert gaps(server) == [9]
    assert connections(events)[1].reason == "the server is shutting down"


async def test_two_heartbeats_of_silence_are_a_dead_connection(autojump_clock: trio.abc.Clock) -> None:
    server, events = await followed([ready(heartbeat=15), Pause(1000), message(0, "never")], [ready(), END])
    assert gaps(server) == [30]  # and no wait after it
    assert [each.state for each in connections(events)] == ["connecting", "open", "stale", "open", "ended"]
    assert texts(events) == []


async def test_any_byte_is_a_sign_of_life(autojump_clock: trio.abc.Clock) -> None:
    slow = [part for byte in message(0, "x" * 10)[:20] for part in (bytes([byte]), Pause(29))]
    server, events = await followed([ready(heartbeat=15), *slow, message(0, "x" * 10)[20:], END])
    assert texts(events) == ["x" * 10]
    assert len(server.opened_at) == 1


async def test_a_server_that_never_says_ready_is_given_up_after_ten_seconds(autojump_clock: trio.abc.Clock) -> None:
    server, events = await followed([Pause(1000)], [ready(), END])
    assert gaps(server) == [10.5]
    assert connections(events)[1].reason == "no answer from the server"


async def test_a_slow_consumer_is_not_taken_for_a_silent_server(autojump_clock: trio.abc.Clock) -> None:
    server = StandIn([[ready(heartbeat=15), message(0, "a"), message(1, "b"), END]])
    async with connect(URL, transport=server) as client:
        seen = []
        async for event in client:
            await trio.sleep(100)
            seen.append(event)
    assert texts(seen) == ["a", "b"]
    assert len(server.opened_at) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 421, 301])
async def test_a_refusal_ends_it_with_an_error_that_says_why(status: int, autojump_clock: trio.abc.Clock) -> None:
    server = StandIn([httpx2.Response(status, json={"title": "No", "detail": "because"})])
    async with connect(URL, transport=server) as client:
        with pytest.raises(Refused, match="token" if status == 401 else "because") as caught:
            async for _ in client:
                pass
    assert caught.value.status == status
    assert len(server.opened_at) == 1


async def test_what_is_no_event_stream_is_not_read_as_one(autojump_clock: trio.abc.Clock) -> None:
    page = httpx2.Response(200, html="data: nothing\n\n")
    _, events = await followed(page, [ready(), END])
    assert connections(events)[1].reason == "what answered is no event stream"


async def test_what_cannot_be_read_is_asked_for_again(autojump_clock: trio.abc.Clock) -> None:
    broken = message(0, "a").replace(b'"idx"', b'"odx"').replace(b'"content":"a"', b'"content":7')
    server, events = await followed([ready(), broken], [ready(), message(0, "a"), END])
    assert texts(events) == ["a"]
    assert gaps(server) == [0.5]
    assert "message" in connections(events)[2].reason


async def test_the_user_need_not_wait_for_the_next_try(autojump_clock: trio.abc.Clock) -> None:
    nobody = httpx2.ConnectError("refused")
    server = StandIn([nobody] * 6 + [[ready(), END]])
    async with connect(URL, transport=server, uniform=lambda: 1.0) as client:
        async for event in client:
            if isinstance(event, ConnectionChanged) and event.connection.attempt == 6:
                await trio.testing.wait_all_tasks_blocked()
                client.reconnect_now()
    assert gaps(server)[-1] == 0


async def test_a_wait_for_an_event_that_is_given_up_loses_nothing(autojump_clock: trio.abc.Clock) -> None:
    server = StandIn([[ready(), Pause(5), message(0, "a"), Pause(5), message(1, "b"), END]])
    seen: list[Event] = []
    async with connect(URL, transport=server) as client:
        await _take_with_short_patience(client, seen)
    assert texts(seen) == ["a", "b"]
    assert len(server.opened_at) == 1


async def _take_with_short_patience(client: Client, seen: list[Event]) -> None:
    while True:
        with trio.move_on_after(0.5):
            try:
                seen.append(await anext(client))
            except StopAsyncIteration:
                return


async def test_an_error_of_the_block_comes_out_as_it_is(autojump_clock: trio.abc.Clock) -> None:
    with pytest.raises(ZeroDivisionError):
        async with connect(URL, transport=StandIn([[ready(), Pause(1000)]])):
            raise ZeroDivisionError


async def test_leaving_the_block_ends_the_connection(autojump_clock: trio.abc.Clock) -> None:
    server = StandIn([[ready(), Pause(1000)]])
    async with connect(URL, transport=server) as client:
        while not isinstance(await anext(client), Opened):
            pass
        assert server.open_streams == 1
    assert server.open_streams == 0
    assert trio.current_time() < 1000


HISTORY = [
    ready(0, 0),
    state(0, "SendingToLLM"),
    delta(0, 0, "wörd "),
    delta(0, 5, "\U0001d6d1"),
    message(0, "wörd \U0001d6d1"),
    message(1, "zwei\u2028"),
    state(2),
    END,
]


@hypothesis_settings(max_examples=100)
@given(st.lists(st.integers(1, sum(map(len, HISTORY))), max_size=4), st.integers(1, 50))
def test_cut_at_any_byte_nothing_is_lost_and_nothing_comes_twice(cuts: list[int], size: int) -> None:
    def streams() -> list[Answer]:
        whole = b"".join(HISTORY)
        played: list[Answer] = [[*pieces(whole[:cut]), Cut()] for cut in cuts]
        return [*played, pieces(whole)]

    def pieces(data: bytes) -> list[bytes]:
        return [data[at : at + size] for at in range(0, len(data), size)]

    async def main() -> tuple[StandIn, list[Event]]:
        return await followed(*streams())

    # The stand-in tells everything from the start each time: the client has to know what it knows already.
    _, events = trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
    written = ""
    for event in events:
        if isinstance(event, TextGrew):
            written = written[: event.offset] + event.text
    assert texts(events) == ["wörd \U0001d6d1", "zwei\u2028"]
    assert written == "wörd \U0001d6d1"
