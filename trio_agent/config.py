"""Settings: every option of `serve`, where it may come from, and what it means.

A flag beats an environment variable (`--budget-dollars` is TRIO_AGENT_BUDGET_DOLLARS), which beats the user's config file.
Nothing in the served repository configures the program: whoever can write there must not decide what runs here.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec
import platformdirs

from trio_agent.core import mcp_server
from trio_agent.core.errors import ConfigError
from trio_agent.core.mcp_server import McpServer
from trio_agent.core.price import Price, read_price
from trio_agent.token import MIN_TOKEN_CHARS, is_token

PREFIX = "TRIO_AGENT_"
HEARTBEAT_S = (1, 3600)
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})

SandboxChoice = Literal["auto", "bwrap", "none"]
NetworkChoice = Literal["on", "off"]
LogFormat = Literal["pretty", "json"]


def _data_dir() -> Path:
    return platformdirs.user_data_path("trio-agent")


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `trio-agent serve` can be told. Each field's meaning stands in DESCRIPTIONS."""

    host: str = "127.0.0.1"
    port: int = 8000
    model: str = ""
    base_url: str = ""
    price: str = ""
    store: str = "sqlite:"
    data_dir: Path = msgspec.field(default_factory=_data_dir)
    token: str = ""
    no_auth: bool = False
    heartbeat: float = 45.0
    budget_dollars: float = 5.0
    budget_responses: int = 0
    budget_seconds: float = 0.0
    session_dollars: float = 0.0
    session_responses: int = 0
    session_seconds: float = 0.0
    context_window: int = 0
    sandbox: SandboxChoice = "auto"
    sandbox_net: NetworkChoice = "on"
    hide: tuple[str, ...] = ()
    ask: bool = False
    web_fetch: bool = False
    in_place: bool = False
    with_changes: bool = False
    open: bool | None = None
    log_format: LogFormat | None = None
    allow_host: tuple[str, ...] = ()
    allow_origin: tuple[str, ...] = ()
    mcp: dict[str, McpServer] = {}

    def __post_init__(self) -> None:
        """Raises ValueError, which msgspec turns into a ValidationError that names the place."""
        if not 0 <= self.port <= 65535:
            raise ValueError("port takes 0 to 65535")
        if not HEARTBEAT_S[0] <= self.heartbeat <= HEARTBEAT_S[1]:
            raise ValueError(f"heartbeat takes {HEARTBEAT_S[0]} to {HEARTBEAT_S[1]} seconds")
        of_a_turn = (self.budget_dollars, self.budget_responses, self.budget_seconds)
        for budget in (*of_a_turn, self.session_dollars, self.session_responses, self.session_seconds):
            # `nan` would be no limit at all, and JSON has no word for either.
            if budget < 0 or not math.isfinite(budget):
                raise ValueError("a budget is a number, not negative; 0 means unlimited")
        for name in self.hide:
            if not Path(name).expanduser().is_absolute():
                raise ValueError("hide takes absolute paths, or such as begin with ~/")
        if self.context_window < 0:
            raise ValueError("context_window takes a number of tokens; 0 means unknown")
        if self.price:
            read_price(self.price)
        for name in self.mcp:
            if not mcp_server.NAME.fullmatch(name):
                raise ValueError("the name of an MCP server takes 24 letters, digits, - and _ at most, no __ in it")
        if self.no_auth and self.host not in LOOPBACK_HOSTS:
            raise ValueError("no_auth is refused unless the host is loopback: anybody could run commands here")
        if self.no_auth and self.ask:
            raise ValueError(
                "no_auth and ask exclude each other: a command could answer its own question through the API"
            )
        if self.token and not is_token(self.token):
            raise ValueError(f"token takes {MIN_TOKEN_CHARS} or more visible ASCII characters, no blanks")
        if self.store != "memory:" and not self.store.startswith("sqlite:"):
            raise ValueError("store takes sqlite:PATH or memory:")

    @property
    def model_price(self) -> Price | None:
        """What the user says the model's tokens cost, None where that is left to what is known of the model."""
        return read_price(self.price) if self.price else None

    @property
    def store_path(self) -> Path | None:
        """The database's file, None for a store in memory."""
        if self.store == "memory:":
            return None
        return Path(self.store.removeprefix("sqlite:") or self.data_dir / "agent.db").expanduser()

    @property
    def blobs_path(self) -> Path:
        """The folder of what is too large for a message."""
        return self.data_dir / "blobs"


DESCRIPTIONS: dict[str, str] = {
    "host": "address to listen on",
    "port": "port to listen on; 0 takes a free one",
    "model": "anthropic/MODEL, openai/MODEL, gemini/MODEL, scripted:FILE or demo; "
    "default: by the first key in the environment, else demo",
    "base_url": "a server that speaks the provider's API, instead of the provider's own",
    "price": "dollars for a million of the model's tokens, IN,OUT or IN,OUT,CACHE_WRITE,CACHE_READ; "
    "default: as published, where that is known",
    "store": "where logs are kept: sqlite:PATH or memory:; default: agent.db in the data directory",
    "data_dir": "directory (mode 0700) of the store, the token and the sessions' workspaces",
    "token": f"the token clients must bring, {MIN_TOKEN_CHARS} or more visible ASCII characters; "
    "default: one kept in the data directory",
    "no_auth": "ask nobody for a token; only on a loopback host",
    "heartbeat": f"seconds between heartbeats of a stream, {HEARTBEAT_S[0]} to {HEARTBEAT_S[1]}",
    "budget_dollars": "dollars a turn may spend; 0 = unlimited",
    "budget_responses": "model responses a turn may use; 0 = unlimited",
    "budget_seconds": "seconds a turn may take; 0 = unlimited",
    "session_dollars": "dollars a session may spend before it waits for another message, which grants as much again; "
    "0 = unlimited",
    "session_responses": "model responses a session may use, likewise",
    "session_seconds": "seconds a session may work, likewise",
    "context_window": "tokens that fit into a model of which that is not known; 0 = unknown",
    "sandbox": "what commands run in; auto is bwrap where it works",
    "sandbox_net": "whether commands reach the network; off needs the sandbox bwrap",
    "hide": "a file or folder that the agent must not see, beside the usual places of credentials; may be repeated",
    "ask": "ask the user before commands that leave the workspace or push; a help against accidents, no wall",
    "web_fetch": "let the agent fetch pages of the public web, as text",
    "in_place": "work in the repository itself instead of a clone",
    "with_changes": "bring uncommitted changes into the clone as a first commit",
    "open": "open the browser; default: if there is a desktop",
    "log_format": "of the log on stderr; default: pretty on a terminal, else json",
    "allow_host": "a Host name this server also goes by, NAME or NAME:PORT; may be repeated",
    "allow_origin": "an origin whose pages have access, such as https://example.org; may be repeated",
    "mcp": "MCP servers whose tools the agent has: [mcp.NAME] with command and env, or url and headers",
}
"""The meaning of each setting, one line: help texts and docs are made from it."""

_LISTS = frozenset({"hide", "allow_host", "allow_origin"})
"""Settings that may be given more than once: in the environment, with commas between."""

FILE_ONLY = frozenset({"mcp"})
"""Settings with parts of their own: they stand in the config file and nowhere else."""


def config_file(environment: Mapping[str, str]) -> Path:
    """Where the user's config file is, whether or not it exists."""
    home = environment.get("XDG_CONFIG_HOME")
    # A relative path counts for nothing, as the XDG specification says: it would lead into the served repository.
    folder = Path(home) if home and Path(home).is_absolute() else Path.home() / ".config"
    return folder / "trio-agent" / "config.toml"


def load_settings(flags: Mapping[str, Any], environment: Mapping[str, str]) -> Settings:
    """Settings of `flags` (those given), then `environment`, then the config file. Raises ConfigError."""
    values: dict[str, Any] = {}
    data_home = Path(environment.get("XDG_DATA_HOME", ""))
    if data_home.is_absolute():
        values["data_dir"] = data_home / "trio-agent"
    for source, given in (
        (str(config_file(environment)), _from_file(config_file(environment))),
        ("the environment", _from_environment(environment)),
        ("the command line", {name: value for name, value in flags.items() if value is not None}),
    ):
        values |= _checked(given, source)
    try:
        return _converted(values)
    except msgspec.ValidationError as exc:
        raise ConfigError(_told(exc)) from exc


def _checked(given: dict[str, Any], source: str) -> dict[str, Any]:
    """`given`, each value tried by itself so that the message can say where a bad one came from.

    What concerns two settings together is judged at the end, of the values that win.
    """
    for name, value in given.items():
        if name not in DESCRIPTIONS:
            raise ConfigError(f"{source}: there is no setting {name!r}")
        try:
            _converted({name: value})
        except msgspec.ValidationError as exc:
            raise ConfigError(f"{source}: {name}: {_told(exc)}") from exc
    return given


def _converted(values: dict[str, Any]) -> Settings:
    """From texts, as the environment has them, or from values of their own types. Raises ValidationError."""
    return msgspec.convert(values, Settings, strict=False, dec_hook=_path)


def _path(kind: type, value: object) -> Path:
    if isinstance(value, str | Path) and value != "":
        return Path(value).expanduser()
    raise ValueError("takes the name of a directory")


def _told(error: msgspec.ValidationError) -> str:
    return str(error).split(" - at `$")[0]


def _from_file(path: Path) -> dict[str, Any]:
    try:
        return {name.replace("-", "_"): value for name, value in tomllib.loads(path.read_text("utf-8")).items()}
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise ConfigError(f"cannot read {path}: {exc}") from exc


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in DESCRIPTIONS.keys() - FILE_ONLY:
        text = environment.get(PREFIX + name.upper())
        if text:
            values[name] = _listed(text) if name in _LISTS else text
    return values


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
