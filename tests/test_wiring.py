from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from tests.tools.bench import FakeBench
from trio_agent.config import Settings, load_settings
from trio_agent.core.budget import Budget
from trio_agent.core.errors import ConfigError, ToolError
from trio_agent.core.redaction import BY_SHAPE
from trio_agent.models.choose import make_model
from trio_agent.stores.blobs import MemoryBlobs
from trio_agent.stores.sqlite import open_sqlite
from trio_agent.token import load_token
from trio_agent.tools.environment import child_environment
from trio_agent.tools.sandbox import find_sandbox
from trio_agent.wiring import coding_agent, hidden_paths


@pytest.fixture
def bench(tmp_path: Path) -> FakeBench:
    return FakeBench(tmp_path.resolve() / "workspace")


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A directory that is not in /tmp, which a sandbox replaces."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        yield Path(directory).resolve()


@pytest.mark.parametrize("store", ["", "elsewhere.db"])
async def test_a_command_in_the_sandbox_reads_neither_store_nor_token_nor_configuration(
    elsewhere: Path, store: str
) -> None:
    workspace, data_dir = elsewhere / "workspace", elsewhere / "data"
    workspace.mkdir()
    config = elsewhere / "config" / "trio-agent" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('token = "canary-canary-canary"\n')
    environment = {"XDG_CONFIG_HOME": str(elsewhere / "config")}
    settings = load_settings(
        {"store": f"sqlite:{elsewhere / store}" if store else "sqlite:", "data_dir": data_dir}, environment
    )
    load_token(data_dir)
    assert settings.store_path is not None
    async with open_sqlite(settings.store_path):
        sandbox = find_sandbox("auto")
        script = f"cd {elsewhere}; find . -path ./workspace -prune -o -type f -size +0 -print"
        argv = sandbox.wrap(["bash", "-c", script], workspace, hidden_paths(settings, environment))
        done = await trio.run_process(argv, env=child_environment(os.environ, {}), capture_stdout=True)
        seen = set(done.stdout.decode().split())
        beside = {
            path.name for path in settings.store_path.parent.iterdir() if path.name.startswith(settings.store_path.name)
        }
    assert {f"{settings.store_path.name}{suffix}" for suffix in ("", "-wal", "-shm", ".lock")} == beside
    if sandbox.name == "bwrap":
        assert seen == set()
    else:
        assert "./config/trio-agent/config.toml" in seen


def test_a_store_named_from_the_current_directory_is_hidden_where_it_is() -> None:
    hidden = hidden_paths(Settings(store="sqlite:mine.db", data_dir=Path("data")), {})
    assert {Path.cwd() / "mine.db", Path.cwd() / "mine.db-wal", Path.cwd() / "data"} <= set(hidden)


def test_a_store_in_memory_has_no_files_to_hide() -> None:
    assert len(hidden_paths(Settings(store="memory:"), {})) == 2


@pytest.mark.parametrize("allowed", [True, False])
async def test_the_web_is_fetched_from_only_where_the_user_allows_it(tmp_path: Path, allowed: bool) -> None:
    settings = Settings(data_dir=tmp_path / "data", model="demo", store="memory:", sandbox="none", web_fetch=allowed)
    repository = tmp_path / "repository"
    agent = coding_agent(settings, repository, {"PATH": os.environ["PATH"]}, MemoryBlobs(), BY_SHAPE)
    async with agent._open_tools() as tools:
        names = {tool.spec.name for tool in tools(make_model("demo", {}, None))}
    assert ("web_fetch" in names) is allowed
    assert {"bash", "bash_output", "bash_kill", "patch", "read_file", "search", "todo_write", "ask_user"} <= names


def test_budgets_and_the_usual_window_are_the_agent_s(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path / "data",
        sandbox="none",
        model="demo",
        budget_dollars=1.0,
        budget_responses=2,
        budget_seconds=3.0,
        session_dollars=4.0,
        session_responses=5,
        session_seconds=6.0,
        context_window=7,
    )
    agent = coding_agent(settings, tmp_path / "repository", {}, MemoryBlobs(), BY_SHAPE)
    assert agent._budget == Budget(dollars=1.0, responses=2, seconds=3.0)
    assert agent._session_budget == Budget(dollars=4.0, responses=5, seconds=6.0)
    assert agent._usual_window == 7


def test_no_network_without_a_sandbox_is_refused_at_once(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, model="demo", store="memory:", sandbox="none", sandbox_net="off")
    with pytest.raises(ConfigError, match="--sandbox-net off needs the sandbox bwrap"):
        coding_agent(settings, tmp_path, {}, MemoryBlobs(), BY_SHAPE)


@pytest.mark.parametrize("private", ["data_dir", "store", "config"])
@pytest.mark.parametrize("in_place", [True, False])
def test_a_folder_worked_in_itself_is_refused_where_it_holds_what_is_ours(
    tmp_path: Path, private: str, in_place: bool
) -> None:
    served, apart = tmp_path / "served", tmp_path / "apart"
    served.mkdir()
    places = dict.fromkeys(("data_dir", "store", "config"), apart) | {private: served}
    environment = {"PATH": os.environ["PATH"], "XDG_CONFIG_HOME": str(places["config"] / "config")}
    settings = Settings(
        data_dir=places["data_dir"] / "data",
        store=f"sqlite:{places['store'] / 'agent.db'}",
        model="demo",
        sandbox="none",
        in_place=in_place,
    )
    if in_place:
        (served / ".git").mkdir()
    with pytest.raises(ConfigError, match="serve another folder"):
        coding_agent(settings, served, environment, MemoryBlobs(), BY_SHAPE)


def test_a_home_that_is_a_repository_may_be_served_in_clones(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    settings = Settings(data_dir=tmp_path / "data", model="demo", sandbox="none")
    coding_agent(settings, tmp_path, {"PATH": os.environ["PATH"]}, MemoryBlobs(), BY_SHAPE)


@pytest.mark.parametrize(
    ("tool", "input"),
    [
        ("read_file", '{"path": "link/token"}'),
        ("read_file", '{"path": ".data"}'),
        ("search", '{"pattern": ".", "path": ".data"}'),
        ("patch", '{"path": ".data/made", "patches": [{"operation": "overwrite", "newText": "x"}]}'),
    ],
)
async def test_no_tool_reaches_what_is_hidden_in_the_workspace(bench: FakeBench, tool: str, input: str) -> None:
    data_dir = bench.workspace / ".data"
    data_dir.mkdir(parents=True)
    (data_dir / "token").write_text("secret")
    (bench.workspace / "link").symlink_to(".data")
    settings = Settings(data_dir=data_dir, model="demo", sandbox="none")
    environment = {"PATH": os.environ["PATH"]}
    agent = coding_agent(settings, bench.workspace.parent / "served", environment, MemoryBlobs(), BY_SHAPE)
    async with agent._open_tools() as tools:
        (asked,) = [each for each in tools(make_model("demo", {}, None)) if each.spec.name == tool]
        with pytest.raises(ToolError, match="is hidden"):
            await asked.run(input.encode(), bench)
    assert not (data_dir / "made").exists()


async def test_what_the_user_names_is_hidden_from_commands_and_tools(bench: FakeBench, elsewhere: Path) -> None:
    (bench.workspace / "keys").mkdir(parents=True)
    for path in (bench.workspace / "keys" / "one", elsewhere / "notes"):
        path.write_text("secret\n")
    settings = Settings(
        data_dir=elsewhere / "data", model="demo", hide=(f"{bench.workspace}/keys", f"{elsewhere}/notes")
    )
    environment = {"PATH": os.environ["PATH"]}
    agent = coding_agent(settings, bench.workspace.parent / "served", environment, MemoryBlobs(), BY_SHAPE)
    async with agent._open_tools() as tools:
        by_name = {each.spec.name: each for each in tools(make_model("demo", {}, None))}
        with pytest.raises(ToolError, match="is hidden"):
            await by_name["read_file"].run(b'{"path": "keys/one"}', bench)
        command = json.dumps({"command": f"cat keys/one {elsewhere}/notes"}).encode()
        result = await by_name["bash"].run(command, bench)
    assert ("secret" in result.text) is (find_sandbox("auto").name == "none")


@pytest.mark.parametrize("in_place", [True, False])
def test_a_served_repository_cannot_be_hidden(tmp_path: Path, in_place: bool) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    settings = Settings(data_dir=tmp_path / "data", model="demo", hide=(f"{tmp_path}/link",), in_place=in_place)
    with pytest.raises(ConfigError, match="name what lies beside it"):
        coding_agent(settings, tmp_path / "repository", {}, MemoryBlobs(), BY_SHAPE)
