"""MCP servers of the user's config file, in the program as it is run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import trio

from tests.mcp.connecting import SERVERS
from tests.server.process import make_repository, program, running
from tests.tools.bench import running as processes
from tests.web.serving import open_events

ADD = [{"tool_calls": [{"name": "honest__add", "input": {"a": 2, "b": 40}}]}, {"text": "It is 42."}]


def write_config(data_dir: Path, *, name: str, how: str) -> None:
    file = data_dir / "config" / "trio-agent" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(f"[mcp.{name}]\ncommand = {json.dumps([sys.executable, str(SERVERS / how), 'mcp-of-the-test'])}\n")


async def test_the_model_calls_a_tool_of_the_users_server_which_ends_with_the_program(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    write_config(data_dir, name="honest", how="honest.py")
    script = tmp_path / "script.json"
    script.write_text(json.dumps(ADD))
    async with running(data_dir, "--model", f"scripted:{script}") as server, server.client() as client:
        async with open_events(client) as events:
            await client.post("chat", json={"message": "2 and 40?"})
            while (message := json.loads((await events.next_of("message")).data))["type"] != "tool":
                pass
            assert (message["tool_name"], message["tool_result"]) == ("honest__add", "42")
            assert "It is 42." in json.loads((await events.next_of("message")).data)["content"]
        assert processes("mcp-of-the-test")
        server.process.terminate()
        with trio.fail_after(30):
            assert await server.process.wait() == 0
    assert processes("mcp-of-the-test") == []


async def test_nothing_in_the_repository_names_a_server(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    repository = make_repository(tmp_path)
    server = {"command": sys.executable, "args": ["-c", "import signal; signal.pause()", "mcp-of-the-repository"]}
    for name in (".mcp.json", "mcp.json", "config.toml", ".trio-agent/config.toml", ".vscode/mcp.json"):
        file = repository / name
        file.parent.mkdir(exist_ok=True)
        toml = f"[mcp.x]\ncommand = {json.dumps([server['command'], *server['args']])}\n"
        file.write_text(toml if name.endswith("toml") else json.dumps({"mcpServers": {"x": server}}))
    async with running(data_dir) as served, served.client() as client, open_events(client) as events:
        await client.post("chat", json={"message": "echo hello"})
        while "echo" in json.loads((await events.next_of("message")).data)["content"]:
            pass
        assert processes("mcp-of-the-repository") == []


def test_without_the_package_the_program_says_what_to_install(tmp_path: Path) -> None:
    write_config(tmp_path, name="honest", how="honest.py")
    code = "import sys; sys.modules['mcp'] = None; from trio_agent.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "serve", str(make_repository(tmp_path)), "--port", "0", "--no-open"],
        env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path / "config"), "TRIO_AGENT_DATA_DIR": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "pip install 'trio-agent[mcp]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_without_a_server_the_package_is_not_even_looked_at() -> None:
    code = "import sys; import trio_agent.wiring; sys.exit('mcp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


async def test_the_doctor_starts_every_server_once_and_tells_how_it_did(tmp_path: Path) -> None:
    config = tmp_path / "config" / "trio-agent" / "config.toml"
    config.parent.mkdir(parents=True)
    program_of = {"good": ("honest.py",), "odd": ("hostile.py", "crooked"), "dead": ("hostile.py", "stillborn")}
    program_of |= {"loud": ("hostile.py", "chatty"), "bare": ("hostile.py", "useless")}
    config.write_text(
        "port = 0\n"
        + "".join(
            f"[mcp.{name}]\ncommand = {json.dumps([sys.executable, str(SERVERS / file), *words, 'mcp-of-the-doctor'])}\n"
            'env = {SOME_KEY = "s3cret-of-the-server"}\n'
            for name, (file, *words) in program_of.items()
        )
    )
    done = await program(tmp_path, "doctor", "--data-dir", str(tmp_path), "--model", "demo")
    lines = {line.partition(": ")[0]: line for line in done.stdout.decode().splitlines()}
    assert done.returncode == 1
    assert lines["ok      mcp good"].endswith(" tools")
    assert "2 tools; left out: bare (it has no schema)" in lines["ok      mcp odd"]
    assert "there is no such database" in lines["broken  mcp dead"]
    assert "no access with" in lines["broken  mcp loud"]
    assert "0 tools; left out: bare?[31m (it has no schema)" in lines["ok      mcp bare"]
    assert "s3cret" not in done.stdout.decode()
    assert done.stderr == b""
    assert processes("mcp-of-the-doctor") == []


def test_the_doctor_says_where_the_package_is_missing(tmp_path: Path) -> None:
    write_config(tmp_path, name="honest", how="honest.py")
    code = "import sys; sys.modules['mcp'] = None; from trio_agent.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "doctor", "--data-dir", str(tmp_path / "data"), "--model", "demo"],
        env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path / "config")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "broken  mcp: the package 'mcp' is missing: pip install" in done.stdout
    assert done.stderr == ""
