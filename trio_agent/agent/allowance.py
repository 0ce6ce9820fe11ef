"""Allowance: what a session may spend, over all its turns and over restarts, and when it may spend as much again.

Rules. The log is the account: what was spent is counted from the messages that tell of it, so nothing is kept beside them and
a kill loses no more than the log does. Where the budget is reached, a `budget` message says so, and a turn begins only by
words that were said after it: those that were waiting by then were said by somebody who did not know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from trio_agent.agent.spending import Spending
from trio_agent.core.budget import Budget, Spent
from trio_agent.core.message import Message


class Allowance:
    """That of one session. `history` is its log so far; `now` is the clock of its account, see Spending."""

    def __init__(self, budget: Budget, history: Sequence[Message], now: Callable[[], float]) -> None:
        self.budget = budget
        self._told_at = max((each.idx for each in history if _tells_of_a_session(each)), default=-1)
        since = [each for each in history if each.idx > self._told_at]
        self._is_granted = self._told_at < 0 or any(_is_of_the_user(each) for each in since)
        before = None if budget == Budget() else spent_in(since)
        self.spending = Spending(budget, now, whose="session", before=before)

    def grants(self, prompts: Sequence[Message]) -> bool:
        """Whether there may be a turn for `prompts`, which are in the log."""
        self._is_granted = self._is_granted or any(prompt.idx > self._told_at for prompt in prompts)
        return self._is_granted

    def told(self, message: Message) -> None:
        """`message`, now in the log, says that a budget was reached. What is spent from here on counts for the next one."""
        if _tells_of_a_session(message):
            self._told_at = message.idx
            self._is_granted = False
            self.spending.renew()


def spent_in(messages: Sequence[Message]) -> Spent:
    """What the work that `messages` tell of has cost. Its seconds are those of model calls and tools, without questions."""
    usages = [each.usage for each in messages if each.usage is not None]
    answers = [each for each in messages if each.type == "compact" or (each.type == "agent" and not _is_cut_off(each))]
    return Spent(
        dollars=sum(usage.cost_usd for usage in usages), responses=len(answers), seconds=_seconds_at_work(messages)
    )


def _seconds_at_work(messages: Iterable[Message]) -> float:
    # What runs at the same time counts once, and not at all while the user was being asked.
    changes: list[tuple[float, int]] = []
    for begun, ended in _work(messages := list(messages)):
        changes += [(begun, 1), (ended, -1)]
    for begun, ended in _questions(messages):
        changes += [(begun, -len(messages)), (ended, len(messages))]
    total = since = 0.0
    running = 0
    for moment, change in sorted(changes):
        total += moment - since if running > 0 else 0.0
        since, running = moment, running + change
    return total


def _work(messages: Iterable[Message]) -> Iterator[tuple[float, float]]:
    """When model calls and tools began and ended, in seconds since the epoch."""
    for each in messages:
        if each.start_time and each.end_time:
            ended = _seconds(each.end_time)
            # The clock may have been set meanwhile: how long it took, where that is told, is by one that never is.
            yield (ended - each.elapsed / 1e9 if each.elapsed else min(ended, _seconds(each.start_time))), ended


def _questions(messages: Iterable[Message]) -> Iterator[tuple[float, float]]:
    """When tools asked the user, and when the answer came, or the tool was over without one."""
    asked: Message | None = None
    for each in messages:
        match each.display:
            case {"kind": "question"}:
                asked = each
                continue
        if asked is not None and (_is_of_the_user(each) or _is_end_of(each, asked)):
            yield _seconds(asked.timestamp), max(_seconds(asked.timestamp), _seconds(each.timestamp))
            asked = None


def _is_end_of(message: Message, question: Message) -> bool:
    return message.type == "tool" and message.tool_call_id == (question.display or {}).get("tool_call_id")


def _tells_of_a_session(message: Message) -> bool:
    match message:
        case Message(type="budget", display={"kind": "budget", "whose": "session"}):
            return True
        case _:
            return False


def _is_cut_off(message: Message) -> bool:
    return (message.display or {}).get("kind") == "cut_off"


def _is_of_the_user(message: Message) -> bool:
    return message.type == "user" and not message.parent_conversation_id


def _seconds(timestamp: str) -> float:
    return datetime.fromisoformat(timestamp).timestamp()
