"""Writes the parts of the docs that the code knows better: tables between `<!-- made: NAME -->` and `<!-- end -->`.

python docs/generate.py            rewrite them
python docs/generate.py --check    fail where they are not up to date
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from trio_agent.agent.subagent import SPEC as SUBAGENT
from trio_agent.config import DESCRIPTIONS, FILE_ONLY, PREFIX, Settings
from trio_agent.core.commands import COMMANDS
from trio_agent.core.machine import TRANSITIONS
from trio_agent.core.price import Price
from trio_agent.models.catalogue import PROVIDERS, catalogue_of
from trio_agent.seams import Tool
from trio_agent.tools.ask_user import AskUser
from trio_agent.tools.bash import Bash
from trio_agent.tools.bash_kill import SPEC as BASH_KILL
from trio_agent.tools.bash_output import SPEC as BASH_OUTPUT
from trio_agent.tools.burst import Burst
from trio_agent.tools.patch import Patch
from trio_agent.tools.read_file import ReadFile
from trio_agent.tools.sandbox import find_sandbox
from trio_agent.tools.search import Search
from trio_agent.tools.todo_write import TodoWrite
from trio_agent.tools.web_fetch import WebFetch
from trio_agent.web.routes import REPLAY_ROUTES, ROUTES

DOCS = Path(__file__).resolve().parent
_BLOCK = re.compile(r"(<!-- made: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_FROM_ELSEWHERE = {"data_dir": "`$XDG_DATA_HOME/trio-agent`", "token": "kept in the data directory"}


def options() -> str:
    """Every setting: its flag, its environment variable, its default."""
    defaults = Settings()
    rows = ["| option | environment | default | meaning |", "|---|---|---|---|"]
    for field in msgspec.structs.fields(Settings):
        if field.name in FILE_ONLY:
            rows.append(f"| only in the file: `{field.name}` | | | {DESCRIPTIONS[field.name]} |")
            continue
        value = getattr(defaults, field.name)
        shown = f"`{json.dumps(value)}`" if isinstance(value, int | float) and not isinstance(value, bool) else value
        shown = _FROM_ELSEWHERE.get(field.name, f"`{shown}`" if isinstance(shown, str) and shown else shown)
        shown = "" if shown in (None, (), False, "") else str(shown).replace("``", "`")
        flag = "--open/--no-open" if field.name == "open" else "--" + field.name.replace("_", "-")
        rows.append(f"| `{flag}` | `{PREFIX}{field.name.upper()}` | {shown} | {DESCRIPTIONS[field.name]} |")
    return "\n".join(rows)


def routes() -> str:
    """Every route; `✓` where it also stands under `/sessions/ID`."""
    rows = ["| route | of a session | what |", "|---|---|---|"]
    for route in ROUTES:
        path = re.sub(r"<(?:path:)?(\w+)>", lambda match: match[1].upper(), route.path)
        rows.append(f"| `{route.method} {path}` | {'✓' if route.of_session else ''} | {route.summary} |")
    return "\n".join(rows)


def replay_routes() -> str:
    """What the server of a replay has beside these."""
    rows = [f"| `{route.method} {route.path}` | {route.summary} |" for route in REPLAY_ROUTES]
    return "\n".join(["| route | what |", "|---|---|", *rows])


def states() -> str:
    """The agent's states as a Mermaid diagram."""
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> Ready"]
    for state, following in TRANSITIONS.items():
        lines += [f"    {state.value} --> {each.value}" for each in sorted(following, key=lambda each: each.value)]
    return "\n".join([*lines, "```"])


def commands() -> str:
    """What a user can tell the agent itself."""
    return "\n".join(
        ["| command | what |", "|---|---|", *(f"| `/{name}` | {what} |" for name, what in COMMANDS.items())]
    )


def tools() -> str:
    """Every tool and what a model may give it."""
    listed: Sequence[Tool] = (
        Bash(sandbox=find_sandbox("none"), environment={}),
        Patch(),
        ReadFile(),
        Search(rg=None, environment={}),
        TodoWrite(),
        AskUser(),
        WebFetch(),
        Burst(),
    )
    rows = ["| tool | input (required in bold) |", "|---|---|"]
    for spec in [*(tool.spec for tool in listed), BASH_OUTPUT, BASH_KILL, SUBAGENT]:
        required = set(spec.input_schema.get("required", ()))
        names = [f"**{name}**" if name in required else name for name in spec.input_schema["properties"]]
        rows.append(f"| `{spec.name}` | {', '.join(names)} |")
    return "\n".join(rows)


def prices() -> str:
    """What is known of the providers' models, a table each with its date and sources."""
    blocks = []
    for provider in PROVIDERS:
        catalogue = catalogue_of(provider)
        sources = ", ".join(f"<{source}>" for source in catalogue.sources)
        rows = ["| model | window | input | output | cache write | cache read |", "|---|---|---|---|---|---|"]
        for name, facts in catalogue.models.items():
            figures = [_figure(facts.price, kind) for kind in ("input", "output", "cache_write", "cache_read")]
            rows.append(f"| `{name}` | {facts.context_window:,} | {' | '.join(figures)} |")
        blocks.append("\n".join([f"As of {catalogue.as_of}, from {sources}:", "", *rows]))
    return "\n\n".join(blocks)


def _figure(price: Price | None, kind: str) -> str:
    if price is None:
        return ""
    long = f" ({getattr(price.long, kind):g} > {price.long_from // 1000:,}k)" if price.long else ""
    return f"{getattr(price, kind):g}{long}"


MAKERS: dict[str, Callable[[], str]] = {
    "commands": commands,
    "options": options,
    "prices": prices,
    "routes": routes,
    "replay_routes": replay_routes,
    "states": states,
    "tools": tools,
}


def renewed(text: str) -> str:
    """`text` with every made block made anew."""
    return _BLOCK.sub(lambda match: f"{match[1]}{MAKERS[match[2]]()}\n{match[3]}", text)


def stale() -> list[Path]:
    """The files that are not up to date."""
    return [path for path in sorted(DOCS.rglob("*.md")) if renewed(path.read_text("utf-8")) != path.read_text("utf-8")]


if __name__ == "__main__":
    old = stale()
    if "--check" in sys.argv:
        sys.exit(f"not up to date, run python docs/generate.py: {', '.join(map(str, old))}" if old else 0)
    for each in old:
        each.write_text(renewed(each.read_text("utf-8")), "utf-8")
