"""What the words of a simple command say that it does beyond the workspace's files: to servers, or to the machine. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from trio_agent.tools.command_input import NOTHING, CommandInput
from trio_agent.tools.command_options import read_options
from trio_agent.tools.remote_programs import (
    BARE,
    COPIES,
    DATABASES,
    LOOKS,
    MAILERS,
    OF_MACHINE,
    ONLY_TRIES,
    PIPES,
    PUBLISHERS,
    TAKES,
)
from trio_agent.tools.writing_programs import WRITING

_UPLOAD = re.compile(
    r"-[a-zA-Z]*[dTF]|--(?:data(?:-\w+)*|json|form(?:-string)?|upload-file|post-(?:data|file)|body-(?:data|file))(?:=|\Z)"
)
_LOCAL = re.compile(r"(?:https?://)?(?:localhost|127\.0\.0\.1|\[::1\])(?:[:/]|\Z)")
_HOST = re.compile(r"(?:[^/:]+:|(?:scp|rsync|sftp)://)")
_URL_HOST = re.compile(r"(?:\w[\w+]*://(?:[^@/]*@)?|host=)(?P<host>[^:/?\s]*)")
_AT_HOME = re.compile(r"|/.*|localhost|127\.0\.0\.1|::1|\[::1\]|\.")
_SOCKET = re.compile(r"(?:tcp|udp|openssl|ssl|sctp)[46]?(?:-connect)?:(?!localhost|127\.|\[::1\])", re.IGNORECASE)


def acts_elsewhere(name: str, arguments: Sequence[str], given: CommandInput) -> str:
    """What the program `name` does to servers or the machine, in the user's words; empty for nothing that is known."""
    plain = [each for each in arguments if not each.startswith("-")]
    tries = bool(ONLY_TRIES & set(arguments))
    if name in LOOKS and not tries and _acts(name, arguments):
        return f"acts on a server ({name})" if name != "crontab" else "changes the machine (crontab)"
    if not tries and (verb := next(filter(PUBLISHERS.get(name, ()).__contains__, arguments), "")):
        return f"publishes ({name} {verb})"
    if not tries and (verb := next(filter(OF_MACHINE.get(name, ()).__contains__, arguments), "")):
        return "" if {"ls", "list", "root", "bin", "outdated"} & set(plain) else f"changes the machine ({name} {verb})"
    if name in COPIES and any(map(_HOST.match, plain)):
        return f"sends to another machine, or takes from it ({name})"
    if name in MAILERS and arguments:
        return f"sends mail or files ({name})"
    if name in DATABASES and _is_remote(arguments):
        return f"acts on a server ({name})"
    if _sends(name, arguments, plain, given):
        return f"sends to a server ({name})"
    return ""


def _acts(name: str, arguments: Sequence[str]) -> bool:
    plain, options = read_options(arguments, TAKES)
    if name == "crontab" and ("-l", "") in options:
        return False
    if not plain:
        return (name in BARE and ("--version", "") not in options) or (name == "crontab" and bool(options))
    return not re.match(rf"(?:{LOOKS[name]})(?= |\Z)", " ".join(plain))


def _is_remote(arguments: Sequence[str]) -> bool:
    plain, options = read_options(arguments, ("-h", "--host", "-u", "-U", "-p=", "-d", "-c"))
    hosts = [value for option, value in options if option in ("-h", "--host")]
    hosts += [url["host"] for each in [*plain, *(value for _, value in options)] if (url := _URL_HOST.match(each))]
    return not all(map(_AT_HOME.fullmatch, hosts))


def _sends(name: str, arguments: Sequence[str], plain: Sequence[str], given: CommandInput) -> bool:
    """To this machine it may: that is how a server under work is tried."""
    if any(map(_LOCAL.match, arguments)):
        return False
    if name in PIPES or (name == "openssl" and "s_client" in plain):
        return bool(plain) and given != NOTHING
    if name == "socat":
        return any(map(_SOCKET.match, plain))
    if name in ("http", "https", "xh", "xhs"):
        return any(each in ("POST", "PUT", "PATCH", "DELETE") for each in plain[:1])
    if name not in ("curl", "wget"):
        return False
    valued = WRITING[name].into | WRITING[name].takes | {"--request", "--method"}
    methods = {
        value for option, value in read_options(arguments, valued)[1] if option in ("-X", "--request", "--method")
    }
    if methods - {"GET", "HEAD", "OPTIONS"}:
        return True
    return any(_UPLOAD.match(each) and (name == "curl" or each.startswith("--")) for each in arguments)
