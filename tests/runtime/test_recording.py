"""Reading an exported log: what is taken as it stands, and what is refused with the line that is wrong."""

from __future__ import annotations

import io

import pytest

from tests.runtime.recordings import BEGUN, TURN, lines, recording_of
from trio_agent.core.cursor import FIRST_TAG, next_tag
from trio_agent.core.errors import InvalidContent, StoreRefused
from trio_agent.runtime.recording import MAX_LINE_BYTES, read_recording
from trio_agent.seams import Entry, SessionRecord


def read(text: bytes) -> None:
    read_recording("log.jsonl", io.BytesIO(text))


async def test_messages_come_out_byte_for_byte_and_chained() -> None:
    exported = lines(TURN)
    recording = recording_of(TURN)
    entries = await recording.read("abcdefgh234567ab", 0, 99)
    assert [entry.wire for entry in entries] == exported
    tag = FIRST_TAG
    for index, entry in enumerate(entries):
        tag = next_tag(tag, entry.wire)
        assert (entry.log, entry.index, entry.tag) == ("abcdefgh234567ab", index, tag)


async def test_it_gives_out_and_takes_nothing() -> None:
    recording = recording_of(TURN)
    with pytest.raises(StoreRefused):
        await recording.append([Entry("abcdefgh234567ab", 4, b"{}", "0" * 12)])
    with pytest.raises(StoreRefused):
        await recording.save(SessionRecord(session_id="s", log="abcdefgh234567ab", created=""))
    assert await recording.sessions() == []
    assert recording.count == len(TURN)


def test_times_never_go_back_and_a_message_without_one_came_with_the_one_before() -> None:
    assert recording_of(TURN, [0, 5, 3, 9]).times == [BEGUN, BEGUN + 5, BEGUN + 5, BEGUN + 9]
    odd = b"".join(
        b'{"type":"auto","idx":%d,"timestamp":"%b"}\n' % (index, when)
        for index, when in enumerate([b"2026-11-18T06:13:20Z", b"yesterday", b"2026-11-18T06:13:24", b"0001-01-01"])
    )
    times = read_recording("log.jsonl", io.BytesIO(odd)).times
    assert [at - times[0] for at in times] == [0, 0, 4, 4]


GOOD, NEXT = lines(TURN)[:2]
BAD = {
    "is empty": (b"", "log.jsonl is empty"),
    "is no JSON": (GOOD + b"\nhello\n", "log.jsonl, line 2: not JSON"),
    "was cut": (GOOD + b"\n" + NEXT[:-5], "log.jsonl, line 2: not JSON"),
    "has a blank line": (GOOD + b"\n\n" + NEXT, "log.jsonl, line 2: not JSON"),
    "is one long array": (b"[" * 100_000, "log.jsonl, line 1: not a message"),
    "nests without end": (GOOD[:-1] + b',"display":{"a":' + b"[" * 100_000, "log.jsonl, line 1: not JSON"),
    "is no UTF-8": (b'{"type":"auto","idx":0,"timestamp":"","content":"\xff"}', "log.jsonl, line 1: not JSON"),
    "is an object of something else": (b'{"a": 1}', "line 1: not a message of trio-agent: .*`type`"),
    "is of no known type": (GOOD.replace(b'"user"', b'"other"'), "line 1: not a message of trio-agent: .*other"),
    "begins in the middle": (NEXT, "line 1: message 1 stands where 0 is due"),
    "says a message twice": (GOOD + b"\n" + GOOD, "line 2: message 0 stands where 1 is due"),
    "lacks a message": (b"\n".join([GOOD, lines(TURN)[2]]), "line 2: message 2 stands where 1 is due"),
    "has a line without end": (GOOD + b"\n" + b"x" * (MAX_LINE_BYTES + 1), "line 2: longer than"),
}


@pytest.mark.parametrize(("text", "told"), BAD.values(), ids=BAD)
def test_what_is_no_log_is_refused_and_the_line_named(text: bytes, told: str) -> None:
    with pytest.raises(InvalidContent, match=told) as refused:
        read(text)
    assert len(str(refused.value).splitlines()) == 1


def test_a_last_line_without_its_end_and_lines_of_windows_are_lines() -> None:
    assert read_recording("log.jsonl", io.BytesIO(b"\r\n".join(lines(TURN)))).count == len(TURN)


def test_a_message_of_a_person_s_own_making_is_put_as_the_wire_has_it() -> None:
    text = '{ "idx": 0, "type": "user", "content": "grüße", "timestamp": "", "more": 1 }'.encode()
    (entry,) = read_recording("log.jsonl", io.BytesIO(text)).entries("abcdefgh234567ab", 0, 1)
    assert entry.wire.isascii()
    assert b'"content":"gr\\u00fc\\u00dfe"' in entry.wire
    assert b"more" not in entry.wire
