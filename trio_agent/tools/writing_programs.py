"""Programs that write to the paths that they are given, and which of their words those are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

ALL, FIRST, SECOND, LAST, REST, NONE = slice(None), slice(1), slice(1, 2), slice(-1, None), slice(1, None), slice(0)


@dataclass(frozen=True, slots=True)
class Writing:
    """`paths` of the words that are no options are written to, and so is the value of each option of `into`.

    `takes` are options with another value; a name that ends in `=` has one only where it is glued to it. With one of
    `unless` nothing is written.
    """

    paths: slice
    into: frozenset[str] = frozenset()
    takes: frozenset[str] = frozenset()
    unless: frozenset[str] = frozenset()


def _writing(paths: slice, into: str = "", takes: str = "", unless: str = "") -> Writing:
    return Writing(paths, *(frozenset(each.split()) for each in (into, takes, unless)))


def _each(names: str, writing: Writing) -> Iterable[tuple[str, Writing]]:
    return ((name, writing) for name in names.split())


WRITING: dict[str, Writing] = {
    **dict(
        _each(
            "rm rmdir unlink mkdir chmod chown chgrp mkfifo sponge dos2unix unix2dos strip ranlib chattr setfacl rename "
            "prename ed ex vi vim nvim nano emacs venv virtualenv tee",
            _writing(ALL, takes="-m --mode --reference --context"),
        )
    ),
    **dict(
        _each(
            "gzip gunzip pigz bzip2 bunzip2 pbzip2 xz unxz lzma unlzma zstd unzstd lz4 compress uncompress brotli",
            _writing(
                ALL,
                into="-o --output --output-dir-flat",
                takes="-S --suffix -D",
                unless="-c --stdout --to-stdout -l --list -t --test",
            ),
        )
    ),
    **dict(
        _each(
            "gcc g++ cc c++ clang clang++ rustc ld go dot pandoc gpg age javac tsc",
            _writing(NONE, into="-o --output --out-dir --outDir --outFile", takes="-I -L -D -l -x"),
        )
    ),
    **dict(_each("ffmpeg convert magick objcopy", _writing(LAST))),
    **dict(_each("npm pnpm yarn bun", _writing(NONE, into="--prefix -C --cwd --dir"))),
    **dict(
        _each(
            "pip pip3",
            _writing(NONE, into="-t --target --prefix --root -d --dest --src", takes="-r -c -e -i -f"),
        )
    ),
    **dict(_each("7z 7za 7zr 7zz", _writing(NONE, into="-o="))),
    **dict(_each("pg_dump pg_dumpall", _writing(NONE, into="-f --file", takes="-h -p -U -d -n -t -T -N"))),
    "mv": _writing(ALL, into="-t --target-directory", takes="-S --suffix"),
    "touch": _writing(ALL, takes="-d --date -r --reference -t"),
    "truncate": _writing(ALL, takes="-s --size -r --reference"),
    "fallocate": _writing(ALL, takes="-l --length -o --offset"),
    "shred": _writing(ALL, takes="-n --iterations -s --size --random-source"),
    "cp": _writing(LAST, into="-t --target-directory", takes="-S --suffix"),
    "ln": _writing(LAST, into="-t --target-directory", takes="-S --suffix"),
    "install": _writing(LAST, into="-t --target-directory", takes="-m --mode -o --owner -g --group -S --suffix"),
    "rsync": _writing(
        LAST,
        into="--log-file --backup-dir --partial-dir -T --temp-dir",
        takes="-e --rsh -f --filter --exclude --include --exclude-from --include-from --files-from",
    ),
    "scp": _writing(LAST, takes="-c -F -i -J -l -o -P -S -X"),
    "docker cp": _writing(LAST),
    "patch": _writing(
        FIRST,
        into="-d --directory -o --output -r --reject-file -B --prefix",
        takes="-i --input -p --strip -F --fuzz -D --ifdef -V -Y -z --suffix -x -g",
    ),
    "sort": _writing(NONE, into="-o --output -T --temporary-directory", takes="-k --key -t --field-separator -S"),
    "uniq": _writing(SECOND, takes="-f -s -w"),
    "split": _writing(REST, takes="-a -b -C -l -n -t --filter --bytes --lines --number --separator --suffix-length"),
    "csplit": _writing(NONE, into="-f --prefix", takes="-b -n"),
    "mktemp": _writing(ALL, into="-p --tmpdir=", takes="--suffix"),
    "cpio": _writing(ALL, into="-D --directory -O", takes="-F -H -I", unless="-t --list"),
    "unzip": _writing(NONE, into="-d", takes="-P", unless="-l -t -p -v -Z"),
    "zip": _writing(FIRST, into="-O --output-file", takes="-P -n -t -tt"),
    "7z a": _writing(SECOND),
    "unrar x": _writing(slice(2, None)),
    "ar": _writing(SECOND),
    "curl": _writing(
        NONE,
        into="-o --output --output-dir -D --dump-header -c --cookie-jar --trace --trace-ascii --stderr",
        takes="-H -d -X -u -A -e -F -T -b -m -w -x -r -K -E -C -y -Y -z -t -Q -P",
    ),
    "wget": _writing(
        NONE,
        into="-O --output-document -P --directory-prefix -o --output-file -a --append-output",
        takes="-U -t -T -w -i -e -A -R -l -D -Q -B",
    ),
    "aria2c": _writing(NONE, into="-d --dir -o --out -l --log"),
    "git": _writing(NONE, into="-C --git-dir --work-tree -o --output --output-directory --separate-git-dir"),
    "make": _writing(NONE, into="-C --directory", takes="-f --file -I -o -W -j= -l="),
    "ninja": _writing(NONE, into="-C", takes="-f -j -k -l -t -d"),
    "cmake": _writing(NONE, into="-B --build --install --prefix", takes="-S -G -D -P -C -A -T"),
    "openssl": _writing(NONE, into="-out -keyout"),
    "ssh-keygen": _writing(NONE, into="-f", takes="-t -b -C -N -P"),
}
"""By name, or by name and first word."""

TAR = _writing(NONE, into="-f --file -C --directory --one-top-level=", takes="-T -X -I -b -H -V --exclude --transform")
SED = _writing(ALL, takes="-e -f -l --expression --file -i= --in-place=")
PERL = _writing(ALL, takes="-e -E -i= -M= -m= -0= -I= -l=")
