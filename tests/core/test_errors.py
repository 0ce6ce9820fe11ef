"""The error tree as drawn is the error tree as it is."""

import inspect
import re

import pytest

from trio_agent.core import errors
from trio_agent.core.errors import ProviderError, TrioAgentError

CLASSES = {
    name: each for name, each in vars(errors).items() if inspect.isclass(each) and each.__module__ == errors.__name__
}


def drawn() -> dict[str, str]:
    """Each class in the module's docstring and the one it hangs from."""
    parents: dict[str, str] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if match := re.match(r"[│├└ ]*([A-Z]\w+)(?:  |$)", line):
            # "├ " is two wide, and every "│  " before it three.
            depth = (match.start(1) + 1) // 3
            del above[depth:]
            parents[match[1]] = above[-1] if above else "Exception"
            above.append(match[1])
    return parents


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    assert drawn() == {name: each.__mro__[1].__name__ for name, each in CLASSES.items()}


@pytest.mark.parametrize("each", CLASSES.values(), ids=CLASSES.keys())
def test_an_error_says_as_text_what_it_was_raised_with(each: type[TrioAgentError]) -> None:
    assert issubclass(each, TrioAgentError)
    assert str(each("what to do")) == "what to do"


def test_a_providers_error_is_not_worth_trying_again_unless_it_says_so() -> None:
    assert ProviderError("wrong key").retry_after_s is None
    assert ProviderError("overloaded", retry_after_s=0).retry_after_s == 0
