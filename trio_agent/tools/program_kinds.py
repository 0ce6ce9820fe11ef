"""Programs by what a user who is asked wants to know of them."""

from __future__ import annotations

KEYWORDS = frozenset(
    {
        *("if", "then", "elif", "else", "fi", "while", "until", "do", "done", "case", "esac"),
        *("!", "{", "}", "coproc"),
    }
)
"""What may stand before a command without being one."""

SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh"})

WRAPPERS = frozenset(
    {
        *("env", "command", "exec", "nohup", "nice", "ionice", "setsid", "stdbuf", "timeout", "xargs", "builtin"),
        *(
            "watch",
            "strace",
            "ltrace",
            "unshare",
            "nsenter",
            "chroot",
            "parallel",
            "script",
            "flock",
            "taskset",
            "chrt",
        ),
        *("setarch", "busybox", "unbuffer", "coproc", "npx", "bunx", "uvx", "time", "pipx", "cross-env"),
    }
)
"""They run the command that they are given."""

OTHER_USERS = frozenset({"sudo", "su", "doas", "pkexec", "runuser"})
RUNNERS = {
    **dict.fromkeys(("npm", "pnpm", "yarn", "bun", "mise", "direnv", "bundle"), ("exec", "x", "dlx", "run")),
    **dict.fromkeys(("poetry", "uv", "pipenv", "pdm", "hatch", "rye", "conda", "mamba", "pixi"), ("run",)),
}
"""They run the command that stands behind one of these words."""

READERS = frozenset(
    {
        *("cat", "head", "tail", "less", "more", "nl", "od", "xxd", "hexdump", "strings", "zcat", "cut", "tr", "wc"),
        *("grep", "egrep", "fgrep", "zgrep", "rg", "awk", "jq", "diff", "cmp", "file", "stat", "ls", "du"),
        *("cksum", "md5sum", "sha1sum", "sha256sum", "sha512sum", "basename", "dirname", "readlink", "realpath"),
        *("echo", "printf", "test", "[", "true", "false"),
    }
)
"""They write nothing but what they print."""

NAMERS = frozenset({"find", "fd", "fdfind", "ls", "echo", "printf"})
"""They print the names of files, which `xargs` takes."""
