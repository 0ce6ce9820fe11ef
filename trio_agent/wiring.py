"""Wiring: from settings to the parts, put together. The one place that knows them all."""

from __future__ import annotations

import importlib
import os
import shutil
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

import trio

from trio_agent.agent.coding_agent import CodingAgent, ToolsOf
from trio_agent.config import LOOPBACK_HOSTS, Settings, config_file, load_settings
from trio_agent.core.budget import Budget
from trio_agent.core.errors import ConfigError
from trio_agent.core.redaction import Redactor, secrets_of
from trio_agent.git.apart import private_inside, worked_in
from trio_agent.git.workspaces import RepositoryWorkspaces
from trio_agent.models.choose import chosen_model, default_model_name
from trio_agent.seams import Agent, Blobs, Model, Store, Tool
from trio_agent.stores.blobs import FileBlobs, MemoryBlobs
from trio_agent.stores.memory import open_memory
from trio_agent.stores.search_index import INDEX_SUFFIX
from trio_agent.stores.sqlite import open_sqlite
from trio_agent.token import load_token
from trio_agent.tools.ask_user import AskUser
from trio_agent.tools.background import open_background
from trio_agent.tools.bash import Bash
from trio_agent.tools.bash_kill import BashKill
from trio_agent.tools.bash_output import BashOutput
from trio_agent.tools.burst import Burst
from trio_agent.tools.confined import Confined
from trio_agent.tools.credentials import credential_places
from trio_agent.tools.environment import child_environment, terminal_environment
from trio_agent.tools.file_view import FileView
from trio_agent.tools.formatters import Formatters
from trio_agent.tools.orphans import end_orphans
from trio_agent.tools.patch import Patch
from trio_agent.tools.read_file import ReadFile
from trio_agent.tools.sandbox import Sandbox, find_sandbox
from trio_agent.tools.search import Search
from trio_agent.tools.terminal import Shells, open_terminals
from trio_agent.tools.todo_write import TodoWrite
from trio_agent.tools.web_fetch import WebFetch
from trio_agent.web.app import App
from trio_agent.web.guard import Access

STORE_SUFFIXES = ("", "-wal", "-shm", ".lock", *(f"{INDEX_SUFFIX}{each}" for each in ("", "-wal", "-shm")))
"""Of the files that a store consists of, its own name first."""

OpenMcp = Callable[[], AbstractAsyncContextManager[Callable[[], Sequence[Tool]]]]


def create_app(
    agent: Agent | None = None,
    *,
    settings: Settings | None = None,
    repository: Path | None = None,
    environment: Mapping[str, str] = os.environ,
) -> App:
    """An ASGI application with everything in place: the log, the stream, resume, cancel, the dashboard.

    `agent` is anything with the Agent protocol; without one, the coding agent at work in `repository` (default: the current
    directory). `settings` default to what the environment and the user's config file say. Raises ConfigError.
    """
    settings = load_settings({}, environment) if settings is None else settings
    repository = (repository or Path.cwd()).resolve()
    opening = open_store(settings)
    access = access_of(settings)
    theirs = [secret for server in settings.mcp.values() for secret in secrets_of(server.secrets)]
    redactor = Redactor([*secrets_of(environment), *theirs, *filter(None, [access.token])])
    blobs = make_blobs(settings)
    if agent is None:
        agent = coding_agent(settings, repository, environment, blobs, redactor)
        opening = partial(_without_orphans, opening)
    return App(
        agent,
        store=opening,
        access=access,
        redactor=redactor,
        blobs=blobs,
        project=str(repository),
        heartbeat_s=settings.heartbeat,
        check_model=partial(_model, settings, environment),
    )


def open_store(settings: Settings) -> Callable[[], AbstractAsyncContextManager[Store]]:
    """What opens the store that `settings` name."""
    path = settings.store_path
    return open_memory if path is None else partial(open_sqlite, path)


def make_blobs(settings: Settings) -> Blobs:
    """Where blobs are kept: in the data directory, or in memory where the store is."""
    return MemoryBlobs() if settings.store_path is None else FileBlobs(settings.blobs_path)


@asynccontextmanager
async def _without_orphans(opening: Callable[[], AbstractAsyncContextManager[Store]]) -> AsyncIterator[Store]:
    """The store, once nothing runs any more of which its logs are about to say that it was interrupted."""
    async with opening() as store:
        await trio.to_thread.run_sync(end_orphans)
        yield store


def access_of(settings: Settings) -> Access:
    """Who may talk to the server. Makes the token where none is kept yet."""
    token = None if settings.no_auth else settings.token or load_token(settings.data_dir)
    hosts = {name.lower() for name in settings.allow_host}
    if settings.host not in (*LOOPBACK_HOSTS, "0.0.0.0", "::"):
        hosts.add(f"[{settings.host}]".lower() if ":" in settings.host else settings.host.lower())
    return Access(token, frozenset(hosts), frozenset(settings.allow_origin))


def coding_agent(
    settings: Settings, repository: Path, environment: Mapping[str, str], blobs: Blobs, redactor: Redactor
) -> CodingAgent:
    """The agent that comes with the program. Raises ConfigError, at once and not at the first message."""
    make = partial(_model, settings, environment)
    make("")
    mcp = _mcp_of(settings, environment, redactor)
    sandbox = find_sandbox(settings.sandbox, network=settings.sandbox_net == "on")
    private = hidden_paths(settings, environment)
    place = worked_in(repository, in_place=settings.in_place)
    if place is not None and (inside := private_inside(place, private)) is not None:
        raise ConfigError(
            f"{place} would be worked in itself, and holds this program's own {inside}: serve another folder, or keep that "
            "elsewhere (--data-dir, --store, XDG_CONFIG_HOME)"
        )
    hidden = [*private, *credential_places(Path.home(), environment), *_named_hidden(settings, repository)]
    confined = Confined(sandbox=sandbox, environment=child_environment(environment, {}), hidden=hidden)
    shells = Shells(sandbox=sandbox, environment=terminal_environment(environment), hidden=hidden)
    workspaces = RepositoryWorkspaces(
        repository,
        settings.data_dir,
        in_place=settings.in_place,
        with_changes=settings.with_changes,
        private=private,
    )
    return CodingAgent(
        make_model=make,
        open_tools=partial(_open_tools, settings, sandbox, hidden, environment, redactor, mcp),
        workspaces=workspaces,
        blobs=blobs,
        budget=Budget(
            dollars=settings.budget_dollars, responses=settings.budget_responses, seconds=settings.budget_seconds
        ),
        session_budget=Budget(
            dollars=settings.session_dollars, responses=settings.session_responses, seconds=settings.session_seconds
        ),
        context_window=settings.context_window,
        sandbox=sandbox.name,
        run_program=confined.run,
        format_files=Formatters(confined).format,
        read_file=FileView(hidden).read,
        redact=redactor.redact,
        open_terminals=partial(open_terminals, shells),
    )


def hidden_paths(settings: Settings, environment: Mapping[str, str]) -> list[Path]:
    """What neither commands in a sandbox nor tools may see: the token, what was said in all sessions. It need not exist."""
    hidden = [settings.data_dir.absolute(), config_file(environment).parent]
    store = settings.store_path
    if store is not None:
        # SQLite's files beside the store hold its newest content, and the index the words of all of it.
        hidden += [Path(f"{store.absolute()}{suffix}") for suffix in STORE_SUFFIXES]
    return hidden


def _named_hidden(settings: Settings, repository: Path) -> list[Path]:
    """What the user has named to be hidden. Raises ConfigError for what the served repository lies in."""
    named = [Path(name).expanduser() for name in settings.hide]
    for path in named:
        if repository.resolve().is_relative_to(path.resolve()):
            raise ConfigError(f"--hide {path} would hide {repository}, which is served: name what lies beside it")
    return named


def _model(settings: Settings, environment: Mapping[str, str], name: str) -> Model:
    first = settings.model or default_model_name(environment)
    return chosen_model(name, first, environment, settings.base_url or None, settings.model_price)


def _mcp_of(settings: Settings, environment: Mapping[str, str], redactor: Redactor) -> OpenMcp:
    """What opens the MCP servers that the user has named. Raises ConfigError where there is nothing to reach them with."""
    if not settings.mcp:
        return _no_mcp
    try:
        # A second, and a dozen packages, that most users do without.
        module = importlib.import_module("trio_agent.tools.mcp")
    except ModuleNotFoundError as exc:
        raise ConfigError(
            f"the config file names MCP servers, and the package {exc.name!r} for them is missing: "
            "pip install 'trio-agent[mcp]'"
        ) from exc
    opening: OpenMcp = partial(module.open_mcp, settings.mcp, environment, redactor)
    return opening


@asynccontextmanager
async def _no_mcp() -> AsyncIterator[Callable[[], Sequence[Tool]]]:
    await trio.lowlevel.checkpoint()
    yield list


@asynccontextmanager
async def _open_tools(
    settings: Settings,
    sandbox: Sandbox,
    hidden: Sequence[Path],
    environment: Mapping[str, str],
    redactor: Redactor,
    mcp: OpenMcp,
) -> AsyncIterator[ToolsOf]:
    theirs = child_environment(environment, {})
    # Commands left in the background end with the session: TERM, a grace, KILL.
    async with open_background(redactor) as background, mcp() as from_servers:
        tools: list[Tool] = [
            Bash(
                sandbox=sandbox,
                environment=theirs,
                background=background,
                hidden=hidden,
                redactor=redactor,
                asks=settings.ask,
                network=settings.sandbox_net == "on",
            ),
            BashOutput(background),
            BashKill(background),
            Patch(redactor, hidden),
            ReadFile(redactor, hidden),
            Search(rg=shutil.which("rg"), environment=theirs, sandbox=sandbox, hidden=hidden, redactor=redactor),
            TodoWrite(),
            AskUser(),
        ]
        if settings.web_fetch:
            tools.append(WebFetch(redactor=redactor))
        # Only the demo model asks for bursts; to others it would be one more thing to misuse.
        yield lambda model: [*tools, *([Burst()] if model.name == "demo" else []), *from_servers()]
