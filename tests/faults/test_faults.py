"""Some faults of the script, a minute of them; `python -m tests.faults` plays all 200."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.faults.lanes import play_all
from tests.faults.script import KINDS, SCRIPT, SHORT_SCRIPT, table
from tests.torture import report

LANES = 4
MUST_BE_MET = (
    *(
        "RST",
        "FIN",
        "bytes swallowed",
        "bytes held back",
        "cut within an event",
        "answered for the server",
        "answers lost",
    ),
    *("stalls that were sat out", "logs exchanged", "times hidden", "taken from the back/forward cache"),
)


def test_the_script_has_200_faults_and_any_long_stretch_has_all_kinds() -> None:
    assert [fault.number for fault in SCRIPT] == list(range(1, 201))
    assert sum(KINDS.values()) == 200
    assert {fault.act for fault in SCRIPT[:50]} == set(KINDS)


def test_the_docs_show_the_script() -> None:
    assert report.get("page kinds") == table()


@pytest.mark.browser
@pytest.mark.timeout(400)
def test_through_each_kind_of_fault_the_page_keeps_the_log_and_its_indicator_tells_the_truth() -> None:
    outcomes = play_all(SHORT_SCRIPT, LANES)
    broken = {f"python -m tests.faults --only {each.fault.number}": each.wrong for each in outcomes if each.wrong}
    assert broken == {}
    met: Counter[str] = sum((outcome.counts for outcome in outcomes), Counter())
    assert [what for what in MUST_BE_MET if not met[what]] == []
