"""All seeded bugs, in the order of the table."""

from __future__ import annotations

from tests.torture.mutants_client import CLIENT
from tests.torture.mutants_reading import READING
from tests.torture.mutants_sending import SENDING
from tests.torture.mutants_text import TEXT
from tests.torture.mutants_writing import WRITING

MUTANTS = (*READING, *SENDING, *WRITING, *TEXT, *CLIENT)
