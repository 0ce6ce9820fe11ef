"""Plays one fault, and judges it: the page's messages are the log, and the indicator was right in time."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trio
from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Page, sync_playwright

from tests.faults.judge import Facts, judge
from tests.faults.proxy import HOST, FaultyProxy
from tests.faults.screen import differences, wait_drawn
from tests.faults.script import Fault
from tests.faults.sighting import Sighting, sightings_of
from tests.faults.stage import House, Stage, set_stage
from tests.faults.visit import Visit
from tests.projects import make_project
from tests.served import ServedRepository

HEARTBEAT_S = 5
"""The shortest that the server grants, so that silence is noticed sooner than by what the page asks for."""

LOOK_S, LOOKS = 0.2, 300

FAILURES = (BrowserError, AssertionError, OSError, trio.TooSlowError)
"""What did not come, or came wrong, is the finding; all else is a bug of ours."""


@dataclass(slots=True)
class Outcome:
    fault: Fault
    told: str
    wrong: list[str]
    latest_s: float = 0.0
    took_s: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    trace: list[tuple[float, str]] = field(default_factory=list)
    """What the page saw and what the proxy knows, with times; in order."""


@contextmanager
def open_house(folder: Path, environment: Mapping[str, str] = {}) -> Iterator[House]:
    """A server, the proxy before it, and what drives browsers; all in the thread that calls."""
    make_project(folder / "wordcount")
    with FaultyProxy() as proxy, sync_playwright() as playwright:
        options = ("--model", "demo", "--allow-host", f"{HOST}:{proxy.port}")
        server = ServedRepository(folder / "wordcount", folder / "data", *options, environment=environment)
        try:
            server.start()
            proxy.upstream = int(server.url.rstrip("/").rpartition(":")[2])
            yield House(server, proxy, folder, playwright)
        finally:
            server.close()


def play(house: House, fault: Fault) -> Outcome:
    """Play `fault` in `house`, and leave the house in order for the next one."""
    began = time.time()
    before = Counter(house.proxy.counts)
    house.proxy.heartbeat_s = HEARTBEAT_S
    try:
        with set_stage(house, fault.number) as stage:
            outcome = _play_on(stage, fault)
    except FAILURES as exc:
        outcome = Outcome(fault, "", [f"{type(exc).__name__}: {exc}"])
    house.proxy.heal()
    outcome.took_s = time.time() - began
    outcome.counts.update(house.proxy.counts - before)
    return outcome


def _play_on(stage: Stage, fault: Fault) -> Outcome:
    outcome = Outcome(fault, "", [], counts=stage.counts)
    try:
        _set_going(stage, fault)
        fault.act(stage)
        stage.proxy.heal()
        if stage.chance.random() < 0.3:
            stage.told.append("Now")
            _press_now(stage)
        pages = [stage.page, *stage.others]
        for page in pages:
            page.bring_to_front()
            stage.wait_connected(page)
        messages = _wait_for_same(stage, pages)
        outcome.wrong += [each for page in pages for each in differences(page, messages)]
        outcome.wrong += _said_once(stage, messages)
    except FAILURES as exc:
        outcome.wrong.append(f"{type(exc).__name__}: {exc}")
    outcome.told = ", ".join(stage.told)
    for page in (stage.page, *stage.others):
        _judge(stage, page, outcome)
    return outcome


def _set_going(stage: Stage, fault: Fault) -> None:
    if fault.meanwhile == "a burst":
        stage.say(f"burst {stage.pick('burst', 40, 150)} {stage.pick('bytes each', 100, 900)}")
    elif fault.meanwhile == "text being written":
        stage.say(f"stream {stage.pick('words', 150, 300)} {stage.pick('ms', 10, 20)}")
        # On a machine that is busy enough the text is written before the page has drawn any of it.
        stage.page.locator('[data-draft], [data-idx="1"]').first.wait_for()
    elif fault.meanwhile == "a post from here":
        stage.say_here(f"echo said here {stage.number}")


def _press_now(stage: Stage) -> None:
    """Whoever does not want to wait need not; where there is nothing to wait for, there is no button."""
    now = stage.page.locator("network-status button")
    if now.is_visible():
        stage.counts["presses of Now"] += 1
        try:
            now.click(timeout=1000)
        except BrowserError:
            stage.counts["presses of Now that came too late"] += 1


def _wait_for_same(stage: Stage, pages: list[Page]) -> list[dict[str, Any]]:
    """Say the last words, wait until all is answered and the pages show as many messages as there are; gives the log."""
    last = f"echo that was {stage.number}"
    stage.say(last)
    asked = {*stage.said_here, last}
    at_rest = 0  # how many messages there were when nothing went on at the look before
    with stage.server.client() as client:
        for _ in range(LOOKS):
            stage.lasts(LOOK_S)
            messages = client.get(f"sessions/{stage.session}/messages").json()
            said = {message["content"] for message in messages if message["type"] == "user"}
            if not (said >= asked and messages[-1]["type"] == "agent" and messages[-1]["end_of_turn"]):
                continue
            for page in pages:
                page.bring_to_front()
                wait_drawn(page, len(messages))
            state = client.get(f"sessions/{stage.session}/state").json()
            if (state["agent_state"], state["message_count"]) != ("WaitingForUserInput", len(messages)):
                continue
            # Twice, for a session with words still waiting is at rest too, between two turns.
            if at_rest == len(messages):
                return messages
            at_rest = len(messages)
    raise AssertionError(f"the session did not come to rest: {messages[-5:]}")


def _said_once(stage: Stage, messages: list[dict[str, Any]]) -> list[str]:
    said = Counter(message["content"] for message in messages if message["type"] == "user")
    return [f"{text!r} is in the log {said[text]} times" for text in stage.said_here if said[text] != 1]


def _judge(stage: Stage, page: Page, outcome: Outcome) -> None:
    try:
        sightings = sightings_of(page)
    except BrowserError as exc:
        outcome.wrong.append(f"the page does not answer: {exc}")
        return
    facts = Facts(
        until=time.time(),
        since=stage.set_at,
        visits=list(stage.proxy.visits),
        refused=stage.refused,
        offline=stage.offline,
        asleep=[*stage.asleep, *stage.proxy.stutters],
        asked_to_wait_s=stage.asked_to_wait_s,
        tabs=1 + len(stage.others),
    )
    verdict = judge(sightings, facts)
    outcome.trace = sorted({*outcome.trace, *(_line(each) for each in sightings), *_lines(stage.proxy.visits)})
    outcome.wrong += verdict.wrong
    outcome.latest_s = max(outcome.latest_s, verdict.latest_s)
    stage.counts["indicator changes"] += sum(each.kind == "indicator" for each in sightings)
    stage.counts["taken from the back/forward cache"] += sum(
        (each.kind, each.status) == ("pageshow", "persisted") for each in sightings
    )
    stage.counts["times frozen"] += sum(each.kind == "freeze" for each in sightings)


def _line(sighting: Sighting) -> tuple[float, str]:
    return sighting.at, f"page: {sighting.kind} {sighting.status} {sighting.words}"


def _lines(visits: list[Visit]) -> Iterator[tuple[float, str]]:
    for number, visit in enumerate(visits, 1):
        times = {"asked": visit.asked_at, "ready": visit.ready_at, "last byte": max(visit.passed_at, default=None)}
        for what, at in {**times, "ended": visit.ended_at}.items():
            if at is not None:
                yield at, f"proxy: stream {number} {what}"
