"""Text that is still being written: a level that readers catch up with, never a queue."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.runtime.house import events
from trio_agent.core.message import ToolCall
from trio_agent.core.redaction import Redactor
from trio_agent.runtime.live import TOOL_TAIL_CHARS, Live, LiveReader
from trio_agent.runtime.signal import Signal
from trio_agent.runtime.tool_run import ToolRun


@pytest.fixture
def live() -> Live:
    return Live(Signal())


def told(reader: LiveReader, live: Live, idx: int = 0) -> list[dict[str, Any]]:
    return [json.loads(event.data) for event in events(b"".join(reader.frames(live, idx)))]


def delta(idx: int, part: str, offset: int, text: str) -> dict[str, Any]:
    return {"idx": idx, "part": part, "offset": offset, "text": text}


def output(call: str, offset: int, text: str) -> dict[str, Any]:
    return {"tool_call_id": call, "offset": offset, "text": text}


def test_a_reader_gets_what_is_new_and_where_it_stands(live: Live) -> None:
    reader = LiveReader()
    live.write("content", "Hello")
    assert told(reader, live) == [delta(0, "content", 0, "Hello")]
    live.write("content", ", world")
    assert told(reader, live) == [delta(0, "content", 5, ", world")]
    assert told(reader, live) == []


def test_offsets_count_code_points(live: Live) -> None:
    reader = LiveReader()
    live.write("content", "e\u0301😀ü")
    told(reader, live)
    live.write("content", "!")
    assert told(reader, live) == [delta(0, "content", 4, "!")]


def test_a_late_reader_gets_all_so_far_in_one_piece_from_the_start(live: Live) -> None:
    for word in ("one ", "two ", "three"):
        live.write("content", word)
        live.emit("call", word)
    assert told(LiveReader(), live) == [delta(0, "content", 0, "one two three"), output("call", 0, "one two three")]


def test_a_reader_that_was_away_gets_one_piece_however_much_was_written(live: Live) -> None:
    reader = LiveReader()
    live.write("content", "0")
    told(reader, live)
    for _ in range(10_000):
        live.write("content", "1")
    assert told(reader, live) == [delta(0, "content", 1, "1" * 10_000)]


def test_the_parts_of_a_message_are_told_apart(live: Live) -> None:
    reader = LiveReader()
    live.write("thinking", "hm")
    live.write("content", "so")
    assert told(reader, live) == [delta(0, "thinking", 0, "hm"), delta(0, "content", 0, "so")]
    live.write("thinking", "!")
    assert told(reader, live) == [delta(0, "thinking", 2, "!")]


def test_a_part_begun_anew_is_told_from_the_start(live: Live) -> None:
    reader = LiveReader()
    live.write("content", "void void void")
    told(reader, live)
    live.write("content", "new", restart=True)
    assert told(reader, live) == [delta(0, "content", 0, "new")]


def test_a_part_begun_anew_is_told_while_it_is_empty_once(live: Live) -> None:
    reader = LiveReader()
    live.write("content", "void")
    told(reader, live)
    live.write("content", "", restart=True)
    assert told(reader, live) == [delta(0, "content", 0, "")]
    assert told(reader, live) == []


def test_a_message_that_comes_between_moves_the_text_to_the_next_index(live: Live) -> None:
    reader = LiveReader()
    live.write("content", "Hello")
    told(reader, live, 3)
    assert told(reader, live, 4) == [delta(4, "content", 0, "Hello")], "the client forgot what it had under 3"
    live.write("content", "!")
    assert told(reader, live, 4) == [delta(4, "content", 5, "!")]


def test_a_message_that_comes_between_does_not_repeat_what_tools_said(live: Live) -> None:
    reader = LiveReader()
    live.emit("call", "working")
    told(reader, live, 3)
    assert told(reader, live, 4) == []


def test_the_next_message_s_text_begins_at_its_start(live: Live) -> None:
    reader = LiveReader()
    live.write("content", "first answer")
    told(reader, live, 0)
    live.drop_parts()
    assert told(reader, live, 1) == []
    live.write("content", "second")
    assert told(reader, live, 1) == [delta(1, "content", 0, "second")]


def test_of_a_tool_s_output_the_last_16_kib_are_kept(live: Live) -> None:
    live.emit("call", "a" * TOOL_TAIL_CHARS)
    live.emit("call", "bcd")
    assert TOOL_TAIL_CHARS == 16 * 1024
    assert told(LiveReader(), live) == [output("call", 3, "a" * (TOOL_TAIL_CHARS - 3) + "bcd")]


def test_output_larger_than_the_tail_in_one_piece_is_cut_too(live: Live) -> None:
    live.emit("call", "a" * 100_000 + "end")
    (piece,) = told(LiveReader(), live)
    assert (piece["offset"], len(piece["text"])) == (100_003 - TOOL_TAIL_CHARS, TOOL_TAIL_CHARS)
    assert piece["text"].endswith("aend")


def test_a_reader_that_fell_behind_the_tail_goes_on_where_it_begins(live: Live) -> None:
    reader = LiveReader()
    live.emit("call", "start")
    told(reader, live)
    live.emit("call", "x" * (TOOL_TAIL_CHARS + 10))
    (piece,) = told(reader, live)
    assert piece["offset"] == 15
    live.emit("call", "y")
    assert told(reader, live) == [output("call", TOOL_TAIL_CHARS + 15, "y")]


def test_a_call_that_ended_is_forgotten_and_one_of_its_name_begins_anew(live: Live) -> None:
    reader = LiveReader()
    live.emit("call", "first")
    told(reader, live)
    live.drop_tool("call")
    assert told(reader, live) == []
    live.emit("call", "second")
    assert told(reader, live) == [output("call", 0, "second")]


def test_nothing_is_kept_for_readers(live: Live) -> None:
    for _ in range(1000):
        live.emit("call", "z" * 1000)
    output = live.tools["call"]
    assert output.end - output.start == len(output.since(output.start)) == TOOL_TAIL_CHARS
    live.drop_tool("call")
    live.drop_parts()
    assert not live.tools
    assert not live.parts


def test_what_cannot_be_encoded_is_replaced(live: Live) -> None:
    live.write("content", "a\ud800b")
    live.emit("call", "\udfff")
    assert told(LiveReader(), live) == [delta(0, "content", 0, "a\ufffdb"), output("call", 0, "\ufffd")]


def test_every_piece_wakes_those_who_wait(live: Live) -> None:
    before = live._signal.version
    live.write("content", "a")
    live.emit("call", "b")
    assert live._signal.version == before + 2


async def test_output_that_comes_after_the_tool_ended_is_dropped(live: Live) -> None:
    run = ToolRun(ToolCall(name="bash", input="{}", tool_call_id="call"), live)
    run.emit("while it runs")
    live.drop_tool("call")
    run.finished.set()
    run.emit("too late")
    assert not live.tools


def test_a_secret_is_never_shown_however_its_pieces_come() -> None:
    live = Live(Signal(), Redactor(["canary-1234"]))
    reader = LiveReader()
    shown: dict[str, str] = {}
    for piece in ("a can", "ary-", "12", "34 b", " sk-ant-", "aB3_-" * 8, "."):
        live.write("content", piece)
        live.emit("call", piece)
        for data in told(reader, live):
            name = data.get("part", "tool")
            shown[name] = shown.get(name, "") + data["text"]
    assert shown == dict.fromkeys(("content", "tool"), "a [redacted] b [redacted].")


def test_text_begun_anew_is_not_joined_to_what_was_held_back() -> None:
    live = Live(Signal(), Redactor(["canary-1234"]))
    live.write("content", "can")
    live.write("content", "ary-1234", restart=True)
    assert live.parts["content"].since(0) == "ary-1234"
