import assert from "node:assert/strict";
import { test } from "node:test";

import { plainWords } from "../../static/js/plain-words.js";

test("words keep their order and lose their signs", () => {
  for (const [markdown, words] of [
    ["**bold** [l](https://x)", "bold l"],
    ["It *is* __very__ _good_, ~~bad~~ ***both***.", "It is very good, bad both."],
    ["# Done #\n\n1. one\n2) `two`\n\n- [x] three\n- [ ] four", "Done\none\ntwo\n☑ three\n☐ four"],
    ["> said\n> > twice\n\n---\n\nHead\n====\n* * *\nend", "said\ntwice\nHead\nend"],
    ["```py\nprint(1)\n```\nThen.", "print(1)\nThen."],
    ["| a | b |\n|---|:-:|\n| 1 | 2 |", "a, b\n1, 2"],
    ["![a pic](https://x.test/y.png) [![ok](https://x/b.svg)](https://y) [ref][1] <https://z.test/a_b_c>", "a pic ok ref https://z.test/a_b_c"],
    ["see [Foo](https://en.example/Foo_(bar)).", "see Foo."],
    ["\\*not\\* \\_so\\_ \\[x\\](y) \\\\", "*not* _so_ [x](y) \\"],
    ["``a ` b`` and `__init__.py`, **`f(*x)` too**", "a ` b and __init__.py, f(*x) too"],
  ]) {
    assert.equal(plainWords(markdown ?? ""), words);
  }
});

test("what is no sign stays", () => {
  for (const text of ["2 * 3 * 4 = 24", "snake_case_name and __all", "a ** b", "f(x)[0]", "5 > 3", "#1 is -1", "<b>", "C:\\dir", "שלום"]) {
    assert.equal(plainWords(text), text);
  }
});

test("what would turn or hide the words is told", () => {
  assert.equal(plainWords("**a\u202eb**"), "a⟨U+202E⟩b");
});

test("a text without end is read in time", () => {
  for (const piece of ["**a ", "[", "![a](", "`", "_a ", "> ", "|", "- ", "* ", "\\", "(a](", "~~~\n"]) {
    assert.ok(plainWords(piece.repeat(50_000)).length <= 4000);
  }
});
