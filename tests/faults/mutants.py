"""Pages with one mistake in them: a script that finds nothing proves nothing.

A mutant is a copy of the package and the page in which a piece of one file reads otherwise; the server serves that copy.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.faults import acts_machine, acts_network
from tests.faults.play import Outcome, open_house, play
from tests.faults.script import SCRIPT
from tests.faults.stage import Stage

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Mutant:
    """`act`: the kind of fault in which it is to be found. `file` is under static/js; `sound` stands in it once."""

    name: str
    what: str
    act: Callable[[Stage], None]
    file: str
    sound: str
    mistaken: str


MUTANTS = (
    Mutant(
        "never tries again",
        "Says when it will, and lets the time pass.",
        acts_network.reset,
        "connection.js",
        '    due: ["connecting", "open"],\n',
        "",
    ),
    Mutant(
        "message dropped after reconnect",
        "Passes over the first message that a new connection brings.",
        acts_network.finish,
        "reducer.js",
        "  const next = { ...log };\n",
        "  const next = { ...log };\n"
        '  const at = events.findIndex((each) => each.event === "message");\n'
        '  if (log.cursor && at >= 0 && events[0]?.event === "ready") {\n'
        "    next.base += 1;\n"
        "    next.messages = next.messages.slice();\n"
        "    events = events.filter((_, i) => i !== at);\n"
        "  }\n",
    ),
    Mutant(
        "indicator stuck",
        "Shows the first status for ever.",
        acts_network.reset,
        "views/network-status.js",
        "this.dataset.status !== status",
        "!this.dataset.status",
    ),
    Mutant(
        "silence not noticed",
        "Waits for ever for a connection that is dead.",
        acts_network.swallow,
        "stream.js",
        "if (left < 0) return",
        "if (left < -1e9) return",
    ),
    Mutant(
        "answer waited for without end",
        "Does not give up a request that is not answered.",
        acts_network.swallow_and_dark,
        "stream.js",
        "this.#silenceMs = CONNECT_MS;",
        "this.#silenceMs = 1e9;",
    ),
    Mutant(
        "gives up at 5xx",
        "Takes the word of a proxy for the end.",
        acts_network.busy,
        "stream.js",
        "if (!response.ok || !response.body) {",
        "if (!response.ok || !response.body) {\n        return;",
    ),
    Mutant(
        "another key at each try",
        "Posts again what was posted.",
        acts_network.post_answers_lost,
        "outbox.js",
        "this.#hooks.post(head.text, head.key,",
        "this.#hooks.post(head.text, newKey(),",
    ),
    Mutant(
        "reset without dropping",
        "Keeps its messages when it is told to drop them.",
        acts_machine.restored,
        "reducer.js",
        "  next.messages = [];\n",
        "",
    ),
    Mutant(
        "deaf to online",
        "Goes on saying offline until its own time comes.",
        acts_machine.offline_and_cut,
        "session-stream.js",
        'addEventListener("online", () => stream.online());',
        "",
    ),
    Mutant(
        "lost in the back/forward cache",
        "Does not begin again when it comes back.",
        acts_machine.back_forward,
        "shared-stream.js",
        "    this.#away = false;\n    this.start();",
        "    this.#away = false;",
    ),
    Mutant(
        "HTML of any log",
        "Asks for a message's HTML by its index alone.",
        acts_machine.restored,
        "api.js",
        "?log=${encodeURIComponent(log)}",
        "",
    ),
    Mutant(
        "HTML of anybody",
        "Shows what a captive portal answers.",
        acts_network.portal_beside,
        "api.js",
        'if (!response.headers.has("X-Request-Id"))',
        'if (response.headers.has("No-Such-Header"))',
    ),
    Mutant(
        "half an event kept",
        "Reads on a new connection what the old one left.",
        acts_network.cut_at_byte,
        "stream.js",
        "const parser = new EventParser();",
        "const parser = (this.kept ??= new EventParser());",
    ),
)


def hunt(mutant: Mutant) -> Outcome | None:
    """Play the faults of the kind in which the mutant is to be found; gives the first that finds it."""
    with (
        tempfile.TemporaryDirectory(prefix="mutant-", ignore_cleanup_errors=True) as folder,
        open_house(Path(folder) / "house", _seed(mutant, Path(folder) / "tree")) as house,
    ):
        for fault in SCRIPT:
            if fault.act is mutant.act and (outcome := play(house, fault)).wrong:
                return outcome
    return None


def _seed(mutant: Mutant, tree: Path) -> Mapping[str, str]:
    """Make the copy; gives the environment in which a server serves it."""
    for name in ("trio_agent", "static"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    file = tree / "static" / "js" / mutant.file
    text = file.read_text("utf-8")
    assert text.count(mutant.sound) == 1, f"{mutant.name}: {mutant.file} no longer reads {mutant.sound!r}"
    file.write_text(text.replace(mutant.sound, mutant.mistaken), "utf-8")
    # Without the second, Python looks into the current folder first, and finds the sound one.
    paths = [str(tree), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {"PYTHONPATH": os.pathsep.join(paths), "PYTHONSAFEPATH": "1"}
