"""Throw requests by their numbers, a batch at a time, and judge the server after each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

import trio

from tests.fuzz.answers import Answer, faults
from tests.fuzz.request import TOKEN, fill
from tests.fuzz.shots import Shot, pipelines
from tests.fuzz.target import Load, Place, Target
from tests.fuzz.throwing import Heard, throw
from tests.fuzz.watcher import watcher

BATCH = 2_500
AT_ONCE = 100
GROWN_KIB = 64 * 1024
"""What a run may add to the server's memory: SQLite's page caches and the allocator's arenas fill once, and stay."""

TAG = re.compile(r"n([0-9]{7})")


@dataclass(slots=True)
class Verdict:
    """What a run has met, and every fault with the number that shows it again."""

    counts: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    loads: list[Load] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        first, last = self.loads[0], self.loads[-1]
        yield f"requests: {self.counts['requests']:,} on {self.counts['connections']:,} connections"
        yield f"answers: {', '.join(f'{status} {count:,}' for status, count in sorted(self.statuses.items()))}"
        yield f"messages: {self.counts['acknowledged']:,} acknowledged, {self.counts['recorded']:,} recorded"
        yield f"server: tasks {first.tasks} -> {last.tasks}, descriptors {len(first.descriptors)} -> {len(last.descriptors)}"
        yield f"memory: {first.resident // 1024} -> {last.resident // 1024} MiB"
        yield f"faults: {len(self.faults)}"

    def summary(self) -> str:
        """All of it in a line."""
        first, last = self.loads[0], self.loads[-1]
        return (
            f"{self.counts['requests']:,} requests on {self.counts['connections']:,} connections, {len(self.faults)} faults; "
            f"{self.counts['acknowledged']:,} of them acknowledged; tasks {first.tasks} -> {last.tasks}, descriptors "
            f"{len(first.descriptors)} -> {len(last.descriptors)}, {first.resident // 1024} -> {last.resident // 1024} MiB"
        )


@dataclass(slots=True)
class Batch:
    """What was heard in one batch: the places that 202s promised, and the numbers whose answers may be missing."""

    acknowledged: Counter[Place] = field(default_factory=Counter)
    replayed: set[Place] = field(default_factory=set)
    unsure: set[int] = field(default_factory=set)
    deleted: int = 0


async def run(target: Target, numbers: range, verdict: Verdict) -> None:
    """Throw `numbers`; gives up at the end of the first batch with a fault."""
    for begin in range(numbers.start, numbers.stop, BATCH):
        await _batch(target, range(begin, min(begin + BATCH, numbers.stop)), verdict)
        if verdict.faults:
            return


async def _batch(target: Target, numbers: range, verdict: Verdict) -> None:
    if not verdict.loads:
        await _warm_up(target)
        verdict.loads.append(await target.load())
    await target.aim()
    batch, waiting = Batch(), pipelines(numbers)
    other = watcher(target)
    async with trio.open_nursery() as watching:
        await watching.start(other.watch)
        async with trio.open_nursery() as nursery:
            for _ in range(AT_ONCE):
                nursery.start_soon(_thrower, target, waiting, batch, verdict)
        verdict.counts["requests"] += len(numbers)
        if target.alive:
            await judge_logs(target, batch, verdict)
            await other.seen(await target.count(other.session))
        watching.cancel_scope.cancel()
    if not target.alive:
        verdict.faults.append(f"{numbers}: the server ended with {target.server.process.returncode}")
        return
    await target.clear()
    verdict.loads.append(await target.settled(verdict.loads[0]))
    found = [*other.faults, *left_behind(verdict.loads), *target.alarms()]
    verdict.faults += [f"{numbers}: {each}" for each in found]


def left_behind(loads: list[Load]) -> Iterator[str]:
    """What the last of `loads` holds that the first did not. Memory is counted from the end of the first batch."""
    first, last = loads[0], loads[-1]
    if not last.as_idle_as(first):
        yield f"something was left behind: {first} before, {last} now"
    if last.resident - loads[min(1, len(loads) - 1)].resident > GROWN_KIB:
        yield f"memory grew from {first.resident} to {last.resident} KiB"


async def _warm_up(target: Target) -> None:
    """What is opened once and kept (threads, the store's readers) is no leak."""
    await target.aim()
    for path in ("messages", "download", "messages/0/html", "diff"):
        await target.client.get(path)
    await target.clear()


async def _thrower(target: Target, waiting: Iterator[list[Shot]], batch: Batch, verdict: Verdict) -> None:
    for shots in waiting:
        while shots and target.alive:
            heard = await throw_at(target, shots)
            _note(heard, target.known[TOKEN], batch, verdict)
            # What stood behind an answer that closed the connection is sent on another.
            shots = shots[max(1, len(heard.answers)) :]


async def throw_at(target: Target, shots: list[Shot]) -> Heard:
    return await throw(target.server.port, shots, [fill(each.data, target.known, each.number) for each in shots])


def _note(heard: Heard, token: bytes, batch: Batch, verdict: Verdict) -> None:
    verdict.counts["connections"] += 1
    numbers = [each.number for each in heard.shots]
    if heard.unsure:
        batch.unsure.update(numbers)
    wrong = [*heard.faults, *(fault for answer in heard.answers for fault in faults(answer, token))]
    wrong += unexpected(heard)
    verdict.faults += [f"python -m tests.fuzz --only {numbers[0]}   # {numbers}: {each}" for each in wrong]
    for answer in heard.answers:
        verdict.statuses[answer.status] += 1
        batch.deleted += answer.status == 204
        if answer.status == 202 and answer.ended:
            batch.acknowledged[_place(answer)] += 1
        elif answer.header(b"idempotency-replayed"):
            batch.replayed.add(_place(answer))


def unexpected(heard: Heard) -> Iterator[str]:
    """What an answer's status, or that there is none, shows to be wrong."""
    first = heard.shots[0]
    if first.joins and not heard.answers and not heard.unsure:
        yield "no answer"
    if first.statuses is not None and (heard.answers or not heard.unsure):
        got = heard.answers[0].status if heard.answers else None
        if got not in first.statuses:
            yield f"{first.name}: answered {got}, not {sorted(first.statuses)}"


def _place(answer: Answer) -> Place:
    told = answer.json()
    return told["log"], told["idx"]


async def judge_logs(target: Target, batch: Batch, verdict: Verdict) -> None:
    """Every 202 has put one message into a log, and nothing else has: but for those who left before they were answered."""
    said = await target.said_by_users()
    verdict.counts["acknowledged"] += len(batch.acknowledged)
    verdict.counts["recorded"] += len(said)
    for place, times in batch.acknowledged.items():
        if times > 1:
            verdict.faults.append(f"{times} posts were promised the place {place}")
    missing = (batch.acknowledged.keys() | batch.replayed) - said.keys()
    if len({log for log, _ in missing}) > batch.deleted:
        verdict.faults.append(f"acknowledged and not there: {sorted(missing)[:5]}")
    unreadable = 0
    for place in said.keys() - batch.acknowledged.keys():
        tag = TAG.search(said[place])
        unreadable += tag is None
        if tag is not None and int(tag[1]) not in batch.unsure:
            verdict.faults.append(f"{place} holds {said[place][:80]!r}, which nobody acknowledged")
    if unreadable > len(batch.unsure):
        verdict.faults.append(f"{unreadable} messages that nobody acknowledged")


def pipeline_of(number: int) -> list[Shot]:
    """The shots that go on one connection with `number`: as they did in its batch."""
    batch = range(number // BATCH * BATCH, (number // BATCH + 1) * BATCH)
    return next(shots for shots in islice(pipelines(batch), BATCH) if any(each.number == number for each in shots))
