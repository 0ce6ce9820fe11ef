"""The tasks of a session while they run: who opens a nursery or a cancel scope of note says so, in one line, where it does.

Trio's own tree is not asked. It has names of functions, not of what is done; its cancel scopes that belong to no nursery, a
tool's deadline among them, cannot be seen from outside; and a task that is started from elsewhere stands in it where its
nursery was opened, far from what it is for. (docs/decisions/0016-a-tree-of-our-own.md)

Where a task stands follows from the context, which flows into the tasks of a nursery. A task that is started from elsewhere
than where its nursery was opened, such as a command in the background, says where that was: `here` there, `stand_at` in it.
Where no session is at work, as in a test of one tool, nothing is noted.

A node lasts exactly as long as its block, so the tree holds what runs and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import trio

from trio_agent.core.errors import NotFound
from trio_agent.core.task import Task, TaskKind
from trio_agent.core.wire import encode_json

Stop = Callable[[str], None]
"""Tells a task to stop, for a reason. It need not have stopped on return."""


class TaskNode:
    """A task that runs, or the session that all others are in. `scopes` are those around what it does at the moment."""

    def __init__(
        self,
        tree: TaskTree,
        parent: TaskNode | None,
        kind: TaskKind,
        name: str = "",
        *,
        stop: Stop | None = None,
        tool_call_id: str = "",
        idx: int | None = None,
    ) -> None:
        self.tree = tree
        self.scopes: list[trio.CancelScope] = []
        self.stop = stop
        self.ended = trio.Event()
        self._parent = parent
        self._kind = kind
        self._name = name
        self._tool_call_id = tool_call_id
        self._idx = idx
        self.id = tree.next_id()
        self._since = trio.current_time()

    def told(self) -> Task:
        """As users are told of it, at this moment."""
        scopes = list(self._scopes_around())
        deadline = min((scope.deadline for scope in scopes), default=math.inf)
        return Task(
            id=self.id,
            parent=self._parent.id if self._parent else 0,
            kind=self._kind,
            name=self._name,
            since_s=round(self._since, 3),
            deadline_s=None if deadline == math.inf else round(deadline, 3),
            cancelled=any(scope.cancel_called for scope in scopes),
            stoppable=self.stop is not None,
            tool_call_id=self._tool_call_id,
            idx=self._idx,
        )

    def _scopes_around(self) -> Iterator[trio.CancelScope]:
        yield from self.scopes
        if self._parent:
            yield from self._parent._scopes_around()


class TaskTree:
    """What runs in one session. `changed` is called whenever that is something else than before."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.touch = changed
        self._last_id = 0
        self._nodes: dict[int, TaskNode] = {}
        self._encoded: tuple[int, bytes] = (-1, b"")

    def next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    @contextmanager
    def noted(self) -> Iterator[None]:
        """What is opened in the block, and in nurseries opened in it, stands in this tree."""
        before = _HERE.get()
        _HERE.set((self, None))
        try:
            yield
        finally:
            _HERE.set(before)

    def add(self, node: TaskNode) -> None:
        self._nodes[node.id] = node
        self.touch()

    def remove(self, node: TaskNode) -> None:
        del self._nodes[node.id]
        node.ended.set()
        self.touch()

    def told(self) -> tuple[Task, ...]:
        """All that runs, in the order in which it began."""
        return tuple(node.told() for node in self._nodes.values())

    def json(self, version: int) -> bytes:
        """The same as ASCII JSON; encoded once for all who ask under one `version`, which changes when anything may have."""
        if self._encoded[0] != version:
            self._encoded = (version, encode_json(self.told()))
        return self._encoded[1]

    async def stop(self, task_id: int, reason: str) -> None:
        """Stop one task, and wait until it has ended. Raises NotFound where none that can be stopped runs under this id."""
        node = self._nodes.get(task_id)
        if node is None or node.stop is None:
            raise NotFound("no such task is running, or it cannot be stopped alone")
        node.stop(reason)
        self.touch()
        await node.ended.wait()


Place = tuple[TaskTree, TaskNode | None] | None
"""Where in which tree; None where nothing is noted."""

# A turn's own, and not a session's: two sessions at work in one process have each its tree.
_HERE: ContextVar[Place] = ContextVar("trio_agent_task", default=None)


def here() -> Place:
    """Where what runs now stands: for the tasks of a nursery that is opened here and filled from elsewhere."""
    return _HERE.get()


def stand_at(place: Place) -> None:
    """This task, which somebody else started, stands at `place` from now on. A task's context is its own: others stay."""
    _HERE.set(place)


@contextmanager
def opened(
    kind: TaskKind,
    name: str = "",
    scope: trio.CancelScope | None = None,
    *,
    stop: Stop | None = None,
    tool_call_id: str = "",
    idx: int | None = None,
) -> Iterator[None]:
    """A task runs for as long as the block lasts, within the one that runs here. `scope` is its own, entered or not yet."""
    place = _HERE.get()
    if place is None:
        yield
        return
    tree, parent = place
    node = TaskNode(tree, parent, kind, name, stop=stop, tool_call_id=tool_call_id, idx=idx)
    if scope is not None:
        node.scopes.append(scope)
    tree.add(node)
    _HERE.set((tree, node))
    try:
        yield
    finally:
        # Not by a token: an async generator may be closed in another context than the one it was opened in.
        _HERE.set(place)
        tree.remove(node)


@contextmanager
def bounded(scope: trio.CancelScope) -> Iterator[None]:
    """What runs here does so within `scope`, too, for as long as the block lasts."""
    place = _HERE.get()
    node = place[1] if place else None
    if node is None:
        yield
        return
    node.scopes.append(scope)
    node.tree.touch()
    try:
        yield
    finally:
        node.scopes.remove(scope)
        node.tree.touch()
