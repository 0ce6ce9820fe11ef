"""The agent with a scripted model, real tools, real git, and a store on disk."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio

from tests.projects import git, make_project
from tests.runtime.house import at_rest, lines, logged
from trio_agent.agent.coding_agent import CodingAgent, ToolsOf
from trio_agent.core.budget import Budget
from trio_agent.git.workspaces import RepositoryWorkspaces
from trio_agent.models.scripted import ScriptedModel
from trio_agent.runtime.hall import Hall, open_hall
from trio_agent.stores.blobs import FileBlobs
from trio_agent.stores.sqlite import open_sqlite
from trio_agent.tools.bash import Bash
from trio_agent.tools.confined import Confined
from trio_agent.tools.formatters import Formatters
from trio_agent.tools.patch import Patch
from trio_agent.tools.sandbox import find_sandbox
from trio_agent.tools.todo_write import TodoWrite

COMMIT = "echo more >> README.md && git -c user.name=A -c user.email=a@b.c commit -qam 'Say more'"

# Real git and real processes take their time; the deadline is for a program that hangs.
pytestmark = pytest.mark.usefixtures("home")


class Workshop:
    """A user's repository, and the server's data directory."""

    def __init__(self, folder: Path) -> None:
        self.repository = folder / "project"
        self.data_dir = folder / "data"
        self._script = folder / "script.jsonl"
        make_project(self.repository)

    def says(self, *answers: dict[str, Any]) -> None:
        self._script.write_text("\n".join(map(json.dumps, answers)))

    @asynccontextmanager
    async def hall(self) -> AsyncIterator[Hall]:
        @asynccontextmanager
        async def tools() -> AsyncIterator[ToolsOf]:
            bash = Bash(sandbox=find_sandbox("none"), environment={"PATH": "/usr/bin:/bin"}, term_grace_s=1)
            yield lambda model: [bash, Patch(), TodoWrite()]

        # The repository may want a formatter that came with what tests are run with.
        environment = {"PATH": f"/usr/bin:/bin:{Path(sys.executable).parent}"}
        confined = Confined(sandbox=find_sandbox("none"), environment=environment, term_grace_s=1)
        agent = CodingAgent(
            make_model=lambda name: ScriptedModel(str(self._script)),
            open_tools=tools,
            workspaces=RepositoryWorkspaces(self.repository, self.data_dir),
            blobs=FileBlobs(self.data_dir / "blobs"),
            budget=Budget(),
            sandbox="none",
            run_program=confined.run,
            format_files=Formatters(confined).format,
        )
        async with (
            open_sqlite(self.data_dir / "agent.db") as store,
            open_hall(store, agent, project=str(self.repository), clock=lambda: 0.0) as hall,
        ):
            yield hall


@pytest.fixture
def workshop(tmp_path: Path, home: Path) -> Workshop:
    return Workshop(tmp_path)


def bash(command: str) -> dict[str, Any]:
    return {"tool_calls": [{"name": "bash", "input": {"command": command}}], "usage": {"cost_usd": 0.5}}


async def test_a_commit_of_the_agent_s_arrives_on_a_branch_of_the_user_s_repository(workshop: Workshop) -> None:
    before = git(workshop.repository, "rev-parse", "main"), git(workshop.repository, "status", "--porcelain")
    workshop.says(bash(COMMIT), {"text": "Done."})
    async with workshop.hall() as hall:
        session = await hall.newest()
        await session.post("Say more in the README")
        await until_told(session, "agent: Done.")
        (message,) = [each for each in await logged(session) if each.type == "commit"]
        state = session.snapshot()
    (commit,) = message.commits
    assert (commit.subject, commit.pushed_branch) == ("Say more", "trio-agent/say-more-in-the-readme")
    assert state.branch_name == commit.pushed_branch
    assert (state.diff_lines_added, state.diff_lines_removed) == (1, 0)
    assert git(workshop.repository, "rev-parse", commit.pushed_branch) == commit.hash
    assert before == (git(workshop.repository, "rev-parse", "main"), git(workshop.repository, "status", "--porcelain"))


async def test_a_cancelled_turn_s_commit_arrives_and_its_command_is_gone(workshop: Workshop) -> None:
    workshop.says(bash(f"{COMMIT} && echo committed && sleep 3600"))
    async with workshop.hall() as hall:
        session = await hall.newest()
        await session.post("Say more")
        while not any("committed" in output.since(output.start) for output in session.live.tools.values()):
            await session.signal.wait_past(session.signal.version)
        await session.cancel("enough")
        told = await lines(session)
        (message,) = [each for each in await logged(session) if each.type == "commit"]
    assert git(workshop.repository, "rev-parse", "trio-agent/say-more") == message.commits[0].hash
    assert told[-3].startswith("tool: Cancelled before it finished: enough\n\nIts output until then:\n")
    assert told[-3].endswith("committed\n")
    assert [line.partition(":")[0] for line in told[-2:]] == ["commit", "error"]


async def test_a_session_goes_on_after_a_restart_where_it_was(workshop: Workshop) -> None:
    workshop.says(bash(COMMIT), {"text": "One."}, bash(COMMIT), {"text": "Two."})
    async with workshop.hall() as hall:
        session = await hall.newest()
        await session.post("Say more")
        await until_told(session, "agent: One.")
        first = session.snapshot()
        cursor = session.log.cursor
    async with workshop.hall() as hall:
        session = await hall.newest()
        assert await session.log.resume(cursor) == (cursor, None)
        again = session.snapshot()
        assert (again.total_usage, again.title, again.slug) == (first.total_usage, first.title, first.slug)
        await session.post("And more")
        await until_told(session, "agent: Two.")
        told = [each for each in await logged(session) if each.type == "commit"]
    assert [len(message.commits) for message in told] == [1, 1]
    assert git(workshop.repository, "rev-list", "--count", "main..trio-agent/say-more") == "2"
    assert again.total_usage.tool_uses == {"bash": 1}


async def test_the_tools_own_errors_go_back_to_the_model(workshop: Workshop) -> None:
    calls = [
        {"name": "bash", "input": "{not json"},
        {"name": "bash", "input": {"command": "exit 3"}},
        {"name": "nothing", "input": {}},
    ]
    workshop.says({"tool_calls": calls}, {"text": "I see."})
    async with workshop.hall() as hall:
        session = await hall.newest()
        await session.post("Try")
        await until_told(session, "agent: I see.")
        results = {each.tool_result for each in await logged(session) if each.type == "tool" and each.tool_error}
    assert len(results) == 3
    assert any("not valid JSON" in result for result in results)
    assert any("exit status 3" in result for result in results)
    assert any("There is no tool 'nothing'" in result for result in results)


async def test_a_deleted_session_leaves_neither_log_nor_clone(workshop: Workshop) -> None:
    workshop.says({"text": "Hello."})
    async with workshop.hall() as hall:
        session = await hall.newest()
        await session.post("hi")
        await until_told(session, "agent: Hello.")
        clones = workshop.data_dir / "workspaces"
        assert [path.name for path in clones.glob(session.id)] == [session.id]
        await hall.delete(session.id)
        assert not list(clones.glob(f"{session.id}*"))
        assert await hall.store.read(session.kept.log, 0, 10) == []


async def until_told(session: Any, line: str) -> None:
    with trio.fail_after(30):
        version = session.signal.version
        while line not in await lines(session):
            await session.signal.wait_past(version)
            version = session.signal.version
    await at_rest(session)
