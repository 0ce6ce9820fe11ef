"""A recorded session is played: what is shown when, and what readers hear where it goes back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.runtime.house import NOW, HouseStore, events, make_log
from tests.runtime.recordings import BEGUN, TURN, lines, numbered, recording_of
from tests.runtime.test_follower import make_session
from trio_agent.core.cursor import parse_cursor, start_of
from trio_agent.core.errors import Conflict, InvalidContent, NotFound
from trio_agent.core.message import Message
from trio_agent.runtime.follower import Follower
from trio_agent.runtime.player import MAX_PAUSE_S, MAX_SPEED, Player
from trio_agent.runtime.recording import Recording
from trio_agent.runtime.replay import open_replay
from trio_agent.runtime.replayed_session import ReplayedSession
from trio_agent.seams import Entry, rfc3339


@asynccontextmanager
async def played(
    messages: Sequence[Message] = TURN, times: Sequence[float] = (), *, speed: float = 1.0
) -> AsyncIterator[Player]:
    async with open_replay(recording_of(messages, times), speed=speed, clock=lambda: NOW, heartbeat_s=45.0) as hall:
        yield hall.player


def state_of(session: ReplayedSession) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(session.state_json(session.log.cursor))
    return state


async def shown(session: ReplayedSession) -> list[bytes]:
    return await session.log.page(0, session.position)


async def test_messages_come_as_they_were_recorded_and_long_pauses_are_cut(autojump_clock: MockClock) -> None:
    begun = trio.current_time()
    async with played(times=[0, 1.5, 100, 100.25]) as player:
        came = [(player.session.position, 0.0)]
        while player.session.position < player.count:
            await player.session.signal.wait_past(player.session.signal.version)
            came.append((player.session.position, trio.current_time() - begun))
    assert came == [(1, 0.0), (2, 1.5), (3, 1.5 + MAX_PAUSE_S), (4, 1.75 + MAX_PAUSE_S)]


async def test_the_speed_divides_the_time_between_and_pauses_are_cut_after_it(autojump_clock: MockClock) -> None:
    begun = trio.current_time()
    async with played(times=[0, 10, 30, 30], speed=10) as player:
        while player.session.position < 3:
            await player.session.signal.wait_past(player.session.signal.version)
        assert trio.current_time() - begun == pytest.approx(3)
        assert player.session.position == 4, "what was recorded at once is shown at once"


async def test_at_a_high_speed_no_time_is_lost_between_messages(autojump_clock: MockClock) -> None:
    begun = trio.current_time()
    async with played(numbered(5000), speed=MAX_SPEED) as player:
        while player.playing:
            await player.session.signal.wait_past(player.session.signal.version)
    assert trio.current_time() - begun == pytest.approx(4.999)


async def test_who_wakes_late_shows_what_is_due_and_is_late_no_longer(mock_clock: MockClock) -> None:
    async with played(numbered(10)) as player:
        await wait_all_tasks_blocked()
        mock_clock.jump(2.5)
        await wait_all_tasks_blocked()
        assert player.session.position == 3
        mock_clock.jump(0.5)
        await wait_all_tasks_blocked()
        assert player.session.position == 4


async def test_at_an_infinite_speed_all_of_it_is_there_at_once_and_stands() -> None:
    async with played(speed=float("inf")) as player:
        assert (player.session.position, player.playing, player.speed) == (4, False, 1.0)


async def test_what_is_shown_is_the_recording_byte_for_byte(autojump_clock: MockClock) -> None:
    async with played() as player:
        await trio.sleep(10)
        assert await shown(player.session) == lines(TURN)


async def test_while_it_is_paused_nothing_comes_and_then_it_goes_on(autojump_clock: MockClock) -> None:
    async with played() as player:
        await trio.sleep(1.5)
        await player.control(position=None, playing=False, speed=None)
        await trio.sleep(100)
        assert (player.session.position, player.playing) == (2, False)
        await player.control(position=None, playing=True, speed=None)
        await trio.sleep(0.5)
        assert player.session.position == 2, "the time before the next message begins with the playing"
        await trio.sleep(2)
        assert (player.session.position, player.playing) == (4, False)


async def test_once_a_pause_is_confirmed_nothing_comes_that_was_due_at_that_moment(mock_clock: MockClock) -> None:
    async with played(numbered(200)) as player:
        for _ in range(50):
            await player.control(position=None, playing=True, speed=None)
            await wait_all_tasks_blocked()
            mock_clock.jump(1)
            await player.control(position=None, playing=False, speed=None)
            shown_then = player.session.position
            await wait_all_tasks_blocked()
            assert player.session.position == shown_then


async def test_another_speed_holds_from_now_on(autojump_clock: MockClock) -> None:
    async with played(numbered(100)) as player:
        await trio.sleep(2.5)
        await player.control(position=None, playing=None, speed=10)
        await trio.sleep(1.05)
        assert player.session.position == 13


async def test_seeking_forward_goes_on_in_the_same_log_and_back_begins_another(autojump_clock: MockClock) -> None:
    exported = lines(TURN)
    async with played(speed=float("inf")) as player:
        logs = [player.session.log.cursor.log]
        for position in (2, 4, 4, 1, 3):
            await player.control(position=position, playing=None, speed=None)
            assert await shown(player.session) == exported[:position]
            logs.append(player.session.log.cursor.log)
            assert player.session.kept.log == logs[-1]
            assert player.session.kept.facts.title == "run the tests"
            assert not player.playing, "who seeks in what stands wants to look"
        await trio.sleep(100)
        assert player.session.position == 3
    all_shown, back, forward, same, begin, end = logs
    assert all_shown != back == forward == same != begin == end
    assert begin != all_shown


async def test_seeking_while_it_plays_goes_on_playing_from_there(autojump_clock: MockClock) -> None:
    async with played(numbered(20)) as player:
        await player.control(position=10, playing=None, speed=None)
        await trio.sleep(0.9)
        assert player.session.position == 10
        await trio.sleep(1)
        assert player.session.position == 11


async def test_who_goes_back_from_the_end_wants_to_look_until_it_is_played_again(autojump_clock: MockClock) -> None:
    async with played() as player:
        await trio.sleep(100)
        assert (player.session.position, player.playing) == (4, False)
        await player.control(position=2, playing=None, speed=None)
        await trio.sleep(100)
        assert (player.session.position, player.playing) == (2, False)
        await player.control(position=1, playing=True, speed=None)
        await trio.sleep(100)
        assert player.session.position == 4


@pytest.mark.parametrize("position", [-1, 0, 5])
async def test_there_is_no_message_before_the_first_or_after_the_last(position: int) -> None:
    async with played(speed=float("inf")) as player:
        with pytest.raises(InvalidContent, match="position takes 1 to 4"):
            await player.control(position=position, playing=True, speed=2.0)
        assert (player.session.position, player.playing, player.speed) == (4, False, 1.0)


@pytest.mark.parametrize("speed", [0.0, -1.0, 1e9, float("nan"), float("inf")])
async def test_a_speed_that_is_none_is_refused(speed: float) -> None:
    async with played() as player:
        with pytest.raises(InvalidContent, match="speed takes"):
            await player.control(position=2, playing=None, speed=speed)
        assert player.session.position == 1


async def test_commands_at_the_same_time_are_followed_one_after_the_other() -> None:
    async with played(numbered(50, size=100_000), [100.0 * number for number in range(50)]) as player:
        await player.control(position=49, playing=None, speed=None)
        async with trio.open_nursery() as nursery:
            for position in (3, 40, 7, 30):
                nursery.start_soon(lambda at=position: player.control(position=at, playing=None, speed=None))
        assert player.session.position in (3, 40, 7, 30)
        assert await shown_count(player.session) == player.session.position
        assert player.playing, "none of them took another's halt for its own"


async def shown_count(session: ReplayedSession) -> int:
    count = 0
    while count < session.position:
        count += len(await session.log.page(count, session.position))
    return count


async def test_a_long_way_is_gone_in_steps_that_hold_nobody_up() -> None:
    async with played(numbered(60, size=100_000), speed=float("inf")) as player:
        steps = 0
        done = trio.Event()

        async def seek() -> None:
            await player.control(position=1, playing=None, speed=None)
            await player.control(position=60, playing=None, speed=None)
            done.set()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(seek)
            while not done.is_set():
                steps += 1
                await trio.lowlevel.checkpoint()
        assert steps > 10


async def test_the_state_is_what_the_agent_did_at_that_message(autojump_clock: MockClock) -> None:
    async with played(speed=float("inf")) as player:
        told = []
        for position in (1, 2, 3, 4):
            await player.control(position=position, playing=None, speed=None)
            state = state_of(player.session)
            told.append((state["agent_state"], state["outstanding_llm_calls"], state["outstanding_tool_calls"]))
            assert state["message_count"] == position
            assert state["agent_state"] == player.session.state.value
            assert state["log"] == player.session.log.cursor.log
        assert told == [
            ("ProcessingLLMResponse", 1, []),
            ("RunningTool", 0, ["bash"]),
            ("ProcessingLLMResponse", 1, []),
            ("EndOfTurn", 0, []),
        ]
        assert state["total_usage"]["total_cost_usd"] == 0.5
        assert state["total_usage"]["tool_uses"] == {"bash": 1}
        assert state["total_usage"]["start_time"] == rfc3339(BEGUN)
        assert (state["title"], state["model"]) == ("run the tests", "demo")
        assert (state["hostname"], state["working_dir"], state["outside_working_dir"]) == ("", "", "")
        await player.control(position=1, playing=None, speed=None)
        state = state_of(player.session)
        assert (state["total_usage"]["total_cost_usd"], state["model"]) == (0, "")


async def test_a_recording_that_ends_in_the_middle_of_a_turn_ends_with_nobody_at_work() -> None:
    async with played(TURN[:2], speed=float("inf")) as player:
        assert state_of(player.session)["agent_state"] == "EndOfTurn"
        assert player.session.position == 2, "and nothing is written that was not recorded"


class Reader:
    """What a client holds that applies the rules of docs/stream.md; `heard` is each event in a word or two."""

    def __init__(self, follower: Follower) -> None:
        self.follower = follower
        self.heard: list[str] = []
        self.log = follower.cursor.log
        self.messages: list[bytes] = []

    async def run(self) -> None:
        async for chunk in self.follower:
            for event in events(chunk):
                data = json.loads(event.data)
                if event.event == "reset":
                    assert parse_cursor(event.id) == start_of(data["log"])
                    assert (data["reason"], data["from"]) == ("new_log", 0)
                    self.log, self.messages = data["log"], []
                    self.heard.append("reset")
                elif event.event == "message":
                    cursor = parse_cursor(event.id)
                    assert cursor is not None
                    assert cursor.log == self.log
                    assert data["idx"] == len(self.messages) == cursor.index - 1
                    self.messages.append(event.data.encode())
                    self.heard.append(f"message {data['idx']}")
                else:
                    assert data["log"] == self.log
                    assert data["cursor"].startswith(f"{self.log}.{len(self.messages)}.")
                    self.heard.append(f"state {data['message_count']}")


async def test_a_reader_is_told_to_drop_what_it_has_where_the_replay_goes_back(autojump_clock: MockClock) -> None:
    async with played(speed=float("inf")) as player, trio.open_nursery() as nursery:
        reader = Reader(Follower(player.session, start_of(player.session.log.cursor.log)))
        nursery.start_soon(reader.run)
        await trio.sleep(1)
        reader.heard.clear()
        await player.control(position=2, playing=None, speed=None)
        await trio.sleep(1)
        assert [each for each in reader.heard if "state" not in each] == ["reset", "message 0", "message 1"]
        assert reader.heard[-1] == "state 2"
        assert reader.messages == lines(TURN)[:2]
        await player.control(position=3, playing=None, speed=None)
        await trio.sleep(1)
        assert reader.messages == lines(TURN)[:3]
        assert reader.heard.count("reset") == 1
        nursery.cancel_scope.cancel()


async def test_who_comes_with_a_cursor_of_before_is_reset_at_once_or_with_the_next_chunk() -> None:
    async with played(speed=float("inf")) as player:
        before = player.session.log.cursor
        follower = Follower(player.session, before)
        await player.control(position=2, playing=None, speed=None)
        assert await player.session.log.resume(before) == (start_of(player.session.log.cursor.log), "new_log")
        told = [event.event for event in events(await anext(follower))]
        assert told[:3] == ["reset", "message", "message"]


class HeldRecording(Recording):
    """A recording whose reads wait at a gate."""

    def __init__(self, messages: Sequence[Message]) -> None:
        super().__init__("log.jsonl")
        self.gate = trio.Event()
        for line in lines(messages):
            self.add(line)

    async def read(self, log: str, start: int, stop: int) -> list[Entry]:
        await self.gate.wait()
        return await super().read(log, start, stop)


async def test_what_is_read_of_a_log_that_is_no_more_is_sent_to_nobody() -> None:
    recording = HeldRecording(numbered(20, size=600_000))  # more than memory holds of a log's end
    session = ReplayedSession(recording, lambda: NOW, 45.0)
    await session.show_exactly(20)
    follower = Follower(session, start_of(session.log.cursor.log))
    await anext(follower)
    told: list[str] = []

    async def read() -> None:
        told.extend(event.event for event in events(await anext(follower)))

    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(read)
            await wait_all_tasks_blocked()
            version = session.signal.version
            await session.show_exactly(2)
            assert session.signal.version > version, "readers that wait must wake"
            recording.gate.set()
    assert told == ["reset", "message"]


async def test_text_being_written_is_told_again_under_the_new_log(autojump_clock: MockClock) -> None:
    store = HouseStore()
    session = await make_session(store)
    session.write("content", "half a sen")
    follower = Follower(session, session.log.cursor)
    await anext(follower)
    assert [event.event for event in events(await anext(follower))] == ["delta"]
    session.log = await make_log(store, log="zzzzzzzz234567zz")
    session.changed()
    await trio.sleep(1)
    told = events(await anext(follower))
    assert [event.event for event in told] == ["reset", "delta", "state"]
    assert json.loads(told[1].data)["offset"] == 0


@pytest.mark.parametrize("busy_s", [0.0, 0.01, 0.3])
async def test_wherever_it_goes_a_reader_holds_what_is_shown(autojump_clock: MockClock, busy_s: float) -> None:
    messages = numbered(40, size=40_000)
    exported = lines(messages)
    async with played(messages, speed=50) as player, trio.open_nursery() as nursery:
        reader = Reader(Follower(player.session, start_of(player.session.log.cursor.log)))

        async def read() -> None:
            await reader.run()

        nursery.start_soon(read)
        for step in range(60):
            await player.control(position=1 + step * 17 % 40, playing=step % 3 == 0, speed=None)
            await trio.sleep(busy_s)
        await player.control(position=23, playing=False, speed=None)
        await trio.sleep(5)
        assert reader.messages == exported[:23]
        nursery.cancel_scope.cancel()


async def test_nothing_in_a_replay_can_be_begun_changed_or_deleted() -> None:
    async with open_replay(recording_of(TURN), speed=1.0, clock=lambda: NOW, heartbeat_s=45.0) as hall:
        session = await hall.newest()
        assert await hall.session(session.id) is session
        assert session.attendant is not None
        assert (hall.records(), hall.open_sessions()) == ([session.kept], [session])
        for refused in (
            lambda: session.post("hello"),
            lambda: session.cancel(),
            lambda: session.cancel_tool("call-1"),
            lambda: hall.create(),
            lambda: hall.change(session.id, title="another", archived=None),
            lambda: hall.delete(session.id),
            lambda: session.attendant.turn([]),
            lambda: session.attendant.diff(""),
        ):
            with pytest.raises(Conflict, match="this is a replay"):
                await refused()
        for unknown in (
            lambda: hall.session("0" * 16),
            lambda: hall.delete("0" * 16),
            lambda: hall.change("0" * 16, title=None, archived=True),
        ):
            with pytest.raises(NotFound):
                await unknown()


async def test_each_run_has_identities_of_its_own() -> None:
    async def identities() -> tuple[str, str]:
        async with open_replay(recording_of(TURN), speed=1.0, clock=lambda: NOW, heartbeat_s=45.0) as hall:
            session = await hall.newest()
            return session.id, session.log.cursor.log

    (one, log), (other, another_log) = await identities(), await identities()
    assert one != other
    assert log != another_log
