"""Shells on real terminals, and what is left of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.tools.bench import running
from trio_agent.core.errors import NotFound
from trio_agent.seams import Shown, Terminal
from trio_agent.tools.environment import terminal_environment
from trio_agent.tools.sandbox import Bubblewrap, NoSandbox, Sandbox
from trio_agent.tools.terminal import MOST_TERMINALS, Shells, open_terminals

SANDBOXES: list[Callable[[], Sandbox]] = [NoSandbox]
if shutil.which("bwrap"):
    SANDBOXES.append(lambda: Bubblewrap("bwrap"))


@pytest.fixture(params=SANDBOXES, ids=["none", "bwrap"][: len(SANDBOXES)])
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    made: Sandbox = request.param()
    return made


class Viewer:
    """One who looks at a terminal and types."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.screen = b""
        self.last: Shown | None = None

    async def look(self) -> Shown:
        position, version = (self.last.position, self.last.version) if self.last else (-1, -1)
        self.last = await self.terminal.follow(position, version)
        self.screen += self.last.data
        return self.last

    async def wait(self, words: bytes) -> None:
        """Until `words` stand on the screen; then it is empty again."""
        while words not in self.screen:
            assert not (await self.look()).over, self.screen
        self.screen = self.screen.partition(words)[2]

    async def wait_end_of_shell(self) -> int:
        while self.last is None or self.last.exit_status is None:
            await self.look()
        return self.last.exit_status

    async def type(self, text: str) -> None:
        await self.terminal.write(text.encode())

    async def run(self, command: str, answer: str) -> None:
        """Type `command`, and wait for `answer`, which must not stand in it."""
        assert answer not in command
        await self.type(command + "\r")
        await self.wait(answer.encode())


@asynccontextmanager
async def opened(
    workspace: Path, sandbox: Sandbox, hidden: Sequence[Path] = (), shell: str = "/bin/bash", term_grace_s: float = 5.0
) -> AsyncIterator[Callable[[int], Viewer]]:
    environment = {
        **terminal_environment({"PATH": os.environ["PATH"], "HOME": str(workspace.parent)}),
        "SHELL": shell,
    }
    shells = Shells(sandbox=sandbox, environment=environment, hidden=hidden, term_grace_s=term_grace_s)
    async with open_terminals(shells, workspace) as find:
        yield lambda number: Viewer(find(number))


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    made = tmp_path / "workspace"
    made.mkdir()
    return made.resolve()


async def test_a_shell_runs_in_the_workspace_on_a_terminal_of_its_own(workspace: Path, sandbox: Sandbox) -> None:
    async with opened(workspace, sandbox) as find:
        viewer = find(1)
        await viewer.run("pwd; test -t 0 && echo a''tty", "atty")
        await viewer.run("echo $TERM'|'${PAGER-none}", "xterm-256color|none")
        await viewer.run("echo h''ere > file; cat file", "here")
    assert (workspace / "file").read_text() == "here\n"


async def test_ctrl_c_ends_what_runs_and_not_the_shell(workspace: Path, sandbox: Sandbox, nap: str) -> None:
    async with opened(workspace, sandbox) as find:
        viewer = find(1)
        await viewer.run(f"sh -c 'echo \"be\"gun; exec sleep {nap}'", "begun")
        await viewer.type("\x03")
        await viewer.run("echo st''ill", "still")
        # Job control, too: what is stopped by Ctrl-Z is a job of the shell's.
        await viewer.run(f"sh -c 'echo \"ag\"ain; exec sleep {nap}'", "again")
        await viewer.type("\x1a")
        await viewer.run("jobs", "Stopped")
    assert not running(nap)


async def test_the_terminal_is_the_sessions_own_also_where_the_shell_does_not_see_to_it(
    workspace: Path, sandbox: Sandbox
) -> None:
    # bash takes the terminal by opening it once more; most others do not.
    async with opened(workspace, sandbox, shell="/bin/dash") as find:
        await find(1).run("echo st''ill > /dev/tty", "still")


async def test_it_is_as_large_as_the_last_viewer_says(workspace: Path, sandbox: Sandbox) -> None:
    async with opened(workspace, sandbox) as find:
        one, other = find(1), find(1)
        await one.run("trap 'echo ch''anged' WINCH; echo re''ady", "ready")
        one.terminal.resize(100, 30)
        other.terminal.resize(91, 47)
        await one.run("stty size", "47 91")
        last = await other.look()
        assert (last.columns, last.rows) == (91, 47)
        other.terminal.resize(0, 10**9)
        await one.run("stty size", "1000 1")


async def test_viewers_see_the_same_and_one_who_comes_late_the_scrollback(workspace: Path, sandbox: Sandbox) -> None:
    async with opened(workspace, sandbox) as find:
        one = find(1)
        await one.run("echo on''ce", "once")
        late = find(1)
        await late.wait(b"once")
        await late.type("echo tw''ice\r")
        await one.wait(b"twice")
        assert find(2).terminal is not one.terminal


async def test_there_are_as_many_as_there_are(workspace: Path) -> None:
    async with opened(workspace, NoSandbox()) as find:
        for number in (0, -1, MOST_TERMINALS + 1):
            with pytest.raises(NotFound):
                find(number)
        find(MOST_TERMINALS)


async def test_how_a_shell_ended_is_shown_and_enter_begins_another(workspace: Path, sandbox: Sandbox) -> None:
    async with opened(workspace, sandbox) as find:
        viewer = find(1)
        await viewer.type("exit 7\r")
        assert await viewer.wait_end_of_shell() == 7
        await viewer.wait(b"[exit status 7; press Enter for a new shell]")
        await viewer.type("no Enter")
        assert (await viewer.terminal.follow(-1, -1)).exit_status == 7
        await viewer.type("\r")
        # At once: typed ahead, it is for the shell to come.
        await viewer.run("echo an''other", "another")
        assert viewer.last is not None
        assert viewer.last.exit_status is None


async def test_a_shell_that_cannot_be_started_says_why_and_can_be_tried_again(workspace: Path) -> None:
    class Broken:
        name = "bwrap"
        line: Sequence[str] = ("/no/such/program",)

        def wrap(self, argv: Sequence[str], workspace: Path, hidden: Sequence[Path]) -> list[str]:
            return list(self.line or argv)

    broken = Broken()
    async with opened(workspace, broken) as find:
        viewer = find(1)
        assert await viewer.wait_end_of_shell() == 127
        await viewer.wait(b"could not be started")
        broken.line = ()
        await viewer.type("\r")
        await viewer.run("echo it''runs", "itruns")


async def test_what_the_shell_left_running_ends_with_it(workspace: Path, sandbox: Sandbox, nap: str) -> None:
    async with opened(workspace, sandbox) as find:
        viewer = find(1)
        await viewer.run(f"setsid sleep {nap} & nohup sleep {nap} & disown -a; echo le''ft", "left")
        await viewer.type("exit\r")
        await viewer.wait_end_of_shell()
        assert not running(nap)


async def test_a_terminal_that_is_closed_ends_with_its_shell_and_its_number_is_free(
    workspace: Path, sandbox: Sandbox, nap: str
) -> None:
    async with opened(workspace, sandbox) as find:
        viewer, other = find(1), find(1)
        await viewer.run(f"sleep {nap} & setsid sleep {nap} & echo le''ft", "left")
        # A job in the background is no program that has the terminal.
        assert viewer.terminal.close(now=False) is None
        for each in (viewer, other):
            while not (last := await each.look()).over:
                pass
            assert last.closed
        assert not running(nap)
        fresh = find(1)
        assert fresh.terminal is not viewer.terminal
        await fresh.run("echo an''ew", "anew")
        assert b"left" not in (await fresh.terminal.follow(-1, -1)).data


async def test_what_runs_in_a_terminal_is_named_before_it_is_closed_and_hung_up_where_that_is_wanted(
    workspace: Path, sandbox: Sandbox, nap: str
) -> None:
    (workspace / "busy").write_text(f"trap 'echo hung > told; exit' HUP\nsleep {nap} &\necho begun\nwait\n")
    async with opened(workspace, sandbox) as find:
        viewer = find(1)
        await viewer.run("dash bu''sy", "begun")
        assert viewer.terminal.close(now=False) == "dash"
        assert viewer.terminal.close(now=True) is None
        while not (await viewer.look()).over:
            pass
        assert not running(nap)
        # A sandbox ends with its shell, and leaves no time for last words; elsewhere they may come after the shell's end.
        with trio.fail_after(5):
            while not isinstance(sandbox, Bubblewrap) and not (workspace / "told").exists():
                await trio.lowlevel.checkpoint()


async def test_the_first_of_a_pipe_may_have_ended_and_the_pipe_runs_all_the_same(workspace: Path, nap: str) -> None:
    async with opened(workspace, NoSandbox()) as find:
        viewer = find(1)
        await viewer.run(f"true | sh -c 'echo \"be\"gun; exec sleep {nap}'", "begun")
        # Its name is that of one who has ended, before or after it became what it is; or none.
        assert viewer.terminal.close(now=False) in ("bash", "true", "")


async def test_a_terminal_whose_shell_has_ended_and_one_that_never_began_are_closed_too(workspace: Path) -> None:
    async with opened(workspace, NoSandbox()) as find:
        ended, never = find(1), find(2)
        assert never.terminal.close(now=False) is None
        await ended.type("exit 7\r")
        await ended.wait_end_of_shell()
        assert ended.terminal.close(now=False) is None
        for viewer in (ended, never):
            while not (await viewer.look()).over:
                pass


async def test_when_the_session_ends_nothing_of_its_terminals_is_left(
    workspace: Path, sandbox: Sandbox, nap: str
) -> None:
    before = len(os.listdir("/proc/self/fd"))
    async with opened(workspace, sandbox, term_grace_s=0.2) as find:
        for number in (1, 2, 3):
            await find(number).run(f"setsid sleep {nap} & echo le''ft", "left")
        # Deaf to all that can be heard.
        await find(4).run(f"trap '' HUP TERM INT; (trap '' HUP TERM; sleep {nap}) & echo de''af", "deaf")
        await find(5).type("exit\r")
        assert running(nap)
        watching = find(1)
    assert not running(nap)
    while not (last := await watching.look()).over:
        pass
    assert (last.over, last.closed) == (True, False)
    assert len(os.listdir("/proc/self/fd")) == before


async def test_a_viewer_that_does_not_look_holds_up_neither_the_shell_nor_the_others(workspace: Path) -> None:
    async with opened(workspace, NoSandbox()) as find:
        slow, quick = find(1), find(1)
        await slow.look()
        await quick.run("head -c 2000000 /dev/zero | tr '\\0' 'x' | fold -w 79; echo do''ne", "done")
        before = slow.last
        assert before is not None
        piece = await slow.look()
        assert piece.skipped
        assert len(piece.data) < 70_000
        await slow.wait(b"done")


async def test_what_is_typed_waits_for_a_program_that_does_not_read(workspace: Path) -> None:
    async with opened(workspace, NoSandbox()) as find:
        viewer = find(1)
        os.mkfifo(workspace / "go")
        await viewer.run("stty raw -echo; echo re''ady; read -n 1 < go; wc -c < <(head -c 300000)", "ready")
        written = trio.Event()

        async def type_much() -> None:
            await viewer.terminal.write(b"y" * 300_000)
            written.set()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(type_much)
            await wait_all_tasks_blocked()
            assert not written.is_set()
            await trio.Path(workspace / "go").write_text("g")
            await viewer.wait(b"300000")
            await written.wait()


async def test_in_the_sandbox_neither_what_is_hidden_nor_the_servers_processes_are_seen(
    workspace: Path, tmp_path: Path
) -> None:
    if not shutil.which("bwrap"):
        pytest.skip("bubblewrap is not installed")
    secret = tmp_path / "data"
    secret.mkdir()
    (secret / "token").write_text("geheim")
    async with opened(workspace, Bubblewrap("bwrap"), [secret]) as find:
        viewer = find(1)
        await viewer.run(f"cat {secret}/token || echo hid''den", "hidden")
        await viewer.run("touch /usr/x || echo re''fused", "refused")
        await viewer.run(f"test -d /proc/{os.getpid()} || echo un''seen", "unseen")


async def test_a_user_whose_shell_is_none_gets_one(workspace: Path) -> None:
    for shell in ("/usr/sbin/nologin", "/no/such/bash", ""):
        async with opened(workspace, NoSandbox(), shell=shell) as find:
            await find(1).run("echo $BASH_VERS''ION; echo b''ash", "bash")
