"""The event stream, written and read (WHATWG HTML § 9.2.5 and § 9.2.6)."""

import collections
import itertools
import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.sse_cases.case import SUITE, Case, cases
from trio_agent.core.errors import ProtocolError
from trio_agent.core.sse import Event, Parser, encode_event, encode_retry


def parse(stream: bytes) -> list[Event]:
    return Parser().feed(stream)


def bytewise(parser: Parser, stream: bytes) -> list[Event]:
    return [event for byte in stream for event in parser.feed(bytes([byte]))]


def reference(stream: bytes) -> tuple[list[Event], str, int | None]:
    """The standard's own words, for a stream that is there as a whole: events, last event id, reconnection time."""
    text = stream.decode("utf-8", "replace").removeprefix("\ufeff")
    *lines, _unfinished = re.split("\r\n|\r|\n", text)
    events: list[Event] = []
    data, event_type, id_buffer, last_id, retry = "", "", "", "", None
    for line in lines:
        if line == "":
            last_id = id_buffer
            if data != "":
                events.append(Event(event_type or "message", data.removesuffix("\n"), last_id))
            data, event_type = "", ""
            continue
        if line.startswith(":"):
            continue
        name, value = line.split(":", 1) if ":" in line else (line, "")
        value = value[1:] if value.startswith(" ") else value
        if name == "event":
            event_type = value
        elif name == "data":
            data += value + "\n"
        elif name == "id" and "\0" not in value:
            id_buffer = value
        elif name == "retry" and re.fullmatch("[0-9]{1,9}", value):
            retry = int(value)
    return events, last_id, retry


# A stream, and the events that a browser makes of it.
TABLE: list[tuple[str, bytes, list[Event]]] = [
    ("nothing", b"", []),
    ("one event", b"data: a\n\n", [Event("message", "a")]),
    ("an event without its blank line", b"data: a\n", []),
    ("an event without any line end", b"data: a", []),
    ("a name", b"event: state\ndata: a\n\n", [Event("state", "a")]),
    ("a name holds for one event", b"event: x\ndata: a\n\ndata: b\n\n", [Event("x", "a"), Event("message", "b")]),
    ("the last of two names", b"event: x\nevent: y\ndata: a\n\n", [Event("y", "a")]),
    ("an empty name", b"event: x\nevent:\ndata: a\n\n", [Event("message", "a")]),
    ("an event without data", b"event: x\n\n", []),
    ("its name is forgotten", b"event: x\n\ndata: a\n\n", [Event("message", "a")]),
    ("data of several lines", b"data: a\ndata: b\ndata: c\n\n", [Event("message", "a\nb\nc")]),
    ("data that is empty", b"data:\n\n", [Event("message", "")]),
    ("a field without a colon", b"data\n\n", [Event("message", "")]),
    ("two fields without a colon", b"data\ndata\n\n", [Event("message", "\n")]),
    ("no space after the colon", b"data:a\n\n", [Event("message", "a")]),
    ("one leading space goes, the next stays", b"data:  a \n\n", [Event("message", " a ")]),
    ("a leading tab stays", b"data:\ta\n\n", [Event("message", "\ta")]),
    ("a colon in the value", b"data: a: b:c\n\n", [Event("message", "a: b:c")]),
    ("a comment", b": data: a\n\n:\n\ndata: b\n\n", [Event("message", "b")]),
    ("a field of no meaning", b"date: a\nDATA: b\n data: c\ndata : d\n\n", []),
    ("CR", b"event: x\rdata: a\r\rdata: b\r\r", [Event("x", "a"), Event("message", "b")]),
    ("CRLF", b"event: x\r\ndata: a\r\n\r\ndata: b\r\n\r\n", [Event("x", "a"), Event("message", "b")]),
    ("CR, then CRLF", b"data: a\r\r\ndata: b\r\r\n", [Event("message", "a"), Event("message", "b")]),
    ("LF, then CR", b"data: a\n\rdata: b\n\r", [Event("message", "a"), Event("message", "b")]),
    ("LF, then CRLF", b"data: a\n\r\ndata: b\n\r\n", [Event("message", "a"), Event("message", "b")]),
    ("a byte order mark", b"\xef\xbb\xbfdata: a\n\n", [Event("message", "a")]),
    # Chromium takes the line's end for a part of the next line; the standard does not, and so this is not among the cases.
    ("a byte order mark before an empty line", b"\xef\xbb\xbf\ndata: a\n\n", [Event("message", "a")]),
    ("a second byte order mark is text", b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n", []),
    ("a byte order mark later on is text", b"data: \xef\xbb\xbfa\n\n", [Event("message", "\ufeffa")]),
    ("an id", b"id: 1\ndata: a\n\n", [Event("message", "a", "1")]),
    (
        "an id stays until the next",
        b"id: 1\ndata: a\n\ndata: b\n\n",
        [Event("message", "a", "1"), Event("message", "b", "1")],
    ),
    ("an id without data", b"id: 1\n\ndata: a\n\n", [Event("message", "a", "1")]),
    ("an empty id clears", b"id: 1\n\nid\ndata: a\n\n", [Event("message", "a", "")]),
    ("an id with NUL is ignored", b"id: 1\n\nid: 2\x003\ndata: a\n\n", [Event("message", "a", "1")]),
    ("NUL elsewhere is text", b"data: a\x00b\n\n", [Event("message", "a\x00b")]),
    ("U+2028 is text", "data: a\u2028b\n\n".encode(), [Event("message", "a\u2028b")]),
    ("so is U+2029", "data: a\u2029b\n\n".encode(), [Event("message", "a\u2029b")]),
    ("so is U+0085", "data: a\u0085b\n\n".encode(), [Event("message", "a\u0085b")]),
    ("so are the controls", b"data: a\x0b\x0c\x1c\x1d\x1eb\n\n", [Event("message", "a\x0b\x0c\x1c\x1d\x1eb")]),
    ("UTF-8 of two to four bytes", "data: é€𝄞\n\n".encode(), [Event("message", "é€𝄞")]),
    ("invalid UTF-8", b"data: a\xffb\xc3\n\n", [Event("message", "a\ufffdb\ufffd")]),
    ("a retry beside data", b"retry: 5\ndata: a\n\n", [Event("message", "a")]),
]


@pytest.mark.parametrize(("stream", "events"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_a_stream_is_read_as_the_standard_says(stream: bytes, events: list[Event]) -> None:
    assert parse(stream) == events


@pytest.mark.parametrize(("stream", "events"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_a_stream_is_read_the_same_cut_in_two_anywhere(stream: bytes, events: list[Event]) -> None:
    for cut in range(len(stream) + 1):
        parser = Parser()
        assert parser.feed(stream[:cut]) + parser.feed(stream[cut:]) == events


@pytest.mark.parametrize(("stream", "events"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_a_stream_is_read_the_same_byte_by_byte(stream: bytes, events: list[Event]) -> None:
    assert bytewise(Parser(), stream) == events


@pytest.mark.parametrize(("stream", "events"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_reference_of_these_tests_agrees_with_the_table(stream: bytes, events: list[Event]) -> None:
    assert reference(stream)[0] == events


CASES = cases()
by_case = pytest.mark.parametrize("case", CASES, ids=[f"{case.name}: {case.shows}" for case in CASES])


def test_no_case_of_the_browsers_suite_is_missing() -> None:
    assert SUITE - {case.name for case in CASES} == set()


@by_case
def test_a_case_of_the_browsers_suite_is_read_as_browsers_read_it_at_every_split(case: Case) -> None:
    for cut in range(len(case.stream) + 1):
        parser = Parser()
        events = parser.feed(case.stream[:cut]) + parser.feed(case.stream[cut:])
        assert (events, parser.last_event_id, parser.retry_ms) == (case.events, case.last_event_id, case.retry_ms), cut


@by_case
def test_a_case_of_the_browsers_suite_is_read_the_same_byte_by_byte(case: Case) -> None:
    parser = Parser()
    assert bytewise(parser, case.stream) == case.events
    assert (parser.last_event_id, parser.retry_ms) == (case.last_event_id, case.retry_ms)
    assert reference(case.stream) == (case.events, case.last_event_id, case.retry_ms)


FIELDS = [b"data", b"event", b"id", b"retry", b":", b" ", b"\n", b"\r", b"\r\n", b"\n\n", b"a", b"1", b"\0"]
NOT_ASCII = ["\ufeff".encode(), "\u2028".encode(), "𝄞".encode(), b"\xff", b"\xe2\x80"]
PIECES = st.sampled_from([*FIELDS, *NOT_ASCII])
STREAMS = st.lists(PIECES, max_size=60).map(b"".join)


@given(stream=STREAMS, cuts=st.lists(st.integers(0, 200), max_size=6))
@example(stream=b"\xef\xbb\xbfdata\r\n\r\n", cuts=[1, 2, 8, 9, 10])
def test_any_stream_cut_anywhere_is_read_as_the_standard_says(stream: bytes, cuts: list[int]) -> None:
    parser = Parser()
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    events = [event for begin, end in itertools.pairwise(edges) for event in parser.feed(stream[begin:end])]
    assert (events, parser.last_event_id, parser.retry_ms) == reference(stream)


NAMES = st.from_regex(r"\A[a-z_]+\Z")
DATA = st.text(st.characters(codec="ascii", exclude_characters="\r\n"))
IDS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E))


@given(sent=st.lists(st.tuples(NAMES, DATA, IDS), max_size=4))
def test_what_is_written_is_what_is_read_at_every_split(sent: list[tuple[str, str, str]]) -> None:
    stream = b"".join(encode_event(name, data.encode(), id) for name, data, id in sent)
    expected = [Event(name, data, id) for name, data, id in sent]
    assert bytewise(Parser(), stream) == expected
    for cut in range(len(stream) + 1):
        parser = Parser()
        assert parser.feed(stream[:cut]) + parser.feed(stream[cut:]) == expected


def test_an_event_has_its_fields_one_a_line_and_ends_with_a_blank_line() -> None:
    assert encode_event("message", b'{"idx":0}', "log.1.tag") == b'event: message\nid: log.1.tag\ndata: {"idx":0}\n\n'


def test_an_event_without_an_id_leaves_the_last_one_standing() -> None:
    events = parse(encode_event("message", b"1", "log.1.tag") + encode_event("state", b"2"))
    assert [event.id for event in events] == ["log.1.tag", "log.1.tag"]


@pytest.mark.parametrize("data", [b"a\nb", b"a\rb", b"\n", b"a\n\nevent: message", b"\xe2\x80\xa8", b"\xff"])
def test_data_that_could_break_out_of_its_line_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="one line of ASCII"):
        encode_event("message", data)


@pytest.mark.parametrize("id", ["a\nb", "a\rb", "a b", "\0", "é", "a\n", "\u2028"])
def test_an_id_that_could_break_out_of_its_line_is_refused(id: str) -> None:
    with pytest.raises(ValueError, match="not an event id"):
        encode_event("message", b"1", id)


@pytest.mark.parametrize("name", ["", "a\nb", "a\r", "a:b", "a b", "Message", "é", "message\n"])
def test_a_name_that_could_break_out_of_its_line_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not an event name"):
        encode_event(name, b"1")


def test_the_reconnection_time_is_written_and_read_in_milliseconds() -> None:
    parser = Parser()
    assert parser.feed(encode_retry(1500)) == []
    assert parser.retry_ms == 1500


def test_a_reconnection_time_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="-1 ms"):
        encode_retry(-1)


@pytest.mark.parametrize(
    "value", [b"", b"a", b"-1", b"+1", b"1.5", b"1e3", b"1_0", b" 1", b"1 ", "٣".encode(), b"9" * 5000]
)
def test_a_reconnection_time_that_is_no_number_is_ignored(value: bytes) -> None:
    parser = Parser()
    parser.feed(b"retry: 7\n")
    parser.feed(b"retry: %b\n\n" % value)
    assert parser.retry_ms == 7


def test_the_id_of_an_event_that_was_cut_off_is_not_resumed_from() -> None:
    parser = Parser()
    stream = encode_event("message", b"1", "first") + encode_event("message", b"2", "second")
    parser.feed(stream[:-1])
    assert parser.last_event_id == "first"
    parser.feed(stream[-1:])
    assert parser.last_event_id == "second"


# Each grows without ever completing an event, in another place of the parser's.
ENDLESS = {
    "a line without an end": (b"", b"data: aaaaaaaa"),
    "lines of data": (b"", b"data: aaaaaaaa\n"),
    "empty lines of data": (b"", b"data\n"),
    "an endless comment": (b":", b"aaaaaaaa"),
}


@pytest.mark.parametrize(("begin", "more"), ENDLESS.values(), ids=ENDLESS.keys())
def test_an_endless_event_is_an_error_and_not_an_endless_buffer(begin: bytes, more: bytes) -> None:
    parser = Parser(max_chars=1000)
    parser.feed(begin)
    with pytest.raises(ProtocolError, match="1000"):
        collections.deque(map(parser.feed, itertools.repeat(more, 2000)), maxlen=0)


@pytest.mark.parametrize(
    "stream", [b"data: " + b"a" * 1000 + b"\n\n", b"data: aaa\n" * 250 + b"\n", b":" + b"a" * 1000 + b"\n"]
)
def test_an_event_over_the_bound_is_an_error_also_when_it_comes_whole(stream: bytes) -> None:
    with pytest.raises(ProtocolError):
        Parser(max_chars=900).feed(stream)
    with pytest.raises(ProtocolError):
        bytewise(Parser(max_chars=900), stream)


def test_the_bound_is_on_one_event_and_not_on_the_stream() -> None:
    parser = Parser(max_chars=100)
    events = [event for _ in range(100) for event in parser.feed(b": hello\ndata: " + b"a" * 80 + b"\n\n")]
    assert len(events) == 100


def seconds_to_read(chunks: int) -> float:
    """CPU time to read one line of `chunks` chunks, the best of three: noise only ever adds."""

    def once() -> float:
        parser, chunk = Parser(), b"a" * 4096
        begin = time.process_time()
        for _ in range(chunks):
            parser.feed(chunk)
        return time.process_time() - begin

    return min(once() for _ in range(3))


def test_a_long_line_costs_its_length_and_not_its_square() -> None:
    # Eight times the length took 60 times as long when every chunk was joined to the line before it.
    assert seconds_to_read(4096) < 24 * seconds_to_read(512)
