"""The error tree, split by whose doing it is.

TrioAgentError
├ CallerError            a client asked for something that cannot be
│  ├ InvalidInput          the request's form is wrong
│  ├ InvalidContent        the form is right, the content is not
│  ├ NotFound              an unknown session, message, commit or tool call
│  ├ Conflict              right in itself, but not in this state (a session that ended, or is running)
│  └ KeyReused             an Idempotency-Key that came before with another body
├ ProviderError          a model's provider failed; what the user can do stands in the text
│  └ ConversationTooLong   for the model; to ask the same again is pointless
├ ToolError              a tool could not do as told; goes back to the model as its result
├ StoreError             ours: nothing was recorded
│  ├ StoreFull             no room on the disk
│  ├ StoreDown             the store does not answer now
│  └ StoreRefused          the store cannot be opened at all (locked, damaged, newer than this program)
├ RepositoryError        git refused; what it said stands in the text
│  └ RepositoryStalled     git waits for what is no file; to delete that mends it
├ ProtocolError          bytes that are not in the wire's grammar
├ ConfigError            wrong usage of the command line, environment or config file
└ IllegalTransition      a bug of ours: the agent's state machine was led where no arrow goes
"""

from __future__ import annotations


class TrioAgentError(Exception):
    """Everything this program raises on purpose. `str()` is one line, fit to be shown to a user."""


class CallerError(TrioAgentError):
    """A client asked for something that cannot be."""


class InvalidInput(CallerError):
    pass


class InvalidContent(CallerError):
    pass


class NotFound(CallerError):
    pass


class Conflict(CallerError):
    pass


class KeyReused(CallerError):
    pass


class ProviderError(TrioAgentError):
    """A model's provider failed.

    `retry_after_s` is how long to wait before trying again: None means that trying again is pointless
    (wrong key, unknown model), 0 that the provider named no time. `about_request` says that it was for what it holds that the
    request was refused: the same one with less in it may be taken.
    """

    def __init__(self, message: str, *, retry_after_s: float | None = None, about_request: bool = False) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.about_request = about_request


class ConversationTooLong(ProviderError):
    """Its message says what makes room; to ask the same again makes none."""


class ToolError(TrioAgentError):
    pass


class StoreError(TrioAgentError):
    pass


class StoreFull(StoreError):
    pass


class StoreDown(StoreError):
    pass


class StoreRefused(StoreError):
    pass


class RepositoryError(TrioAgentError):
    pass


class RepositoryStalled(RepositoryError):
    pass


class ProtocolError(TrioAgentError):
    pass


class ConfigError(TrioAgentError):
    pass


class IllegalTransition(TrioAgentError):
    pass


def first_error(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first thing that went wrong, however deep in nurseries it did: what one line can tell of a group."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
