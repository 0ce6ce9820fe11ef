"""Settings: where they may come from, which wins, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from trio_agent.config import DESCRIPTIONS, FILE_ONLY, Settings, config_file, load_settings
from trio_agent.core.errors import ConfigError
from trio_agent.core.mcp_server import McpServer
from trio_agent.core.redaction import secrets_of


class Home:
    """A home directory with a config file in it."""

    def __init__(self, path: Path) -> None:
        self.environment = {"XDG_CONFIG_HOME": str(path / "config"), "XDG_DATA_HOME": str(path / "share")}
        self.file = path / "config" / "trio-agent" / "config.toml"
        self.file.parent.mkdir(parents=True)

    def load(self, flags: dict[str, Any] | None = None, file: str = "", **environment: str) -> Settings:
        self.file.write_text(file)
        return load_settings(flags or {}, self.environment | environment)

    def refusal(self, flags: dict[str, Any] | None = None, file: str = "", **environment: str) -> str:
        with pytest.raises(ConfigError) as caught:
            self.load(flags, file, **environment)
        told = str(caught.value)
        assert "\n" not in told
        return told


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_the_defaults_are_those_of_the_contract(home: Home) -> None:
    settings = load_settings({}, home.environment)
    assert (settings.host, settings.port, settings.heartbeat) == ("127.0.0.1", 8000, 45)
    assert (settings.budget_dollars, settings.budget_responses, settings.budget_seconds) == (5.0, 0, 0)
    assert (settings.sandbox, settings.in_place, settings.with_changes, settings.no_auth) == (
        "auto",
        False,
        False,
        False,
    )
    assert settings.data_dir == Path(home.environment["XDG_DATA_HOME"]) / "trio-agent"
    assert settings.store_path == settings.data_dir / "agent.db"


def test_a_flag_beats_the_environment_which_beats_the_file(home: Home) -> None:
    file = "port = 1\nheartbeat = 11\nbudget-dollars = 1.5\n"
    settings = home.load({"port": 3, "model": None}, file, TRIO_AGENT_PORT="2", TRIO_AGENT_HEARTBEAT="22")
    assert (settings.port, settings.heartbeat, settings.budget_dollars) == (3, 22, 1.5)


@pytest.mark.parametrize("name", sorted(DESCRIPTIONS))
def test_every_setting_has_a_meaning_and_every_meaning_a_setting(name: str) -> None:
    assert name in Settings.__struct_fields__
    assert set(Settings.__struct_fields__) == set(DESCRIPTIONS)


VALUES = {
    "host": ("0.0.0.0", '"0.0.0.0"'),
    "port": ("1", "1"),
    "model": ("demo", '"demo"'),
    "base_url": ("http://x", '"http://x"'),
    "price": ("3,15", '"3,15"'),
    "store": ("memory:", '"memory:"'),
    "data_dir": ("/srv/data", '"/srv/data"'),
    "token": ("0123456789abcdef", '"0123456789abcdef"'),
    "no_auth": ("true", "true"),
    "heartbeat": ("10", "10"),
    "budget_dollars": ("0.5", "0.5"),
    "budget_responses": ("7", "7"),
    "budget_seconds": ("60", "60"),
    "session_dollars": ("20", "20"),
    "session_responses": ("100", "100"),
    "session_seconds": ("3600", "3600"),
    "context_window": ("32768", "32768"),
    "sandbox": ("none", '"none"'),
    "sandbox_net": ("off", '"off"'),
    "hide": ("~/notes,/srv/keys", '["~/notes", "/srv/keys"]'),
    "ask": ("true", "true"),
    "web_fetch": ("true", "true"),
    "in_place": ("true", "true"),
    "with_changes": ("true", "true"),
    "open": ("false", "false"),
    "log_format": ("json", '"json"'),
    "allow_host": ("a.example, b.example:80,", '["a.example", "b.example:80"]'),
    "allow_origin": ("https://a.example", '["https://a.example"]'),
}


@pytest.mark.parametrize("name", sorted(DESCRIPTIONS.keys() - FILE_ONLY))
def test_every_setting_can_stand_in_the_environment_and_in_the_file(home: Home, name: str) -> None:
    in_environment, in_file = VALUES[name]
    default = getattr(load_settings({}, home.environment), name)
    from_environment = getattr(home.load(**{f"TRIO_AGENT_{name.upper()}": in_environment}), name)
    from_file = getattr(home.load(file=f"{name.replace('_', '-')} = {in_file}"), name)
    assert from_environment == from_file != default


def test_an_empty_variable_is_none(home: Home) -> None:
    assert home.load(TRIO_AGENT_PORT="").port == 8000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "65536"),
        ("port", "-1"),
        ("port", "http"),
        ("heartbeat", "0"),
        ("heartbeat", "nan"),
        ("heartbeat", "inf"),
        ("budget_dollars", "-1"),
        ("budget_dollars", "nan"),
        ("budget_dollars", "inf"),
        ("budget_seconds", "nan"),
        ("budget_responses", "1.5"),
        ("session_dollars", "-1"),
        ("session_responses", "1.5"),
        ("session_seconds", "nan"),
        ("context_window", "-1"),
        ("hide", "notes"),
        ("price", "3"),
        ("price", "cheap,dear"),
        ("price", "1,-2"),
        ("sandbox", "docker"),
        ("log_format", "xml"),
        ("store", "postgres://"),
        ("no_auth", "maybe"),
        ("token", "short"),
        ("token", "0123456789abcde\u00fc"),
        ("token", "a token with blanks"),
        ("token", "0123456789abcdef\n"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name_and_source(home: Home, name: str, value: str) -> None:
    assert f"the environment: {name}" in home.refusal(**{f"TRIO_AGENT_{name.upper()}": value})
    told = home.refusal({name: value}, "")
    assert f"the command line: {name}" in told
    assert name != "token" or value not in told, "a secret is not told"


def test_a_setting_that_there_is_not_is_refused_with_the_file_s_name(home: Home) -> None:
    told = home.refusal(file="prot = 80\n")
    assert str(home.file) in told
    assert "prot" in told


def test_a_file_that_is_no_toml_is_refused_with_its_name_and_line(home: Home) -> None:
    told = home.refusal(file="port = 80\nmodel =\n")
    assert str(home.file) in told
    assert "line 2" in told


def test_no_auth_is_refused_unless_the_host_is_loopback(home: Home) -> None:
    for host in ("127.0.0.1", "localhost", "::1"):
        assert home.load({"no_auth": True, "host": host}).no_auth
    for host in ("0.0.0.0", "::", "192.168.1.2", "127.0.0.1.example.org", ""):
        assert "loopback" in home.refusal({"no_auth": True, "host": host})


def test_settings_that_do_not_go_together_are_judged_by_the_values_that_win(home: Home) -> None:
    assert "loopback" in home.refusal({"host": "0.0.0.0"}, "no_auth = true\n")
    assert home.load({"host": "127.0.0.1"}, "no-auth = true\nhost = '0.0.0.0'\n").no_auth


def test_without_a_file_the_rest_counts(tmp_path: Path) -> None:
    environment = {"XDG_CONFIG_HOME": str(tmp_path), "TRIO_AGENT_PORT": "81"}
    assert load_settings({}, environment).port == 81


def test_the_file_is_the_user_s_wherever_the_program_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As a hostile repository would have it: its own config where a relative path leads.
    hostile = tmp_path / "repository"
    (hostile / "trio-agent").mkdir(parents=True)
    (hostile / "trio-agent" / "config.toml").write_text("port = 666\n")
    monkeypatch.chdir(hostile)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for relative in (".", "", "trio-agent/.."):
        assert config_file({"XDG_CONFIG_HOME": relative}) == tmp_path / "home/.config/trio-agent/config.toml"
        assert load_settings({}, {"XDG_CONFIG_HOME": relative}).port == 8000


@pytest.mark.parametrize("store", ["sqlite:", "sqlite:~/x.db", "sqlite:/srv/x.db", "memory:"])
def test_a_store_is_named_by_its_kind_and_place(home: Home, tmp_path: Path, store: str) -> None:
    expected = {
        "sqlite:": Path("/srv/data/agent.db"),
        "sqlite:~/x.db": Path("~/x.db").expanduser(),
        "sqlite:/srv/x.db": Path("/srv/x.db"),
        "memory:": None,
    }
    assert home.load({"store": store, "data_dir": Path("/srv/data")}).store_path == expected[store]


def test_a_home_in_the_data_directory_s_name_is_the_user_s(home: Home) -> None:
    assert home.load(file='data_dir = "~/agent"\n').data_dir == Path("~/agent").expanduser()


def test_mcp_servers_stand_in_the_file_alone(home: Home) -> None:
    file = """
    [mcp.local]
    command = ["server", "--stdio"]
    env = { KEY = "value" }
    [mcp.far]
    url = "https://example.org/mcp"
    headers = { Authorization = "Bearer x" }
    """
    servers = home.load(file=file, TRIO_AGENT_MCP="{}").mcp
    assert servers["local"] == McpServer(command=("server", "--stdio"), env={"KEY": "value"})
    assert servers["far"] == McpServer(url="https://example.org/mcp", headers={"Authorization": "Bearer x"})


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("[mcp.a]", "either command"),
        ('[mcp.a]\ncommand = ["x"]\nurl = "http://x"', "either command"),
        ('[mcp.a]\nurl = "ftp://x"', "http://"),
        ('[mcp.a]\nurl = "http://x"\nenv = {A = "b"}', "env goes with command"),
        ('[mcp.a]\ncommand = ["x"]\nheaders = {A = "b"}', "headers go with url"),
        ('[mcp.a]\nurl = "http://x"\nheaders = {"A b" = "b"}', "visible ASCII"),
        ('[mcp.a]\nurl = "http://x"\nheaders = {A = "b\\r\\nC: d"}', "visible ASCII"),
        ('[mcp.a]\ncommand = ["x\\u0000"]', "no NUL"),
        ('[mcp.a]\ncommand = "x"', "array"),
        ('[mcp.a]\ncomand = ["x"]', "comand"),
        ('[mcp.a__b]\ncommand = ["x"]', "name of an MCP server"),
        ('[mcp."a b"]\ncommand = ["x"]', "name of an MCP server"),
    ],
)
def test_an_mcp_server_that_cannot_be_is_refused(home: Home, file: str, told: str) -> None:
    refusal = home.refusal(file=file)
    assert told in refusal
    assert "mcp" in refusal


def test_what_an_mcp_server_is_told_of_secrets_is_known_as_such() -> None:
    far = McpServer(url="https://me:pass-word-1@example.org/", headers={"Authorization": "Bearer tok-en-12345"})
    local = McpServer(command=("x",), env={"API_KEY": "key-of-1234", "HOME_PAGE": "http://x"})
    assert {"Bearer tok-en-12345", "tok-en-12345", "pass-word-1"} <= set(secrets_of(far.secrets))
    assert "key-of-1234" in secrets_of(local.secrets)


def test_a_question_that_commands_could_answer_themselves_is_refused(home: Home) -> None:
    assert "no_auth and ask exclude each other" in home.refusal({"no_auth": True}, "ask = true\n")
