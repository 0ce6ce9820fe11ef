"""Conversations that every provider is asked with, in its own words."""

from __future__ import annotations

from tests.models.listener import asking
from trio_agent.core.message import ToolCall
from trio_agent.core.transcript import AgentTurn, ImageRef, Outcome, Turn, UserTurn
from trio_agent.seams import ModelRequest, ToolSpec

LS = ToolCall(name="bash", input='{"command": "ls"}', tool_call_id="t1")


def looking(*more: Turn) -> ModelRequest:
    """The model looked by LS, which failed; the user had a word for it meanwhile. `more` follows."""
    return ModelRequest(
        system="Be brief.",
        turns=(
            UserTurn(text="Look."),
            AgentTurn(text="I look.", tool_calls=(LS,)),
            UserTurn(
                outcomes=(Outcome(tool_call_id="t1", name="bash", text="no such file", error=True),),
                text="Hurry \u2028é.",
            ),
            *more,
        ),
        tools=(ToolSpec(name="bash", description="Runs.", input_schema={"type": "object"}),),
    )


def calling(written: str, *, name: str = "x", id: str = "t", space: str = "") -> ModelRequest:
    """The model called a tool with what it had `written`. `space` is all that it, and the user after it, said beside."""
    call = ToolCall(name=name, input=written, tool_call_id=id)
    outcome = Outcome(tool_call_id=id, name=name, text="done")
    return asking("hi", AgentTurn(text=space, tool_calls=(call,)), UserTurn(outcomes=(outcome,), text=space))


def showing(own: str, *, gone: bool = False, text: str = "") -> ModelRequest:
    """The user showed a picture, saying `own`, and a tool showed another, and one that is `gone`; with a last `text`."""
    call = ToolCall(name="look", input="{}", tool_call_id="t")
    seen = (ImageRef("b1", "image/png"), *((ImageRef("b3", "image/png"),) if gone else ()))
    return ModelRequest(
        system="",
        turns=(
            UserTurn(text=own, images=(ImageRef("b2", "image/jpeg"),)),
            AgentTurn(tool_calls=(call,)),
            UserTurn(outcomes=(Outcome(tool_call_id="t", name="look", text="a page", images=seen),), text=text),
        ),
        images={"b1": b"\x89PNG", "b2": b"\xff\xd8"},
    )
