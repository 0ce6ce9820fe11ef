"""The seams: what the parts of the program know of each other. Protocols and the plain values that pass through them.

The runtime gives an agent a `SessionHandle`; the agent reaches models and tools by `Model` and `Tool`; the runtime keeps logs
in a `Store`. Each Protocol an outsider would implement has four methods at most.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec
import trio

from trio_agent.core.display import StoppedBy
from trio_agent.core.machine import AgentState
from trio_agent.core.message import Commit, Message, ToolCall
from trio_agent.core.search import Query
from trio_agent.core.state import Facts, TodoItem
from trio_agent.core.transcript import Turn
from trio_agent.core.usage import CumulativeUsage, Usage

# ---------------------------------------------------------------------------------------------------------------- store


class Entry(msgspec.Struct, frozen=True):
    """One message as it is kept: its place, its wire bytes (ASCII JSON), the tag after it.

    `key` and `digest` are the Idempotency-Key it was posted with and the digest of that post's body; empty for the rest.
    """

    log: str
    index: int
    wire: bytes
    tag: str
    key: str = ""
    digest: str = ""


class Fork(msgspec.Struct, frozen=True, kw_only=True):
    """Where a session came from: it began with the first `index` messages of the session `session_id`, then called `title`."""

    session_id: str
    index: int
    title: str = ""


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a user brought into a session; its blob's id is the key it is kept under. `media_type` goes by its bytes."""

    size: int
    media_type: str


class SessionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a session beside its log. `created` is RFC 3339; `facts` is the agent's last word on the session.
    `project` is what the server was started for (a repository's path): a server sees its own project's sessions only.

    `notes` belongs to the agent: whatever it needs to find its work again after a restart. `turn_from` is how long the log
    was when the last turn began, 0 once it ended: one that no last answer followed is unfinished. `taken` is the place after
    the last of the user's words that a turn took up, or of which the user was told that none will: later ones wait.

    `messages`, `cost_usd` and `updated` (when the last message came, RFC 3339) tell of a session without reading its log: as
    it was when this was kept, at the latest when its last turn ended; None where that was never noted.

    `uploads` are the files that users brought, by blob, whether a message names them or not: they go with the session.
    """

    session_id: str
    log: str
    created: str
    project: str = ""
    title: str = ""
    model: str = ""
    archived: bool = False
    ended: bool = False
    deleted: bool = False
    facts: Facts = Facts()
    notes: dict[str, str] = {}
    turn_from: int = 0
    taken: int = 0
    messages: int | None = None
    cost_usd: float | None = None
    updated: str | None = None
    forked_from: Fork | None = None
    uploads: dict[str, Upload] = {}


class Store(Protocol):
    """Where logs and sessions are kept. Raises StoreError and its kin only; a failed call has changed nothing."""

    async def append(self, entries: Sequence[Entry]) -> None:
        """Keep `entries`, all or none, of one log or several. Returns when they survive power loss.

        Once begun it runs to its end: a cancellation that comes meanwhile is delivered at the next checkpoint.
        """
        ...

    async def read(self, log: str, start: int, stop: int) -> list[Entry]:
        """The entries [start:stop) of `log`, in order; as many as there are."""
        ...

    async def sessions(self) -> list[SessionRecord]:
        """All sessions, newest first."""
        ...

    async def save(self, record: SessionRecord) -> None:
        """Keep `record` under its session_id. One that is `deleted` goes, and its log with it."""
        ...


class Found(msgspec.Struct, frozen=True):
    """Messages that were found, each by its log and index; `complete` unless some have not been looked at yet."""

    places: tuple[tuple[str, int], ...]
    complete: bool = True


@runtime_checkable
class Searchable(Protocol):
    """A Store that finds messages by an index of its own. One that has none is read through."""

    async def keep_index(self) -> None:
        """Keep the index up to date, until cancelled: its caller lends the task. Appends never wait for it."""
        ...

    async def find(self, query: Query, logs: Collection[str], limit: int) -> Found:
        """The messages of `logs` that `query` fits, newest first, `limit` at most. Raises StoreError."""
        ...


@runtime_checkable
class Forkable(Protocol):
    """A Store that can begin a log with the beginning of another."""

    async def fork(self, record: SessionRecord, log: str, count: int) -> None:
        """Keep `record`, and as its log the first `count` messages of `log`, without their keys; all or nothing.

        Raises StoreRefused where `log` has no such messages, and StoreError and its kin.
        """
        ...


class Blobs(Protocol):
    """Where large or binary results are kept, each under the SHA-256 of its bytes in hex. Raises StoreError and its kin."""

    async def put(self, data: bytes) -> str:
        """Keep `data`; its id, once the bytes survive power loss. The same bytes have the same id, and are kept once."""
        ...

    async def get(self, blob: str) -> bytes:
        """The bytes of this id. Raises NotFound, also for what can be no id."""
        ...

    async def remove(self, blobs: Collection[str], before: float) -> None:
        """Delete those of `blobs` that are there, but for what was put since `before`, seconds of Trio's clock."""
        ...


# ---------------------------------------------------------------------------------------------------------------- model


class ToolSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A tool as a model is told of it. `input_schema` is a JSON Schema object."""

    name: str
    description: str
    input_schema: dict[str, Any]


class ModelRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One question to a model: the standing instructions, the conversation so far, the tools it may call.

    `images` holds the bytes of the blobs that the turns refer to. One that is missing there is told as missing. Without
    `may_call` the tools are told, for the conversation has calls of them, but the answer is to be words.
    """

    system: str
    turns: tuple[Turn, ...]
    tools: tuple[ToolSpec, ...] = ()
    images: Mapping[str, bytes] = {}
    may_call: bool = True


StopReason = Literal["end_turn", "tool_use", "max_tokens", "refusal"]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A model's whole answer. `usage` counts its own tokens; its cost is that of tries that broke off before it too."""

    text: str
    stop_reason: StopReason
    usage: Usage
    model: str
    thinking: str = ""
    tool_calls: tuple[ToolCall, ...] = ()


Part = Literal["content", "thinking"]


class OnText(Protocol):
    """Called with text as it arrives. `restart` says that the part's text so far is void (the request was tried again)."""

    def __call__(self, part: Part, text: str, *, restart: bool = False) -> None: ...


OnUsage = Callable[[Usage], None]
"""Called with the usage of an answer so far, whenever the provider tells more: never less of the cost than before.

After a request was tried again the tokens are those of the last try, and the cost, as far as it is known, that of all.
"""


def unheard(usage: Usage) -> None:
    """For callers who need the usage with the whole answer only."""


class Model(Protocol):
    """A language model at some provider."""

    @property
    def name(self) -> str:
        """As a user writes it: `anthropic/claude-…`, `demo`."""
        ...

    @property
    def context_window(self) -> int:
        """Tokens; 0 where unknown."""
        ...

    @property
    def priced(self) -> bool:
        """Whether the cost in its usage is known. Where it is not, it is told as 0, and no limit in dollars is ever met."""
        ...

    async def answer(self, request: ModelRequest, on_text: OnText, on_usage: OnUsage = unheard) -> Answer:
        """Ask, and return the whole answer; both listeners hear of it while it comes. Cancelling closes the connection.

        Raises ProviderError: after its own retries, or at once where trying again is pointless.
        """
        ...


@runtime_checkable
class TakesAsides(Protocol):
    """A Model that may be asked small things beside the conversation, such as a name for it.

    One whose answers are laid out beforehand, each for the question that comes next, is none: it would give a wrong answer,
    and the conversation would lack it.
    """

    @property
    def takes_asides(self) -> bool:
        """Not where the server may answer one question at a time: the conversation would wait for the aside."""
        ...


# ----------------------------------------------------------------------------------------------------------------- tool


class ToolResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a tool did: `text` for the model, `display` for people (an object with a `kind`), `error` where it failed."""

    text: str
    error: bool = False
    display: dict[str, Any] | None = None


class Toolbench(Protocol):
    """What a running tool may touch of its session."""

    @property
    def workspace(self) -> Path:
        """The directory the tool works in, absolute and resolved."""
        ...

    def emit(self, text: str) -> None:
        """Show output while the tool runs. Any size; only the end is kept for people who come late."""
        ...

    @property
    def cancel_reason(self) -> str:
        """Why a user stops this call, or the turn it belongs to; empty while nobody does."""
        ...

    async def note(self, text: str) -> None:
        """Put an `auto` message of `text` into the log."""
        ...

    async def keep(self, data: bytes) -> str:
        """Keep bytes that are too large for a message, or no text; the id of the blob, for a `display` to name.

        Of text, secrets are the caller's to take out first.
        """
        ...

    async def ask(self, question: str, options: Sequence[str] = ()) -> str:
        """Ask the user, and wait for the answer: one of `options`, or any other words.

        One question at a time: others wait their turn. The time it takes is not counted against the budget.
        """
        ...

    def set_todo(self, items: tuple[TodoItem, ...]) -> None:
        """Replace the agent's list of things to do, which clients see in the State."""
        ...


class Tool(Protocol):
    """Something a model can do."""

    @property
    def spec(self) -> ToolSpec: ...

    async def run(self, input: bytes, bench: Toolbench) -> ToolResult:
        """Do it. `input` is JSON of the model's making, valid or not.

        Raises ToolError for what the model should hear of. Cancelling stops the work and leaves nothing running.
        """
        ...


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """How a program ended: its exit status (a signal's number negated), and stdout and stderr together, cut in the middle."""

    exit_status: int
    output: str


RunProgram = Callable[[Sequence[str], Path], Awaitable[Ran]]
"""Runs a command line in a workspace as a model's commands are run; nothing of it runs on. Callers bring a deadline."""


class Formatted(msgspec.Struct, frozen=True, kw_only=True):
    """Which files formatters changed, the names of those formatters, and what went wrong, in words."""

    changed: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


FormatFiles = Callable[[Path, Sequence[str]], Awaitable[Formatted]]
"""Formats files of a workspace, named by their paths in it, as the repository is configured. Has deadlines of its own."""


# ------------------------------------------------------------------------------------------------------------ workspace


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """New commits of a session, newest first, and the branch of the user's repository they arrived on.

    The first commit carries that branch as `pushed_branch`. `problem` says, fit for the user, why they did not arrive;
    `late`, that commits which were told of with a problem are now there. `files` are the files of the one commit that is new,
    as paths in the workspace: none where there are several, or where the workspace is the user's own.
    """

    commits: tuple[Commit, ...] = ()
    branch: str = ""
    problem: str = ""
    late: bool = False
    files: tuple[str, ...] = ()


class Newer(msgspec.Struct, frozen=True, kw_only=True):
    """The commit that the user's repository has checked out, and the name of its branch; empty for a detached HEAD."""

    commit: str
    branch: str = ""


ChangeStatus = Literal["added", "copied", "deleted", "modified", "renamed", "retyped"]
"""What became of a file; `retyped` where it was a link, say, and is a plain file now."""


class FileChange(msgspec.Struct, frozen=True, kw_only=True):
    """A file that differs. Paths are those of the repository; bytes that are no UTF-8 stand in them as by `os.fsdecode`.

    `old_path` is where a renamed or copied file was, empty for all others. Modes are git's, in octal, empty where there was
    or is no file. Binary files have sizes in bytes and no lines. `version` changes when the content does.
    """

    path: str
    old_path: str = ""
    status: ChangeStatus
    old_mode: str = ""
    new_mode: str = ""
    added: int = 0
    removed: int = 0
    binary: bool = False
    old_bytes: int = 0
    new_bytes: int = 0
    version: str = ""


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """All that differs: `files`, and `more` of which nothing is told but that their lines count in `added` and `removed`.

    `commits` are those since the base, newest first, whatever is compared.
    """

    files: tuple[FileChange, ...] = ()
    more: int = 0
    added: int = 0
    removed: int = 0
    commits: tuple[Commit, ...] = ()


class PatchLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a patch, without its LF. `old` and `new` are its numbers, 0 where it has none; not `ended`: no LF follows."""

    kind: Literal["same", "added", "removed"]
    text: str
    old: int = 0
    new: int = 0
    ended: bool = True


class FilePatch(msgspec.Struct, frozen=True, kw_only=True):
    """The lines of one file that changed, and those around them: all of the file where it is `whole`. `cut`: more follow."""

    change: FileChange
    lines: tuple[PatchLine, ...]
    whole: bool = False
    cut: bool = False


class FileContent(msgspec.Struct, frozen=True, kw_only=True):
    """The first bytes of a file, and how many it has in all."""

    data: bytes
    size: int


ReadFileIn = Callable[[Path, str], Awaitable[FileContent]]
"""Reads a file of a workspace by its path, under the rules that hold for tools. Raises NotFound for whatever is not shown."""


class Workspace(Protocol):
    """The directory a session works in, and what git says of it. Nothing the repository names is ever run.

    Methods raise RepositoryError where git refuses, NotFound for an unknown commit.
    """

    @property
    def path(self) -> Path:
        """Absolute and resolved."""
        ...

    @property
    def notes(self) -> dict[str, str]:
        """What `Workspaces.open` must be given to find all this again after a restart."""
        ...

    async def deliver(self, slug: str) -> Delivery:
        """Take the commits made since the last delivery to the user's repository, on a branch named after `slug`.

        Empty where there are none. The branch is chosen at the first delivery and kept from then on.
        """
        ...

    async def diff(self, commit: str) -> str:
        """Unified diff, 10 lines of context: of `commit` (4-64 hex digits), or since the base where it is empty."""
        ...

    async def changes(self, commit: str) -> Changes:
        """The files that differ: in `commit` from its first parent, or since the base where it is empty."""
        ...

    async def patch(self, commit: str, path: str, old_path: str, *, ignore_space: bool) -> FilePatch:
        """The lines of the one of `changes` that has this path. Raises NotFound where there is none, or none any more."""
        ...

    async def content(self, commit: str, path: str) -> FileContent:
        """A file as it is in `commit`. Raises NotFound."""
        ...

    async def names(self) -> Sequence[str]:
        """The paths of the files, those that git ignores left out; a few seconds old at most. Not all of very many."""
        ...

    async def survey(self) -> Survey:
        """How the workspace stands against its base: where the session began, unless it was moved."""
        ...

    async def move_base(self, commit: str) -> str:
        """Compare with `commit` from now on: 4-64 hex digits, `HEAD` or something like `HEAD~2`, empty for HEAD; its hash.

        Raises NotFound where there is no such commit. Kept in the notes.
        """
        ...

    async def newer(self) -> Newer | None:
        """What the user committed in their repository and the workspace has not; None where there is nothing, or no clone."""
        ...

    def expect(self, newer: Newer) -> None:
        """`newer` is being merged into the workspace. Once it is: its commits are the user's, and the base moves there.

        Where the base was moved to a commit that is not in the history of `newer`, it stays. Kept in the notes.
        """
        ...


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """`initial_commit` is the base; it and `origin` (the user's remote) are empty where there is none.

    `is_clone` where the directory was made for the session alone, and commits are brought from it to the user's repository;
    `left_out` is how many files had changes there that were not committed, and that did not come along. `fork` says, where the
    session was forked from another, with which files it began: those of `fork_commit`, or of HEAD because that is not in the
    user's repository, or with whatever stands in the folder that both work in.
    """

    is_clone: bool = False
    initial_commit: str = ""
    origin: str = ""
    lines_added: int = 0
    lines_removed: int = 0
    left_out: int = 0
    fork: Literal["", "found", "lost", "shared"] = ""
    fork_commit: str = ""


class Workspaces(Protocol):
    """Makes a session's workspace, or finds it again."""

    async def open(self, session_id: str, notes: Mapping[str, str]) -> Workspace: ...

    def fork(self, notes: Mapping[str, str], commit: str) -> dict[str, str]:
        """The notes for the workspace of a session that is forked from the one with `notes`, where it was at `commit`.

        Empty: where that session began.
        """
        ...

    async def remove(self, session_id: str) -> None:
        """Delete the session's workspace, if it was made for the session alone. Never touches the user's repository."""
        ...


# ---------------------------------------------------------------------------------------------------------------- agent


class SessionHandle(Protocol):
    """A session as its agent sees it. Made by the runtime; an agent only uses it."""

    @property
    def id(self) -> str: ...

    @property
    def model(self) -> str:
        """The model the user chose for this session, or empty for the default."""
        ...

    @property
    def facts(self) -> Facts: ...

    @property
    def notes(self) -> dict[str, str]:
        """What the agent noted of this session before; kept across restarts by `describe`."""
        ...

    @property
    def usage(self) -> CumulativeUsage: ...

    @property
    def state(self) -> AgentState: ...

    async def record(self, message: Message) -> Message:
        """Put `message` into the log. Returns it with `idx` and `timestamp`, durable and visible. Raises StoreError."""
        ...

    async def describe(self, facts: Facts, notes: dict[str, str] | None = None) -> None:
        """Replace the facts that clients see, and keep them with the agent's notes. Raises StoreError."""
        ...

    def show(self, facts: Facts) -> None:
        """Like `describe`, for what need not survive a restart: visible at once, kept with the next `describe`."""
        ...

    def enter(self, state: AgentState) -> None:
        """Step the state machine. Raises IllegalTransition where the table has no arrow."""
        ...

    def end_turn(self, ending: AgentState) -> None:
        """Go to EndOfTurn, BudgetExceeded or Error from wherever the turn broke off, along the table's arrows."""
        ...

    def write(self, part: Part, text: str, *, restart: bool = False) -> None:
        """Show text of the message to be recorded next. Dropped when a message is recorded."""
        ...

    @property
    def cancel_reason(self) -> str:
        """Why a user stopped the turn that runs; empty where nobody did."""
        ...

    def take_prompts(self, until: Callable[[Message], bool] = ...) -> tuple[Message, ...]:
        """User messages that came since the turn began, in order, up to the first that is `until`; each is given out once.

        Those that are queued for after the turn stay where they are.
        """
        ...

    async def wait_reply(self, question: Message) -> Message:
        """The first user message after `question` in the log, once it is there. `take_prompts` will not give it out."""
        ...

    async def choose_model(self, name: str) -> None:
        """Keep `name` as the model the user chose for this session. Raises StoreError."""
        ...

    async def history(self) -> list[Message]:
        """The log so far, without user messages that no turn has taken up. Raises StoreError."""
        ...

    async def close_open_calls(self, why: str, by: StoppedBy = ...) -> list[Message]:
        """Record an error result, saying `why` and by what, for every tool call of the log that has none; those results.

        Raises StoreError.
        """
        ...

    def asking_model(self) -> AbstractAsyncContextManager[None]:
        """Count one model call as outstanding for as long as the block lasts."""
        ...

    def running_tool(self, call: ToolCall) -> AbstractAsyncContextManager[ToolRun]:
        """Show `call` as outstanding for as long as the block lasts, and let users cancel it alone."""
        ...


class ToolRun(Protocol):
    """One tool call while it runs. `scope` is cancelled, and `cancelled` holds the reason, when a user stops it alone."""

    @property
    def scope(self) -> trio.CancelScope: ...

    @property
    def cancelled(self) -> str: ...

    def emit(self, text: str) -> None: ...


class Attendant(Protocol):
    """An agent at work in one session."""

    async def turn(self, prompts: Sequence[Message]) -> None:
        """Answer the user's messages, which are in the log already, by recording messages of its own.

        Cancelled where a user stops the turn: it then leaves nothing running, and records within a shielded scope what
        was not finished. An exception ends the turn as an `error` message; the session lives on.
        """
        ...

    async def diff(self, commit: str) -> str:
        """What changed since the session began, or in `commit` (hex) where given: a unified diff. Raises NotFound."""
        ...


@runtime_checkable
class ShowsFiles(Protocol):
    """An Attendant that works on files, and lets its users look at them. Raises NotFound, RepositoryError.

    See `Workspace` for `changes`, `patch` and `names`.
    """

    async def changes(self, commit: str) -> Changes: ...

    async def patch(self, commit: str, path: str, old_path: str, *, ignore_space: bool) -> FilePatch: ...

    async def content(self, commit: str, path: str) -> FileContent:
        """A file as it is in `commit`, or as it is now where that is empty."""
        ...

    async def names(self) -> Sequence[str]: ...


@runtime_checkable
class Preparing(Protocol):
    """An Attendant that looks at the user's words before they become a turn."""

    async def prepare(self, prompts: Sequence[Message]) -> Sequence[Message]:
        """Do what is not for the model (commands, summing up a long history); the prompts that are left for `turn`.

        Called in the state WaitingForUserInput, and left in it. Where nothing is left, there is no turn. Cancelled and failing
        like a turn.
        """
        ...


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What a terminal has to show to one viewer: `data` are raw bytes, up to `position`; `live` where they are the newest.

    `skipped`: the viewer was too slow, and `data` begins anew with the oldest that is kept. `version` is another whenever
    what follows it is: the size, `exit_status` of the shell (a signal's number negated; None while one runs), and `over`,
    where the terminal has ended with its session.
    """

    data: bytes
    position: int
    live: bool
    skipped: bool
    version: int
    columns: int
    rows: int
    exit_status: int | None
    over: bool


class Terminal(Protocol):
    """A terminal with a shell in it. It belongs to its session, and any number of viewers look at it."""

    async def follow(self, position: int, version: int) -> Shown:
        """What there is after `position`, or, where that is nothing, a version other than `version`; waits for either.

        -1 for both gives the scrollback, at once. A viewer that does not call holds nobody up.
        """
        ...

    async def write(self, data: bytes) -> None:
        """Type `data`; waits where the program takes it slowly. Where no shell runs, Enter starts one."""
        ...

    def resize(self, columns: int, rows: int) -> None:
        """The size of the last viewer who says one is everybody's."""
        ...


@runtime_checkable
class OffersTerminals(Protocol):
    """An Attendant whose users may work in terminals beside it: an agent at work in a directory."""

    async def terminal(self, number: int) -> Terminal:
        """The terminal of this number, begun if it was not. Raises NotFound where there is none."""
        ...


class Agent(Protocol):
    """Something that answers users, in any number of sessions."""

    def attend(self, session: SessionHandle, history: Sequence[Message]) -> AbstractAsyncContextManager[Attendant]:
        """Begin, or go on after a restart, to work in `session`, whose log so far is `history`."""
        ...

    async def forget(self, session_id: str) -> None:
        """The session was deleted, and is attended no more: remove what was kept for it outside its log."""
        ...


@runtime_checkable
class Forking(Protocol):
    """An Agent that keeps notes of where a session works, from which a fork of it finds its place."""

    def fork(self, notes: Mapping[str, str], history: Sequence[Message]) -> dict[str, str]:
        """The notes of a session that begins with `history`, which the session with `notes` began with too."""
        ...


Clock = Callable[[], float]
"""Seconds since the epoch."""


def rfc3339(seconds: float) -> str:
    """Seconds since the epoch as RFC 3339 in UTC, to the microsecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
