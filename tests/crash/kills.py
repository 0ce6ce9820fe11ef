"""`kill -9` of a real server at random instants, while clients post, tools run and readers read."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import trio

from tests.crash.house import House, Reader, judge
from tests.crash.processes import GONE_S, left_of, processes_in
from tests.projects import make_project
from tests.served import ServedRepository

POSTERS, READERS = 4, 3
SLEEPS_S = (0, 0.02, 0.05, 0.1, 3 * GONE_S)
"""How long tools take. One outlives the look for what was left behind."""

LULL_S = 0.25
"""A poster that has heard nothing new for so long says the next thing."""


async def survive_kills(folder: Path, kills: int, seed: int, sandbox: str = "auto") -> House:
    """Kill a server `kills` times; gives what its clients know, with every broken promise. `folder` is empty.

    Without a sandbox what it left running ends when it is started again, else at once.
    """
    make_project(folder / "wordcount")
    server = ServedRepository(folder / "wordcount", folder / "data", "--model", "demo", "--sandbox", sandbox)
    house, chance = House(server), random.Random(seed)
    readers = [Reader(house) for _ in range(READERS)]
    await house.start()
    try:
        async with trio.open_nursery() as everybody:
            for reader in readers:
                everybody.start_soon(reader.run)
            async with trio.open_nursery() as posting:
                done = trio.Event()
                for number in range(POSTERS):
                    posting.start_soon(_post, house, number, done)
                for _ in range(kills):
                    await _kill_once(house, chance, folder, sandbox)
                done.set()
            messages = await judge(house, readers)
            everybody.cancel_scope.cancel()
        status = await trio.to_thread.run_sync(server.stop)
        if status != 0:
            house.broken.append(f"SIGTERM ended it with {status}")
        await _look_for_processes(house, folder, processes_in(folder))
        _judge_tools(house, folder)
        house.counts["log"] = len(messages)
        house.counts["interrupted"] = sum("restarted while this was running" in each["content"] for each in messages)
    finally:
        server.close()
    return house


async def _post(house: House, number: int, done: trio.Event) -> None:
    async with house.client() as client:
        count = 0
        while not done.is_set():
            name = f"p{number}n{count}"
            command = f"echo {name}a >> runs.txt; sleep {SLEEPS_S[count % len(SLEEPS_S)]}; echo {name}b >> runs.txt"
            await house.post(client, f"key-of-{name}", f"bash {command}")
            count += 1
            with trio.move_on_after(LULL_S):
                await house.wait_for("messages", house.counts["messages"] + 3 * READERS)


async def _kill_once(house: House, chance: random.Random, folder: Path, sandbox: str) -> None:
    seen, most = chance.choice((("acknowledged", 12), ("messages", 12), ("states", 40)))
    with trio.move_on_after(2):
        await house.wait_for(seen, house.counts[seen] + chance.randrange(most))
    # Not synchronisation: the instant itself is what varies.
    await trio.sleep(chance.random() * 0.05)
    await house.kill()
    running = processes_in(folder)
    if sandbox != "none":
        await _look_for_processes(house, folder, running)
    if chance.random() < 0.2:
        await _kill_while_starting(house, chance)
    await house.start()
    await _look_for_processes(house, folder, running)


async def _kill_while_starting(house: House, chance: random.Random) -> None:
    await trio.to_thread.run_sync(house.server.spawn)
    await trio.sleep(chance.random() * 1.5)
    await house.kill()
    house.counts["kills while starting"] += 1


async def _look_for_processes(house: House, folder: Path, running: dict[int, str]) -> None:
    for command in await trio.to_thread.run_sync(left_of, running, folder):
        house.broken.append(f"left behind: {command}")


def _judge_tools(house: House, folder: Path) -> None:
    lines = Counter(line for file in folder.rglob("runs.txt") for line in file.read_text().split())
    house.counts["tools begun"] = sum(line.endswith("a") for line in lines)
    house.counts["tools ended"] = sum(line.endswith("b") for line in lines)
    house.broken += [f"{line} was run {count} times" for line, count in lines.items() if count > 1]
