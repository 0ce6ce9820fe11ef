from __future__ import annotations

from pathlib import Path

import pytest

from trio_agent.core.errors import ConfigError
from trio_agent.core.price import Price
from trio_agent.models.choose import chosen_model, default_model_name, make_model
from trio_agent.models.streamed import StreamedModel

KEY = {"ANTHROPIC_API_KEY": "sk-1"}


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({}, "demo"),
        ({"ANTHROPIC_API_KEY": ""}, "demo"),
        ({"ANTHROPIC_API_KEY": " "}, "demo"),
        (KEY, "anthropic/claude-sonnet-5-5"),
        ({"OPENAI_API_KEY": "k"}, "openai/gpt-6.2-sol"),
        ({"OPENAI_API_KEY": "k", **KEY}, "anthropic/claude-sonnet-5-5"),
        ({"OPENAI_API_KEY": "k", "GEMINI_API_KEY": "k"}, "openai/gpt-6.2-sol"),
        ({"GEMINI_API_KEY": "k"}, "gemini/gemini-4-hydrogen"),
        ({"GOOGLE_API_KEY": "k"}, "gemini/gemini-4-hydrogen"),
        ({"GOOGLE_API_KEY": "k", **KEY}, "anthropic/claude-sonnet-5-5"),
    ],
)
def test_the_default_is_the_provider_with_a_key_or_else_the_demo(environment: dict[str, str], name: str) -> None:
    assert default_model_name(environment) == name


def test_a_model_is_called_what_the_user_called_it(tmp_path: Path) -> None:
    (tmp_path / "script").write_text('{"text": "hi"}')
    for name in ("demo", "anthropic/claude-opus-5-5", f"scripted:{tmp_path}/script"):
        assert make_model(name, KEY).name == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "dem",
        "demo/x",
        "anthropic",
        "anthropic/",
        "claude-sonnet-5-5",
        "scripted",
        "openai",
        "openai/",
        "openai-completions/gpt",
        "gemini",
        "gemini/",
    ],
)
def test_an_unknown_name_is_refused_with_what_there_is(name: str) -> None:
    there_is = (
        "anthropic/MODEL, openai/MODEL, gemini/MODEL, openai-responses/MODEL, openai-chat/MODEL, scripted:FILE or demo"
    )
    with pytest.raises(ConfigError, match=f"choose {there_is}"):
        make_model(name, KEY)


def test_a_script_needs_a_file() -> None:
    with pytest.raises(ConfigError, match="scripted:FILE"):
        make_model("scripted:", {})


@pytest.mark.parametrize("environment", [{}, {"ANTHROPIC_API_KEY": " "}])
def test_without_a_key_the_variable_to_set_is_named(environment: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="set ANTHROPIC_API_KEY"):
        make_model("anthropic/claude-sonnet-5-5", environment)


@pytest.mark.parametrize("name", ["anthropic/llama", "openai/llama", "openai-responses/llama", "openai-chat/a/b:c"])
def test_a_server_of_ones_own_needs_no_key(name: str) -> None:
    assert make_model(name, {}, "http://localhost:8080").name == name


@pytest.mark.parametrize("name", ["openai/gpt-6.2-sol", "openai-responses/gpt-6.2-sol", "openai-chat/gpt-4.1"])
def test_openai_is_asked_with_its_key_by_either_api(name: str) -> None:
    assert make_model(name, {"OPENAI_API_KEY": "k"}).name == name
    with pytest.raises(ConfigError, match="set OPENAI_API_KEY"):
        make_model(name, KEY)


PRICE = Price(input=0, output=0, cache_write=0, cache_read=0)
HERE = "http://localhost:8080"
KEYS = {**KEY, "OPENAI_API_KEY": "k"}


def where(name: str, base_url: str | None) -> tuple[str, bool]:
    """Where the model that the user switched to is asked, and whether the price that was given holds for it."""
    model = chosen_model(name, "openai/llama", KEYS, base_url, PRICE)
    assert isinstance(model, StreamedModel)
    endpoint = model.endpoint
    return endpoint.base_url, endpoint.price is not None


@pytest.mark.parametrize(
    ("name", "base_url", "expected"),
    [
        ("", HERE, (HERE, True)),
        ("openai/llama", HERE, (HERE, True)),
        ("openai/qwen", HERE, (HERE, True)),
        ("openai-responses/llama", HERE, (HERE, True)),
        ("anthropic/claude-sonnet-5-5", HERE, ("", False)),
        ("", None, ("", True)),
        ("openai/gpt-6.2-sol", None, ("", False)),
    ],
)
def test_address_and_price_are_those_of_the_model_that_they_were_said_of(
    name: str, base_url: str | None, expected: tuple[str, bool]
) -> None:
    assert where(name, base_url) == expected


def test_a_price_that_the_user_gives_makes_a_model_a_priced_one() -> None:
    price = Price(input=1, output=2, cache_write=1, cache_read=1)
    assert not make_model("openai/llama", {}, "http://localhost:8080").priced
    assert make_model("openai/llama", {}, "http://localhost:8080", price).priced


@pytest.mark.parametrize("key", ["sk-\n1", "sk-ключ", "sk-\x00"])
def test_a_key_that_cannot_be_one_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(ConfigError, match="is no key") as caught:
        make_model("anthropic/claude-sonnet-5-5", {"ANTHROPIC_API_KEY": key})
    assert key not in str(caught.value)


@pytest.mark.parametrize("variable", ["GEMINI_API_KEY", "GOOGLE_API_KEY"])
def test_gemini_takes_its_key_from_either_variable(variable: str) -> None:
    assert make_model("gemini/gemini-4-carbon", {variable: "k"}).name == "gemini/gemini-4-carbon"


def test_without_a_key_for_gemini_its_own_variable_is_named() -> None:
    with pytest.raises(ConfigError, match="set GEMINI_API_KEY"):
        make_model("gemini/gemini-4-carbon", KEY)
