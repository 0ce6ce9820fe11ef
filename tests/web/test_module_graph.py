"""Which modules a module imports, through others too."""

from __future__ import annotations

import pytest

from trio_agent.web.module_graph import imported


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('import { a } from "./a.js";', ["js/a.js"]),
        ('import { a, b as c } from "./views/b.js";\nimport "./a.js";', ["js/views/b.js", "js/a.js"]),
        ('import {\n  one,\n  other,\n} from "./a.js";', ["js/a.js"]),
        ('export { a } from "./a.js";\nexport * from "./views/b.js";', ["js/a.js", "js/views/b.js"]),
        ('import * as a from "../top.js";', ["top.js"]),
        ('import "./a.js";\nimport "./a.js";', ["js/a.js"]),
        ('/** @import { A } from "./a.js" */\n * @import { B } from "./views/b.js"', []),
        ('const a = await import("./a.js");', []),
        ('  import "./a.js";', []),
        ('import "bare";\nimport "/js/a.js";\nimport "./nowhere.js";\nimport "../../a.js";', []),
        ('export const text = "x";\nconst from = "./a.js";', []),
        ('export class A {}\nimport "./a.js";', ["js/a.js"]),
    ],
)
def test_static_imports_are_found(source: str, found: list[str]) -> None:
    files = {"js/main.js": source.encode(), "js/a.js": b"", "js/views/b.js": b"", "top.js": b""}
    assert imported(files, "js/main.js") == found


def test_imports_of_imports_are_found_nearest_first_and_circles_end() -> None:
    files = {
        "main.js": b'import "./a.js";\nimport "./views/b.js";',
        "a.js": b'import "./far.js";\nimport "./main.js";',
        "views/b.js": b'import "../a.js";\nimport "../far.js";',
        "far.js": b'import "./views/b.js";',
        "unused.js": b"",
    }
    assert imported(files, "main.js") == ["a.js", "views/b.js", "far.js"]
