"""A recorded conversation with a message of every kind, for pictures: nothing in it depends on when or where it is shown."""

from __future__ import annotations

import json

from trio_agent.core.message import Commit, Message, ToolCall
from trio_agent.core.usage import Usage

SECOND = 1_000_000_000

DIFF = """--- a/wordcount/counting.py
+++ b/wordcount/counting.py
@@ -7,3 +7,3 @@
     \"\"\"The words of `text`, in order, without case.\"\"\"
-    return text.lower().split()
+    return text.casefold().split()
"""

PLAN = """The counting is in one place, so this is a small change:

1. fold the case with `casefold`, which knows *ß* and *İ*;
2. add a test for each of them.

| word | `lower()` | `casefold()` |
|---|---|---|
| `STRASSE` | strasse | strasse |
| `Straße` | straße | **strasse** |

```python
def words(text: str) -> list[str]:
    \"\"\"The words of `text`, in order, without case.\"\"\"
    return text.casefold().split()
```

> A word of warning: numbers of old reports may change.
"""

TESTS = """\x1b[1m============ test session starts ============\x1b[0m
collected 2 items

tests/test_counting.py \x1b[32m.\x1b[0m\x1b[31mF\x1b[0m                    [100%]

\x1b[31mFAILED tests/test_counting.py::test_dotted_i\x1b[0m
\x1b[31m============ 1 failed, 1 passed in 0.03s ============\x1b[0m"""


def call(number: int, name: str, **asked: object) -> ToolCall:
    return ToolCall(name=name, input=json.dumps(asked), tool_call_id=f"call-{number}")


def answer(tool: ToolCall, result: str, seconds: float, **rest: object) -> Message:
    done = {"tool_name": tool.name, "input": tool.input, "tool_call_id": tool.tool_call_id, "tool_result": result}
    return Message(type="tool", elapsed=int(seconds * SECOND), **done, **rest)  # type: ignore[arg-type]


READ = call(1, "read_file", path="wordcount/counting.py")
SEARCH = call(2, "search", pattern=r"lower\(", path=".")
EDIT = call(3, "patch", path="wordcount/counting.py")
RUN = call(4, "bash", command="python -m pytest -q")
SLOW = call(5, "bash", command="python bench/count.py --words 50000000")

CONVERSATION = (
    Message(type="user", content="Make the counting case-insensitive for every language, and test it."),
    Message(
        type="agent",
        thinking="`str.lower` is not enough: there are letters whose lower case differs from their folded one.",
        content="I will look at how words are compared now.",
        tool_calls=(READ, SEARCH),
        usage=Usage(input_tokens=4210, output_tokens=96, cost_usd=0.021),
        model="demo",
    ),
    answer(READ, '"""Words and how often they occur."""\n\nfrom collections import Counter\n', 0.012),
    answer(
        SEARCH,
        "wordcount/counting.py:8:    return text.lower().split()",
        0.034,
        display={"kind": "search", "matches": 1},
    ),
    Message(
        type="agent", content=PLAN, tool_calls=(EDIT, RUN), usage=Usage(output_tokens=310, cost_usd=0.034), model="demo"
    ),
    answer(EDIT, "Edited wordcount/counting.py", 0.008, display={"kind": "diff", "path": "counting.py", "diff": DIFF}),
    answer(RUN, TESTS, 2.4, tool_error=True, display={"kind": "command", "exit_status": 1}),
    Message(
        type="commit",
        commits=(
            Commit(
                hash="0c0ffee1" * 5,
                subject="Fold the case of words instead of lowering it",
                body="",
                pushed_branch="trio-agent/fold-the-case",
            ),
        ),
    ),
    Message(type="auto", content="ruff format changed files of the commit just made: counting.py."),
    Message(
        type="agent",
        content="One test fails for a reason of its own: the dotted *İ* becomes two letters. The rest is committed.",
        end_of_turn=True,
        turnDuration=41 * SECOND,
        usage=Usage(input_tokens=9120, output_tokens=188, cost_usd=0.052),
        model="demo",
    ),
    Message(
        type="compact", content="The user wants words counted without case. `words()` folds it; one test still fails."
    ),
    Message(type="user", content="How long does it take for fifty million words?"),
    Message(type="agent", content="Let me measure it.", tool_calls=(SLOW,), model="demo"),
    answer(SLOW, "", 30, tool_error=True, display={"kind": "stopped", "by": "user"}),
    Message(type="error", content="Cancelled: user requested cancellation", end_of_turn=True),
    Message(
        type="budget", content="The budget of $5.00 a turn is used up: $5.02. Another message goes on with a new one."
    ),
)
