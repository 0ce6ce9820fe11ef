"""The tour of the demo model: it looks for a file, reads it, writes one, runs a command, commits, and says what it did.

Every step is one answer. A step that fails does not end the tour; the outcome is there for all to see.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from trio_agent.core.transcript import AgentTurn, Outcome, Turn, UserTurn
from trio_agent.models.demo_prompt import USAGE

TOUR_FILE = "TRIO_AGENT_DEMO.md"

INTRODUCTION = (
    "I am the demo model. I need no network and no key, and I understand only a few commands; but the loop that runs me,"
    " the tools I call and the commits I make are the real ones."
)

# The first line of the answer is a path: a README at the top, or else whatever git lists first.
_FIND_A_FILE = "git ls-files | grep -i -m 1 '^readme' || git ls-files | head -n 1"
_LOOK_AT_IT = f"git status --short && wc -l {TOUR_FILE}"

# git quotes a path that holds anything unusual, and a failure's text has spaces in it.
_PLAIN_PATH = re.compile(r"[^\s\"(]\S*")

_CLOSING = f"""That was the tour: I looked for a file, read it, wrote `{TOUR_FILE}`, ran a command and committed. \
Each tool call above unfolds to show what went in and what came out, and the diff shows what changed.

What else I understand:

{{commands}}

Anything else gets this tour again. For real work, start me with the key of a provider in the environment."""


@dataclass(frozen=True, slots=True)
class Step:
    """One answer of the tour. `tool` is empty where the answer ends it."""

    text: str
    tool: str = ""
    input: dict[str, object] = field(default_factory=dict)


def next_step(turns: tuple[Turn, ...], since: tuple[Turn, ...]) -> Step:
    """What to answer when `turns` is the conversation and `since` the part of it after the user asked for the tour."""
    outcomes = [outcome for turn in since if isinstance(turn, UserTurn) for outcome in turn.outcomes]
    path = _path(outcomes[0]) if outcomes else ""
    # Where there is no file to read, the reading is left out, and the steps after it come one earlier.
    done = len(outcomes) + (1 if outcomes and not path else 0)
    tour = 1 + sum(isinstance(turn, AgentTurn) and _writes_tour_file(turn) for turn in turns[: len(turns) - len(since)])
    match done:
        case 0:
            return Step(
                f"{INTRODUCTION} Here is a short tour. First I look for a file worth reading.",
                "bash",
                {"command": _FIND_A_FILE},
            )
        case 1:
            return Step(f"There is `{path}`. I read how it begins.", "read_file", {"path": path, "end_line": 40})
        case 2:
            read = f"I read how `{path}` begins." if path else "I found no file to read here yet."
            patch = {"operation": "overwrite", "newText": _page(tour, read)}
            return Step(f"{read} Now I write `{TOUR_FILE}`.", "patch", {"path": TOUR_FILE, "patches": [patch]})
        case 3:
            return Step("Written. A command shows what git makes of it.", "bash", {"command": _LOOK_AT_IT})
        case 4:
            # --allow-empty: where the very same page was committed before, there is nothing new to commit.
            commit = (
                f"git add {TOUR_FILE} && git commit --allow-empty -m 'Add the demo tour, number {tour}' -- {TOUR_FILE}"
            )
            return Step("That looks right, so I commit it.", "bash", {"command": commit})
        case _:
            return Step(_CLOSING.format(commands="\n".join(f"- {usage}" for usage in USAGE.values())))


def _path(outcome: Outcome) -> str:
    line = outcome.text.partition("\n")[0]
    return line if not outcome.error and _PLAIN_PATH.fullmatch(line) else ""


def _writes_tour_file(turn: AgentTurn) -> bool:
    return any(call.name == "patch" and TOUR_FILE in call.input for call in turn.tool_calls)


def _page(tour: int, read: str) -> str:
    return f"""# The demo tour, number {tour}

This page was written by the demo model of trio-agent, by its `patch` tool. {read}

It may be deleted: nothing needs it.
"""
