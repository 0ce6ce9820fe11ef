"""Workroom: what all conversations of one session share, the user's own and those of sub-agents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from trio_agent.agent.call_ids import CallIds
from trio_agent.agent.images import Images
from trio_agent.agent.questions import Questions
from trio_agent.agent.spending import Spending
from trio_agent.seams import Blobs, Model, SessionHandle, Tool


@dataclass(slots=True)
class Workroom:
    """`tools` are those that go with a model. `spending` is the account of the turn that runs, or of the one to come.

    `usual_window` is the context window of models that do not tell theirs, in tokens; 0 where that is unknown.
    """

    session: SessionHandle
    workspace: Path
    blobs: Blobs
    instructions: str
    model: Model
    tools: Callable[[Model], Sequence[Tool]]
    call_ids: CallIds
    questions: Questions
    spending: Spending
    usual_window: int = 0
    images: Images = field(init=False)

    def __post_init__(self) -> None:
        self.images = Images(self.blobs)

    @property
    def context_window(self) -> int:
        """Of the model, in tokens; 0 where unknown."""
        return self.model.context_window or self.usual_window
