"""`trio-agent attach` against a real server: by a pipe and in a terminal, across the server's death."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.projects import make_project
from tests.served import ServedRepository, served
from tests.whole.attached import PATIENCE_S, attach_command, environment, scripted, terminal
from trio_agent.commands.attach import address_of
from trio_agent.config import Settings


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServedRepository]:
    make_project(tmp_path / "wordcount")
    with served(tmp_path / "wordcount", tmp_path / "data", "--model", "demo") as server:
        yield server


def port_of(server: ServedRepository) -> str:
    return server.url.rstrip("/").rpartition(":")[2]


@contextmanager
def speaking(server: ServedRepository, text: str) -> Iterator[subprocess.Popen[str]]:
    """It has been told `text`, and its standard input stays open."""
    with subprocess.Popen(
        attach_command(server.link),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as process:
        assert process.stdin is not None
        process.stdin.write(text)
        process.stdin.flush()
        yield process


def shown_until(process: subprocess.Popen[str], mark: str) -> str:
    assert process.stdout is not None
    shown = ""
    while mark not in shown:
        data = os.read(process.stdout.fileno(), 4096)
        assert data, f"it ended before {mark!r}: {shown!r}"
        shown += data.decode()
    return shown


# ---------------------------------------------------------------------------------------------------------- by a pipe


def test_each_line_of_a_script_is_answered_before_the_next_is_said(server: ServedRepository) -> None:
    done = scripted("echo one\n\nbash echo two; exit 3\necho thrée", server.link)
    assert done.stderr == ""
    assert re.sub(r" \([0-9.]+ m?s\)", "", done.stdout) == (
        "\n› echo one\n\none\n"
        "\n› bash echo two; exit 3\n\n✗ bash echo two; exit 3: [exit status 3]\ntwo\n\n[exit status 3]\n"
        "\n› echo thrée\n\nthrée\n"
    )
    assert done.returncode == 0


def test_a_turn_that_fails_fails_the_script_and_the_rest_is_said_all_the_same(server: ServedRepository) -> None:
    done = scripted("fail\necho after\n", server.link)
    assert done.returncode == 1
    assert done.stdout.endswith("\nafter\n")


def test_without_a_url_the_servers_token_is_found_where_it_is_kept(server: ServedRepository) -> None:
    done = scripted("echo found\n", "--data-dir", str(server.data_dir), TRIO_AGENT_PORT=port_of(server))
    assert (done.returncode, done.stdout[-7:]) == (0, "\nfound\n")


def test_with_nothing_to_say_it_shows_what_was_asked_for_and_leaves(server: ServedRepository) -> None:
    scripted("echo one\n", server.link)
    done = subprocess.run(
        attach_command(server.link, "--last", "1"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env=environment(),
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "(1 earlier messages; --last 2 shows all)\none\n")


def test_a_script_goes_on_after_the_server_was_killed(server: ServedRepository) -> None:
    with speaking(server, "stream 400 20\n") as process:
        shown = shown_until(process, "word20")
        server.kill()
        server.start()
        rest, errors = process.communicate("echo after\n", timeout=PATIENCE_S)
    shown += rest
    words = [int(word) for word in re.findall(r"word([0-9]+)", shown)]
    assert words == list(range(1, len(words) + 1))
    assert re.search(r"\n! .*restarted.*\n\n› echo after\n\nafter\n\Z", shown)
    assert process.returncode == 1  # the first turn was interrupted
    assert re.fullmatch(r"trio-agent: reconnecting: .*\ntrio-agent: connected\n", errors)


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["http://127.0.0.1:1/"], 1, "cannot be reached"),
        (["nonsense"], 2, "no address"),
        (["--last", "-1"], 2, "--last"),
    ],
)
def test_what_cannot_be_attached_to_is_told_in_one_line(arguments: list[str], status: int, says: str) -> None:
    done = scripted("echo one\n", *arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (status, "", 1)
    assert says in done.stderr


def test_a_wrong_token_and_an_unknown_session_are_told_in_one_line(server: ServedRepository) -> None:
    for arguments, says in (
        ([f"{server.url}#token=not-the-right-one"], "token"),
        ([server.link, "--session", "0" * 16], "no such session"),
    ):
        done = scripted("", *arguments)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        assert says in done.stderr


def test_the_kept_token_is_never_told_to_another_machine(server: ServedRepository, tmp_path: Path) -> None:
    settings = Settings(data_dir=server.data_dir, token="")
    assert address_of("http://elsewhere.invalid/", None, None, settings).token == ""
    assert address_of("http://localhost:9/", None, None, settings).token == server.token
    assert address_of(None, None, None, Settings(data_dir=tmp_path / "none")).token == ""
    assert not (tmp_path / "none").exists()


def test_ctrl_c_stops_a_script_and_what_it_runs(server: ServedRepository) -> None:
    with speaking(server, "stream 400 20\necho never\n") as process:
        shown_until(process, "word20")
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=PATIENCE_S)
    assert rest.endswith("\n! Cancelled: user requested cancellation\n")
    assert (process.returncode, errors) == (1, "")
    with server.client() as client:
        assert "echo never" not in client.get("messages").text


def test_a_session_that_ends_ends_the_script(server: ServedRepository) -> None:
    with speaking(server, "echo one\n") as process, server.client() as client:
        shown_until(process, "\none\n")
        while client.get("state").json()["agent_state"] != "WaitingForUserInput":
            pass
        assert client.delete(f"sessions/{client.get('state').json()['session_id']}").status_code == 204
        process.wait(PATIENCE_S)
        rest, errors = process.communicate()
    assert (rest, errors, process.returncode) == ("the session has ended\n", "", 1)


def test_a_reader_that_has_seen_enough_ends_it_without_a_word(server: ServedRepository) -> None:
    with speaking(server, "stream 400 20\n") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(PATIENCE_S) == 1
        assert process.stderr.read() == ""


# ------------------------------------------------------------------------------------------------------ in a terminal


def test_what_is_typed_is_answered_and_ctrl_d_leaves_the_terminal_as_it_was(server: ServedRepository) -> None:
    with terminal(server.link) as screen:
        before = screen.modes()
        place = screen.wait_for("● connected")
        screen.type("echo hellö\r")
        place = screen.wait_for("› echo hellö", after=place)
        screen.wait_for("waiting for you", after=screen.wait_for("hellö", after=place))
        screen.type("\x04")
        assert screen.wait_for_exit() == 0
        assert screen.modes() == before
        assert "\x1b[?25h" in screen.raw[screen.raw.rindex("\x1b[?25l") :]  # the cursor is back


def test_ctrl_c_stops_what_runs_and_then_leaves(server: ServedRepository) -> None:
    with terminal(server.link) as screen:
        screen.wait_for("● connected")
        screen.type("slow 60\r")
        screen.wait_for("running tools.*Ctrl-C stops")
        screen.type("\x03")
        screen.wait_for("waiting for you", after=screen.wait_for("! Cancelled"))
        assert screen.process.poll() is None
        screen.type("\x03")
        assert screen.wait_for_exit() == 0


def test_a_text_goes_on_by_itself_after_the_server_was_killed(server: ServedRepository) -> None:
    with terminal(server.link) as screen:
        screen.wait_for("● connected")
        screen.type("stream 400 20\r")
        place = screen.wait_for(r"word30\b")
        server.kill()
        place = screen.wait_for("reconnecting in", after=place)
        screen.type("echo typed meanwhile\r")
        place = screen.wait_for(r"\(sending\)", after=place)
        server.start()
        place = screen.wait_for("! trio-agent was restarted", after=place)
        place = screen.wait_for("\ntyped meanwhile", after=place)
        screen.wait_for("● connected", after=place)
        screen.type("\x04")
        assert screen.wait_for_exit() == 0


def test_after_ctrl_z_the_terminal_is_taken_anew(server: ServedRepository) -> None:
    with terminal(server.link) as screen:
        place = screen.wait_for("● connected")
        taken = screen.modes()
        screen.reset_modes()  # as the shell does, which has the terminal meanwhile
        assert screen.modes() != taken
        screen.process.send_signal(signal.SIGCONT)
        place = screen.wait_for("● connected", after=place)
        assert screen.modes() == taken
        screen.type("\x04")
        assert screen.wait_for_exit() == 0


def test_a_terminal_that_closes_ends_it(server: ServedRepository) -> None:
    with terminal(server.link) as screen:
        screen.wait_for("● connected")
        screen.process.send_signal(signal.SIGHUP)
        assert screen.wait_for_exit() == 0
