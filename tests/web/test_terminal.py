"""Terminals as a client of the contract sees them: a token, then bytes; and how it is told that it is over."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
import trio
from trio.testing import MockClock
from trio_websocket import ConnectionClosed, WebSocketConnection, wrap_client_stream

from tests.web.serving import TOKEN, Server, descriptors, serving_app, settled, tasks
from tests.web.terminal_agent import PlayedTerminal, TerminalAgent
from tests.web.test_replay import replaying
from trio_agent.web.guard import Access

HELLO = json.dumps({"token": TOKEN})


@asynccontextmanager
async def connected(
    server: Server, path: str = "terminal/1", headers: list[tuple[bytes, bytes]] | None = None
) -> AsyncIterator[WebSocketConnection]:
    async with await server.connect() as stream, spoken(stream, server.host, path, headers) as socket:
        yield socket


@asynccontextmanager
async def spoken(
    stream: trio.SocketStream, host: str, path: str, headers: list[tuple[bytes, bytes]] | None = None
) -> AsyncIterator[WebSocketConnection]:
    # The stream is ours: by itself the client leaves it open where the server was the first to close.
    async with trio.open_nursery() as nursery:
        yield await wrap_client_stream(nursery, stream, host, f"/{path}", extra_headers=headers)
        nursery.cancel_scope.cancel()


async def end_of(socket: WebSocketConnection) -> tuple[int, str]:
    """The code and the reason by which it is closed; what comes before is passed over."""
    try:
        while True:
            await socket.get_message()
    except ConnectionClosed as closed:
        return (closed.reason.code, closed.reason.reason or "") if closed.reason else (1006, "")


async def text_of(socket: WebSocketConnection) -> dict[str, Any]:
    """The next text frame."""
    while not isinstance(message := await socket.get_message(), str):
        pass
    said: dict[str, Any] = json.loads(message)
    return said


async def read_until(socket: WebSocketConnection, mark: bytes) -> bytes:
    data = b""
    while mark not in data:
        message = await socket.get_message()
        assert isinstance(message, bytes), message
        data += message
    return data


async def read_until_text(socket: WebSocketConnection, field: str) -> None:
    while field not in await text_of(socket):
        pass


def terminal_of(server: Server, number: int = 1) -> PlayedTerminal:
    assert isinstance(server.agent, TerminalAgent)
    return server.agent.terminals[number]


@pytest.mark.parametrize("of_session", [False, True])
async def test_the_scrollback_comes_first_and_then_what_is_shown_and_nothing_else(of_session: bool) -> None:
    async with serving_app(TerminalAgent()) as server:
        session = await server.session()
        async with connected(server, f"sessions/{session.id}/terminal/2" if of_session else "terminal/2") as socket:
            await socket.send_message(HELLO)
            assert await socket.get_message() == b"scrollback\r\n"
            terminal_of(server, 2).show(b"new")
            assert await socket.get_message() == b"new"
            # Text is said to who asks for it only.
            terminal_of(server, 2).resize(1, 1)
            terminal_of(server, 2).change(exit_status=0)
            terminal_of(server, 2).show(b"last")
            assert await socket.get_message() == b"last"


async def test_what_is_typed_arrives_in_order_and_a_size_too() -> None:
    async with serving_app(TerminalAgent()) as server, connected(server) as socket:
        await socket.send_message(HELLO)
        for data in (b"a", b"\x03", b"\xff\x00", b"", b"z"):
            await socket.send_message(data)
        await terminal_of(server).wait_typed(b"a\x03\xff\x00z")
        await socket.send_message('{"resize":[120,40]}')
        await terminal_of(server).wait_size(120, 40)


async def test_viewers_of_one_terminal_see_the_same_and_those_of_another_do_not() -> None:
    async with serving_app(TerminalAgent()) as server, connected(server) as one, connected(server) as other:
        for socket in (one, other):
            await socket.send_message(HELLO)
            await read_until(socket, b"scrollback\r\n")
        async with connected(server, "terminal/2") as second:
            await second.send_message(HELLO)
            await read_until(second, b"scrollback\r\n")
            terminal_of(server).show(b"for both")
            assert [await one.get_message(), await other.get_message()] == [b"for both"] * 2
            terminal_of(server, 2).show(b"for one")
            assert await second.get_message() == b"for one"


async def test_who_asks_is_told_of_the_replay_the_size_and_the_shell() -> None:
    async with serving_app(TerminalAgent()) as server, connected(server) as socket:
        await socket.send_message(json.dumps({"token": TOKEN, "control": True, "resize": [100, 30]}))
        assert json.loads(await socket.get_message()) == {"server_run": server.serving.run_id}
        assert json.loads(await socket.get_message()) == {"replaying": True}
        assert await socket.get_message() == b"scrollback\r\n"
        assert json.loads(await socket.get_message()) == {"replaying": False}
        assert await text_of(socket) == {"size": [100, 30], "own": True, "exit_status": None}
        terminal_of(server).resize(90, 20)
        assert await text_of(socket) == {"size": [90, 20], "own": False, "exit_status": None}
        terminal_of(server).change(exit_status=3)
        assert (await text_of(socket))["exit_status"] == 3
        await socket.send_message('{"ping":7}')
        assert await text_of(socket) == {"pong": 7}


async def test_each_run_of_the_server_has_a_name_of_its_own() -> None:
    async with serving_app(TerminalAgent()) as one, serving_app(TerminalAgent()) as other:
        assert one.serving.run_id != other.serving.run_id


async def test_a_viewer_that_lost_the_thread_is_told_that_it_is_replayed_to() -> None:
    async with serving_app(TerminalAgent()) as server, connected(server) as socket:
        await socket.send_message(json.dumps({"token": TOKEN, "control": True}))
        await text_of(socket)
        assert (await text_of(socket), await text_of(socket)) == ({"replaying": True}, {"replaying": False})
        await text_of(socket)
        terminal_of(server).show(b"what is kept", forget=True)
        terminal_of(server).begin += 1
        assert json.loads(await socket.get_message()) == {"replaying": True}
        assert await socket.get_message() == b"hat is kept"
        assert json.loads(await socket.get_message()) == {"replaying": False}


FIRST = ["", "{}", '{"token":"wrong"}', '{"token":null}', '{"token":["a"]}', "[]", "null", "{", TOKEN, "[" * 4000]


@pytest.mark.parametrize("first", [*FIRST, b"\xff", b"", '{"token":"\\ud800"}', '{"token":"é"}'], ids=ascii)
async def test_without_the_token_in_the_first_frame_nothing_is_shown(first: str | bytes) -> None:
    async with serving_app(TerminalAgent()) as server, connected(server) as socket:
        await socket.send_message(first)
        with pytest.raises(ConnectionClosed) as closed:
            await socket.get_message()
        assert closed.value.reason is not None
        assert closed.value.reason.code == 4401
        assert TOKEN not in str(closed.value.reason)


async def test_no_other_way_lets_anybody_in() -> None:
    async with serving_app(TerminalAgent()) as server:
        bearer = [(b"Authorization", f"Bearer {TOKEN}".encode())]
        async with connected(server, f"terminal/1?access_token={TOKEN}", bearer) as socket:
            await socket.send_message("{}")
            assert (await end_of(socket))[0] == 4401


async def test_where_nobody_is_asked_for_a_token_the_first_frame_comes_all_the_same() -> None:
    async with serving_app(TerminalAgent(), access=Access(None)) as server, connected(server) as socket:
        await socket.send_message("{}")
        assert await socket.get_message() == b"scrollback\r\n"


async def test_who_says_nothing_is_closed_after_10_s(autojump_clock: MockClock) -> None:
    async with serving_app(TerminalAgent()) as server, connected(server) as socket:
        begin = trio.current_time()
        assert (await end_of(socket))[0] == 4408
        assert trio.current_time() - begin == pytest.approx(10, abs=0.5)


async def test_who_has_shown_no_token_begins_nothing_takes_nobodys_place_and_is_freed_after_10_s(
    autojump_clock: MockClock,
) -> None:
    agent = TerminalAgent()
    async with serving_app(agent, max_streams=1) as server:
        await settled(lambda: True)
        before = tasks(), descriptors()
        async with AsyncExitStack() as stack:
            silent = [await stack.enter_async_context(connected(server)) for _ in range(30)]
            async with connected(server) as viewer:
                await viewer.send_message(HELLO)
                await read_until(viewer, b"scrollback")
            assert agent.asked == [1], "only who showed the token has had a terminal looked for"
            assert [await end_of(each) for each in silent] == [(4408, "no first frame within 10 s")] * 30
            assert trio.current_time() < 15
        await settled(lambda: (tasks(), descriptors()) == before)


@pytest.mark.parametrize("path", ["terminal/3", "terminal/0", "terminal/999", "sessions/nobody/terminal/1"])
async def test_a_terminal_that_is_not_there_is_called_so(path: str) -> None:
    async with serving_app(TerminalAgent()) as server, connected(server, path) as socket:
        await socket.send_message(HELLO)
        assert (await end_of(socket))[0] == 4404


async def test_an_agent_without_terminals_has_none() -> None:
    async with serving_app() as server, connected(server) as socket:
        await socket.send_message(HELLO)
        assert await end_of(socket) == (4404, "the agent of this session offers no terminals")


@pytest.mark.parametrize(
    "text", ["", "resize", "{", '{"close":"maybe"}', '{"resize":[1]}', '{"resize":["80","24"]}', '{"resize":[1e9,1.5]}']
)
async def test_a_text_frame_that_is_no_control_ends_the_connection(text: str) -> None:
    async with serving_app(TerminalAgent()) as server, connected(server) as socket:
        await socket.send_message(HELLO)
        await socket.send_message(text)
        assert (await end_of(socket))[0] == 4400


async def test_words_of_a_newer_client_are_passed_over() -> None:
    async with serving_app(TerminalAgent()) as server, connected(server) as socket:
        await socket.send_message(json.dumps({"token": TOKEN, "newer": 1}))
        await socket.send_message('{"newer":[1]}')
        await socket.send_message(b"typed")
        await terminal_of(server).wait_typed(b"typed")


async def test_shutdown_says_so_to_every_viewer() -> None:
    async with serving_app(TerminalAgent()) as server, connected(server) as socket, connected(server) as silent:
        await socket.send_message(HELLO)
        await read_until(socket, b"scrollback")
        server.serving.stop()
        assert (await end_of(socket))[0] == 1001
        await silent.aclose()
        await settled(server.stopped.is_set)


async def test_when_the_session_ends_its_viewers_are_told() -> None:
    async with serving_app(TerminalAgent()) as server, connected(server) as socket:
        await socket.send_message(HELLO)
        await read_until(socket, b"scrollback")
        terminal_of(server).change(over=True)
        assert (await end_of(socket))[0] == 4410


async def test_who_closes_a_terminal_is_asked_where_a_program_runs_in_it_and_all_viewers_are_told() -> None:
    async with serving_app(TerminalAgent()) as server, connected(server) as socket, connected(server) as other:
        for each in (socket, other):
            await each.send_message(json.dumps({"token": TOKEN, "control": True}))
            await read_until_text(each, "size")
        terminal_of(server).program = "vim"
        await socket.send_message('{"close":"ask"}')
        assert await text_of(socket) == {"runs": "vim"}
        await socket.send_message('{"close":"now"}')
        assert [await end_of(each) for each in (socket, other)] == [(4204, "the terminal was closed")] * 2


async def test_a_terminal_in_which_nothing_runs_is_closed_without_a_question() -> None:
    async with serving_app(TerminalAgent()) as server, connected(server) as socket:
        await socket.send_message(HELLO)
        await socket.send_message('{"close":"ask"}')
        assert (await end_of(socket))[0] == 4204


async def test_terminals_take_places_among_the_streams() -> None:
    async with serving_app(TerminalAgent(), max_streams=1) as server, connected(server) as one:
        await one.send_message(HELLO)
        await read_until(one, b"scrollback")
        async with connected(server) as other:
            await other.send_message(HELLO)
            assert (await end_of(other))[0] == 1013
        await one.aclose()
        async with connected(server) as third:
            await third.send_message(HELLO)
            await read_until(third, b"scrollback")


async def test_a_viewer_that_reads_nothing_delays_nobody() -> None:
    async with serving_app(TerminalAgent()) as server, connected(server) as quick, connected(server) as stuck:
        for socket in (quick, stuck):
            await socket.send_message(HELLO)
        await read_until(quick, b"scrollback")
        for number in range(200):
            terminal_of(server).show(b"x" * 65536 + b"%d." % number)
            await read_until(quick, b"%d." % number)


async def test_a_replay_has_no_terminals() -> None:
    async with replaying() as replay:
        host, port = replay.client.base_url.host, replay.client.base_url.port
        assert port is not None
        async with (
            await trio.open_tcp_stream(host, port) as stream,
            spoken(stream, f"{host}:{port}", "terminal/1") as socket,
        ):
            await socket.send_message(HELLO)
            assert (await end_of(socket))[0] == 4404
