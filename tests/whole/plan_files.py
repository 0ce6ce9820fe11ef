"""What the plan of forty answers makes of the project (tests/projects.py): the files it changes, as they are at its end."""

from __future__ import annotations

from tests.projects import FIRST, SECOND

COUNTING = "wordcount/counting.py"
TESTS = "tests/test_counting.py"

COUNT_WORDS = """def count_words(text: str) -> int:
    return len(words(text))
"""
COUNT_LINES = '''

def count_lines(text: str) -> int:
    """How many lines `text` has; the last one need not be ended."""
    return len(text.splitlines())
'''
WRONG, RIGHT = 'return text.count("\\n")', "return len(text.splitlines())"

LINES_TEST = """
    def test_counts_a_last_line_that_is_not_ended(self) -> None:
        self.assertEqual(count_lines("to be\\nor not"), 2)
"""

PACKAGE = '''"""Counts the words and the lines of a text."""

from wordcount.counting import count_lines, count_words, most_common

__all__ = ["count_lines", "count_words", "most_common"]
'''

SERVER = '''"""`python -m wordcount.serve FILE PORT`: the counts of FILE over HTTP. Which port, it writes to PORT."""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from wordcount import count_lines, count_words


class Counts(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        text = Path(sys.argv[1]).read_text(encoding="utf-8")
        body = f"{count_words(text)} words, {count_lines(text)} lines\\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = HTTPServer(("127.0.0.1", 0), Counts)
Path(sys.argv[2]).write_text(f"{server.server_port}\\n", encoding="utf-8")
server.serve_forever()
'''

ON_COUNTING = "# counting.py\n\nA last line that is not ended counts.\n"
ON_SERVING = "# serve.py\n\nListens on 127.0.0.1 only.\n"
LICENCE = "MIT licence\n"
YEAR = "Copyright 2026\n"
LINES_TOO = "\nCounts lines too.\n"

FILES = {
    "README.md": FIRST["README.md"] + LINES_TOO,
    COUNTING: FIRST[COUNTING].replace(COUNT_WORDS, COUNT_WORDS + COUNT_LINES),
    "wordcount/__init__.py": PACKAGE,
    TESTS: SECOND[TESTS]
    .replace("import count_words", "import count_lines, count_words")
    .replace('"to be or not to be"), 6)\n', '"to be or not to be"), 6)\n' + LINES_TEST),
    "wordcount/serve.py": SERVER,
    "docs/counting.md": ON_COUNTING,
    "docs/serving.md": ON_SERVING,
    "LICENSE": LICENCE + YEAR,
}

SUBJECTS = [
    "Count words",
    "Count words from the command line, with tests",
    "Count lines",
    "Serve the counts",
    "Say what the reviews found",
    "Choose a licence",
    "Say that lines are counted",
]
"""Of all commits, oldest first."""
