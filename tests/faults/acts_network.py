"""What networks and proxies do. Each act begins on a connected page and ends when the network is well again."""

from __future__ import annotations

from tests.faults.link import End, Snag
from tests.faults.proxy import PAGES_HEARTBEAT_S
from tests.faults.stage import Stage

WHILE_AWAY = "echo while you were away"
STARS = "echo Grüße, 世界 \U0001f680\U0001f30d " + " ".join(["\U0001f680\U0001f30d"] * 20)
ROCKET = b"\\ud83d\\ude80"
"""How the wire, which is ASCII, writes a character beyond U+FFFF."""

PORTAL = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n\r\n"
    b"<!doctype html><title>Welcome</title><p>Accept our terms to go on.</p>"
)
GARBAGE = (
    b"\x16\x03\x01\x00\xf4\x01\x00\x00\xf0\x03\x03 not a word of HTTP\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nnot a length\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nevent: ready\ndata: {\n\n",
    b"\x00" * 2000,
)
JUNK = b"\r\n<html><h1>502 Bad Gateway</h1></html>\r\n"


def cut(stage: Stage, how: End, *, all_links: bool = False) -> None:
    stage.proxy.end(how, all_links=all_links)
    stage.say(WHILE_AWAY)


def reset(stage: Stage) -> None:
    """The connection is reset."""
    cut(stage, "reset")


def finish(stage: Stage) -> None:
    """The connection ends in the middle of the answer."""
    cut(stage, "finish")


def half_close(stage: Stage) -> None:
    """The other side says that it is done, and goes on listening."""
    cut(stage, "half")


def reset_everything(stage: Stage) -> None:
    """All connections are reset, those of posts too."""
    cut(stage, "reset", all_links=True)


def swallow(stage: Stage) -> None:
    """Nothing arrives any more and nobody is told: to be noticed by the silence."""
    with stage.visited_again():
        stage.proxy.swallow(all_links=False)
        stage.say(WHILE_AWAY)


def swallow_everything(stage: Stage) -> None:
    """Also what the browser keeps for later: it tries one dead connection after the other."""
    with stage.visited_again():
        stage.proxy.swallow()
        stage.say_here(f"echo into the void {stage.number}")


def swallow_at_full_heartbeat(stage: Stage) -> None:
    """The same with the heartbeat that the page asks for, 15 s."""
    stage.proxy.heartbeat_s = PAGES_HEARTBEAT_S
    with stage.visited_again():
        stage.proxy.end("finish")
    stage.wait_connected()
    swallow(stage)


def swallow_and_dark(stage: Stage) -> None:
    """The connection dies in silence, and the next ones are accepted and never answered."""
    stage.proxy.weather(dark=True)
    swallow(stage)
    stage.lasts(stage.draw("dark_s", 1, 6))


def stall(stage: Stage) -> None:
    """All stands still, but not long enough to be taken for dead: the connection stays."""
    visits = len(stage.proxy.visits)
    stage.proxy.weather(stalled=True)
    stage.say(WHILE_AWAY)
    stage.lasts(stage.draw("stalled_s", 0.5, 6))
    stage.proxy.weather(stalled=False)
    stage.counts["stalls that were sat out"] += len(stage.proxy.visits) == visits


def cut_at_byte(stage: Stage) -> None:
    """It breaks off after some byte, in the middle of an event mostly."""
    how: End = "reset" if stage.chance.random() < 0.5 else "finish"
    with stage.visited_again():
        stage.proxy.snag(Snag(how, stage.pick("byte", 1, 6000)))
        stage.say("burst 30 300")


def cut_within_character(stage: Stage) -> None:
    """It breaks off in the middle of a character."""
    with stage.visited_again():
        stage.proxy.snag(Snag("reset", stage.pick("byte", 1, len(ROCKET) - 1), ROCKET))
        stage.say(STARS)


def cut_before_ready(stage: Stage) -> None:
    """The next answers break off in their headers or in their first event."""
    for _ in range(stage.pick("times", 1, 2)):
        with stage.visited_again(2):
            stage.proxy.snag(Snag("reset", stage.pick("byte", 1, 900)), next_stream=True)
            stage.proxy.end("finish")
    stage.say(WHILE_AWAY)


def crumbs(stage: Stage) -> None:
    """All comes in pieces of a few bytes."""
    stage.proxy.weather(crumb_bytes=stage.pick("bytes", 1, 7))
    with stage.visited_again():
        stage.proxy.end("finish")
        stage.say(STARS)
    stage.wait_connected()


def delay(stage: Stage) -> None:
    """Each piece comes late."""
    stage.proxy.weather(delay_s=stage.draw("delay_s", 0.05, 0.4))
    with stage.visited_again():
        stage.proxy.end("finish")
        stage.say("burst 10 200")
    stage.wait_connected()


def buffering(stage: Stage) -> None:
    """A proxy that passes a stream on in large pieces; some hold back even its beginning."""
    stage.proxy.weather(hold_bytes=stage.pick("bytes", 2_000, 40_000))
    if stage.choose("from", "now on", "the start") == "the start":
        with stage.visited_again():
            stage.proxy.end("finish")
    stage.say("burst 40 400")
    stage.lasts(stage.draw("held_s", 0.5, 5))


def flapping(stage: Stage) -> None:
    """It comes back, and goes again."""
    for _ in range(stage.pick("times", 2, 4)):
        with stage.visited_again():
            stage.proxy.end("reset")
            stage.say(WHILE_AWAY)
        stage.wait_connected()


def refused(stage: Stage) -> None:
    """For a while nobody listens."""
    with stage.none_listens():
        stage.proxy.end("reset", all_links=True)
        stage.say(WHILE_AWAY)
        stage.lasts(stage.draw("refused_s", 0.5, 5))


def never_answers(stage: Stage) -> None:
    """New connections are accepted, and nothing comes back."""
    stage.proxy.weather(dark=True)
    with stage.visited_again():
        stage.proxy.end("finish", all_links=True)
        stage.say(WHILE_AWAY)
    stage.lasts(stage.draw("dark_s", 0.5, 12))


def answered_for(stage: Stage, data: bytes, *, streams_only: bool) -> None:
    """The connections end, and for a while a proxy answers in the server's place."""
    times = stage.pick("times", 1, 3)
    with stage.visited_again(times):
        stage.proxy.answer(data, times=times if streams_only else 50, kind="stream" if streams_only else None)
        stage.proxy.end("finish", all_links=True)
        stage.say(WHILE_AWAY)


def busy(stage: Stage) -> None:
    """A proxy answers 429, 500, 502, 503 or 504, with a time to wait or without."""
    status = stage.choose(
        "status",
        "500 Internal Server Error",
        "502 Bad Gateway",
        "503 Service Unavailable",
        "504 Gateway Timeout",
        "429 Too Many Requests",
    )
    stage.asked_to_wait_s = stage.pick("retry_after", 0, 3)
    wait = f"Retry-After: {stage.asked_to_wait_s}\r\n" if stage.asked_to_wait_s else ""
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: 0\r\nConnection: close\r\n{wait}\r\n"
    answered_for(stage, head.encode(), streams_only=stage.chance.random() < 0.5)


def refused_in_its_place(stage: Stage) -> None:
    """A proxy says no for a server that it has just lost, or wants something of its own."""
    status = stage.choose(
        "status", "401 Unauthorized", "403 Forbidden", "404 Not Found", "407 Proxy Authentication Required"
    )
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    answered_for(stage, head.encode(), streams_only=True)


def portal_beside(stage: Stage) -> None:
    """The stream lives on, and everything else is answered by a captive portal: no message may be taken from it."""
    answered = stage.proxy.counts["answered for the server"]
    stage.proxy.answer(PORTAL, times=50, kind="other")
    stage.say(WHILE_AWAY)
    # The page asks for the answer's HTML.
    stage.proxy.wait_count("answered for the server", answered + 1)
    stage.lasts(stage.draw("portal_s", 0, 1))


def portal(stage: Stage) -> None:
    """A captive portal: 200 and a page of its own, whatever was asked."""
    answered_for(stage, PORTAL, streams_only=False)


def garbage(stage: Stage) -> None:
    """What answers speaks no HTTP, or no events."""
    answered_for(stage, GARBAGE[stage.pick("which", 0, len(GARBAGE) - 1)], streams_only=True)


def junk_within(stage: Stage) -> None:
    """Something in between writes into the stream."""
    with stage.visited_again():
        stage.proxy.snag(Snag(JUNK, stage.pick("byte", 1, 3000)))
        stage.say("burst 30 300")


def post_answers_lost(stage: Stage) -> None:
    """The server has what was said here, and the page does not know."""
    # Over connections that it has used before, a browser repeats a request by itself; it may have five of them.
    number = stage.pick("answers", 1, 8)
    lost = stage.proxy.counts["answers lost"]
    stage.proxy.lose_answers(number)
    stage.say_here(f"echo said once {stage.number}")
    stage.proxy.wait_count("answers lost", lost + number)
