"""What the words of a simple command say that it does: where it writes, and whether it sends. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from trio_agent.tools.program_kinds import INTO, WRITE_LAST, WRITERS

_UPLOAD = re.compile(
    r"-[a-zA-Z]*[dTF]|--(?:data(?:-\w+)*|json|form(?:-string)?|upload-file|post-(?:data|file)|body-(?:data|file))(?:=|\Z)"
)
_LOCAL = re.compile(r"(?:https?://)?(?:localhost|127\.0\.0\.1|\[::1\])(?:[:/]|\Z)")


def uploads(name: str, arguments: Sequence[str]) -> bool:
    """Whether `curl` or `wget` sends a body. To this machine it may: that is how a server under work is tried."""
    if any(_LOCAL.match(each) for each in arguments):
        return False
    short = name == "curl"
    return any(_UPLOAD.match(each) and (short or each.startswith("--")) for each in arguments)


def written_paths(name: str, arguments: Sequence[str], plain: Sequence[str]) -> list[str]:
    """The paths that the program `name` writes to, as they are named; `plain` are its arguments without the options."""
    targets: list[str] = []
    if name in WRITERS:
        targets = [each.removeprefix("of=") for each in plain if not each.startswith("if=")]
    elif name in WRITE_LAST:
        targets = [each for each in plain[-1:] if ":" not in each]
    elif name in ("sed", "perl") and any(re.match(r"-[a-zA-Z]*i|--in-place", each) for each in arguments):
        targets = list(plain[1:])
    if name in ("tar", "unzip", "make", "git", "curl", "wget", *WRITE_LAST):
        targets += [value for option, value in pairwise(arguments) if option in INTO]
        targets += [each.partition("=")[2] for each in arguments if each.partition("=")[0] in INTO and "=" in each]
    return targets
