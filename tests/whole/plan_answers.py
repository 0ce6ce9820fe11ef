"""A plan of forty answers of a model, for whichever provider: each stand-in speaks it in its own wire.

The user of tests/whole/test_plan.py says what stands between the answers. FIFOs under `build/`, which git ignores, tell who
waits that somebody is there.
"""

from __future__ import annotations

from typing import Any

from tests.whole.plan_files import (
    COUNT_LINES,
    COUNT_WORDS,
    COUNTING,
    LICENCE,
    LINES_TEST,
    LINES_TOO,
    ON_COUNTING,
    ON_SERVING,
    PACKAGE,
    RIGHT,
    SERVER,
    TESTS,
    WRONG,
    YEAR,
)

Call = dict[str, Any]
Answer = dict[str, Any]

RUN_TESTS = "python3 -B -m unittest discover -s tests"
REVIEW_COUNTING = "Review the module counting and write docs/counting.md."
REVIEW_SERVING = "Review the module serve and write docs/serving.md."
SUMMARY = "The user wants a licence, MIT, with the year; it stands in LICENSE. Next: commit it."
LONG = " ".join(f"word{number}" for number in range(400))
JOB = {"$JOB": r"job\W+([0-9a-f]{8})\b"}
FULL = {"input_tokens": 1_000_000}
"""More than the part of a context window from which on a conversation is compacted, of every model here."""
DEAR = {"output_tokens": 10_000}
"""More than a turn's budget, by the price that the server is told."""


def call(name: str, **input: Any) -> Call:
    return {"name": name, "input": input}


def bash(command: str, **more: Any) -> Call:
    return call("bash", command=command, **more)


def replace(path: str, *edits: tuple[str, str]) -> Call:
    patches = [{"operation": "replace", "oldText": old, "newText": new} for old, new in edits]
    return call("patch", path=path, patches=patches)


def write(path: str, text: str, operation: str = "overwrite") -> Call:
    return call("patch", path=path, patches=[{"operation": operation, "newText": text}])


def does(text: str, *calls: Call, **more: Any) -> Answer:
    return {"text": text, "tool_calls": list(calls), **more}


def says(text: str, **more: Any) -> Answer:
    return {"text": text, **more}


def todo(*statuses: str) -> Call:
    tasks = [{"id": f"t{number}", "task": f"task {number}", "status": each} for number, each in enumerate(statuses)]
    return call("todo_write", tasks=tasks)


def commit(subject: str, *paths: str) -> Call:
    return bash(f"git add {' '.join(paths)} && git commit -qm '{subject}'")


CHANGE = [
    does(
        "I look around first.",
        *(bash("ls && git log --oneline"), call("read_file", path=COUNTING), call("search", pattern="def count")),
        todo("in-progress", "queued"),
        thinking="**Looking** around.",
    ),
    does(
        "A test comes first.",
        replace(
            TESTS,
            ("import count_words", "import count_lines, count_words"),
            ('"to be or not to be"), 6)\n', '"to be or not to be"), 6)\n' + LINES_TEST),
        ),
    ),
    does("It fails, I expect.", bash(RUN_TESTS)),
    does(
        "Now the code.",
        replace(COUNTING, (COUNT_WORDS, COUNT_WORDS + COUNT_LINES.replace(RIGHT, WRONG))),
        write("wordcount/__init__.py", PACKAGE),
    ),
    does("Does it pass?", bash(RUN_TESTS)),
    does("A last line may be open.", replace(COUNTING, (WRONG, RIGHT))),
    does("And now?", bash(RUN_TESTS), todo("completed", "in-progress")),
    does("It passes.", commit("Count lines", "-u")),
    says("Lines are counted."),
]

SERVE = [
    does(
        "A small server.",
        write("wordcount/serve.py", SERVER),
        bash("mkdir -p build && mkfifo build/port build/gate"),
    ),
    does("I start it.", bash("exec python3 -B -m wordcount.serve README.md build/port", background=True)),
    does("I ask it.", bash("read -r port < build/port && curl -sS --noproxy '*' http://127.0.0.1:$port/")),
    does("What did it hear?", call("bash_output", job="$JOB"), learn=JOB),
    does("Enough.", call("bash_kill", job="$JOB"), learn=JOB),
    does("It answers.", commit("Serve the counts", "wordcount/serve.py")),
    says("It is served."),
]

REVIEW = [
    does("Two reviews.", call("subagent", task=REVIEW_COUNTING), call("subagent", task=REVIEW_SERVING)),
    does("I read it.", call("read_file", path=COUNTING), **{"for": REVIEW_COUNTING}),
    does("I write.", write("docs/counting.md", ON_COUNTING), **{"for": REVIEW_COUNTING}),
    says("Counting is fine.", **{"for": REVIEW_COUNTING}),
    does("I read it.", call("read_file", path="wordcount/serve.py"), **{"for": REVIEW_SERVING}),
    does("I write.", write("docs/serving.md", ON_SERVING), **{"for": REVIEW_SERVING}),
    says("Serving is fine.", **{"for": REVIEW_SERVING}),
    does("Both are back.", commit("Say what the reviews found", "docs")),
    says("Both modules are reviewed."),
]

SLOW = [does("This takes long.", bash("echo begun; exec sleep 4000", slow_ok=True))]
TALK = [says(LONG, hang_after=40)]

CHOOSE = [
    does(
        "I go on.",
        call("deploy", to="production"),
        {**bash("ls"), "input": {"invalid": "{'command': 'ls"}, "raw": "{'command': 'ls"},
        replace("README.md", ("no such line", "none")),
    ),
    does("That was wrong.", call("ask_user", question="Which licence?", options=["MIT", "Apache-2.0"])),
    does("MIT it is.", write("LICENSE", LICENCE), bash('echo waiting && read -r word < build/gate && echo "$word"')),
    does("The year too.", write("LICENSE", YEAR, "append_eof"), usage=FULL),
    says(SUMMARY),
    does("I commit it.", commit("Choose a licence", "LICENSE")),
    says("There is a licence."),
]

POLISH = [does("Now the README.", write("README.md", "never written"), usage=DEAR)]
AGAIN = [does("Once more.", bash("echo begun again; exec sleep 4000", slow_ok=True))]
FINISH = [
    does("What is there?", bash("git log --format=%s")),
    does("At last.", write("README.md", LINES_TOO, "append_eof")),
    does("I commit it.", commit("Say that lines are counted", "README.md")),
    says("All is done."),
]

ANSWERS: list[Answer] = [*CHANGE, *SERVE, *REVIEW, *SLOW, *TALK, *CHOOSE, *POLISH, *AGAIN, *FINISH]
"""The summary among them; in the order in which they are given, but for those of the two sub-agents, who work at once."""
