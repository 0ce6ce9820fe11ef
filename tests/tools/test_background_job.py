"""A file that a command in the background writes to, read in pieces small enough for everybody else."""

from __future__ import annotations

from pathlib import Path

from trio_agent.core.redaction import MARK, RedactedStream, Redactor
from trio_agent.tools.background_job import PIECE_BYTES, JobFile

KEY = "ghp_" + "a1B2" * 9


class Measured(Redactor):
    """Remembers how much it was given at once."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def stream(self) -> RedactedStream:
        stream = super().stream()
        measured = self

        class Measuring(RedactedStream):
            def add(self, text: str) -> str:
                measured.sizes.append(len(text))
                return stream.add(text)

            def end(self) -> str:
                return stream.end()

        return Measuring(self)


def test_a_file_is_read_in_small_pieces_and_a_secret_between_two_is_hidden(tmp_path: Path) -> None:
    text = "." * (PIECE_BYTES - 10) + f"\n{KEY}\n" + "." * (PIECE_BYTES // 2)
    (tmp_path / "out").write_text(text)
    redactor = Measured()
    told = JobFile("out", redactor).news(tmp_path.resolve(), over=True)
    assert "".join(told.split(MARK)).replace("gh", "") == text.replace(KEY, "")
    assert max(redactor.sizes) <= PIECE_BYTES
    assert sum(redactor.sizes) == len(text)
