"""Formatters, `/base` and `/pull` with real git, real programs and a store on disk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from tests.agent.test_real_work import Workshop, bash, until_told
from tests.git.traps import Traps
from tests.projects import commit_files, git
from tests.runtime.house import at_rest, lines, logged
from trio_agent.runtime.session import Session

IDENTITY = "git -c user.name=A -c user.email=a@b.c"

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def workshop(tmp_path: Path, home: Path) -> Workshop:
    return Workshop(tmp_path)


def clone(workshop: Workshop, session_id: str) -> Path:
    return workshop.data_dir / "workspaces" / session_id


async def until_begun(session: Session, beginning: str) -> None:
    """Until a line of the log begins so, and all that follows from it is done."""
    with trio.fail_after(60):
        while True:
            version = session.signal.version
            if any(line.startswith(beginning) for line in await lines(session)):
                break
            await session.signal.wait_past(version)
    await at_rest(session)


@asynccontextmanager
async def after(workshop: Workshop, words: str) -> AsyncIterator[Session]:
    """The session, once the agent has done what `words` ask for."""
    async with workshop.hall() as hall:
        session = await hall.newest()
        await session.post(words)
        await until_told(session, "agent: Done.")
        yield session


async def subjects(session: Session) -> list[list[str]]:
    """Of the commits that the log tells of, those told at once together."""
    return [[commit.subject for commit in each.commits] for each in await logged(session) if each.type == "commit"]


async def test_a_commit_is_formatted_and_the_model_amends_it(workshop: Workshop) -> None:
    commit_files(workshop.repository, {"ruff.toml": ""}, "Want ruff")
    workshop.says(
        bash(f"echo 'x = [1,2]' > a.py && git add a.py && {IDENTITY} commit -qm One"),
        bash(f"{IDENTITY} commit -qa --amend --no-edit"),
        {"text": "Done."},
    )
    async with after(workshop, "Make a list") as session:
        told = await lines(session)
        commits = await subjects(session)
    assert sum(line.startswith("auto: ruff format changed files of the commit just made: a.py.") for line in told) == 1
    assert commits == [["One"], ["One"]]
    assert git(workshop.repository, "show", "trio-agent/make-a-list:a.py") == "x = [1, 2]"
    assert git(workshop.repository, "rev-list", "--count", "main..trio-agent/make-a-list") == "1"


async def test_the_user_s_newer_commits_come_in_by_one_word(workshop: Workshop) -> None:
    workshop.says(bash(f"echo a > a && git add a && {IDENTITY} commit -qm Mine"), {"text": "Done."})
    async with after(workshop, "Add a") as session:
        theirs = commit_files(workshop.repository, {"theirs.txt": "theirs\ntheirs\n"}, "Theirs")
        await session.post("/pull")
        await until_begun(session, "auto: The user had main")
        state = session.snapshot()
        path = clone(workshop, session.id)
        assert (path / "theirs.txt").exists()
        assert git(path, "rev-parse", "origin/main") == theirs
        assert (await subjects(session))[-1] == ["Merge the newer commits of main"]
        assert (state.initial_commit, state.diff_lines_added) == (theirs, 1), "the session's own lines"
        assert git(workshop.repository, "merge-base", "main", "trio-agent/add-a") == theirs
        await session.post("/pull")
        await until_begun(session, "auto: There is nothing to pull")


async def test_conflicts_are_left_in_the_tree_and_what_comes_of_them_is_the_model_s(workshop: Workshop) -> None:
    workshop.says(
        bash(f"echo mine > README.md && {IDENTITY} commit -qam Mine"),
        {"text": "Done."},
        bash(f"echo both > README.md && {IDENTITY} commit -qam Resolved"),
        {"text": "Resolved it."},
    )
    async with after(workshop, "Write") as session:
        theirs = commit_files(workshop.repository, {"README.md": "theirs\n"}, "Theirs")
        await session.post("/pull")
        await until_begun(session, "auto: The user wanted main")
        path = clone(workshop, session.id)
        assert "<<<<<<< HEAD\nmine\n=======\ntheirs\n" in (path / "README.md").read_text()
        assert session.snapshot().initial_commit != theirs
        await session.post("Resolve it")
        await until_told(session, "agent: Resolved it.")
        assert (await subjects(session))[-1] == ["Resolved"]
        assert session.snapshot().initial_commit == theirs
    assert git(workshop.repository, "show", "trio-agent/write:README.md") == "both"


async def test_a_merge_runs_in_the_clone_what_the_clone_names_and_nothing_of_the_user_s(
    workshop: Workshop, tmp_path: Path
) -> None:
    traps = Traps(tmp_path / "traps")
    workshop.says({"text": "Done."})
    async with after(workshop, "Hello") as session:
        commit_files(workshop.repository, {".gitattributes": "* merge=trap filter=trap\n", "b": "b\n"}, "Theirs")
        traps.arm(workshop.repository / ".git", "user")
        await session.post("/pull")
        await until_begun(session, "auto: The user had main")
        await session.post("/base HEAD~1")
        await until_begun(session, "auto: What changed is counted from")
    assert traps.sprung == set()


async def test_a_branch_with_a_name_to_be_afraid_of_is_pulled(workshop: Workshop) -> None:
    name = "-x$(touch${IFS}sprung);`id`'\"ü"
    git(workshop.repository, "update-ref", f"refs/heads/{name}", "HEAD")
    git(workshop.repository, "symbolic-ref", "HEAD", f"refs/heads/{name}")
    workshop.says({"text": "Done."})
    async with after(workshop, "Hello") as session:
        theirs = commit_files(workshop.repository, {"b": "b\n"}, "Theirs")
        await session.post("/pull")
        await until_begun(session, f"auto: The user had {name}")
        path = clone(workshop, session.id)
        assert git(path, "rev-parse", "HEAD") == theirs
        assert not (path / "sprung").exists()


async def test_a_pipe_that_git_would_wait_for_ends_no_turn_and_is_removed_by_the_model(workshop: Workshop) -> None:
    workshop.says(
        bash(f"echo a > a && git add a && {IDENTITY} commit -qm One && rm -f .gitignore && mkfifo .gitignore"),
        bash("rm .gitignore"),
        {"text": "Done."},
    )
    async with after(workshop, "Ignore nothing") as session:
        told = await lines(session)
        assert await subjects(session) == [["One"]]
        removed = len((workshop.repository / ".gitignore").read_text().splitlines())
        state = session.snapshot()
        assert (state.diff_lines_added, state.diff_lines_removed) == (1, removed), "counted again"
    place = str(clone(workshop, session.id) / ".gitignore")
    assert [line for line in told if line.startswith(("auto:", "error:"))] == [
        f"auto: git waits for {place!r}, which is a named pipe in the place of a file: delete it"
    ]
