import assert from "node:assert/strict";
import { test } from "node:test";

import { parseDiff } from "../../static/js/diff.js";

const DIFF = `commit 0123456789
    subject

diff --git a/one.py b/one.py
index 111..222 100644
--- a/one.py
+++ b/one.py
@@ -1,3 +1,3 @@ def f():
 same
-old
+new
--- a line that looks like a header
+++ another
\\ No newline at end of file
diff --git a/old name b/new name
similarity index 90%
rename from old name
rename to new name
`;

test("files, their lines and their counts", () => {
  const { files } = parseDiff(DIFF);
  assert.deepEqual(
    files.map(({ path, added, removed }) => [path, added, removed]),
    [
      ["one.py", 2, 2],
      ["new name", 0, 0],
    ],
  );
  assert.deepEqual(
    files[0]?.lines.map(({ kind }) => kind),
    ["hunk", "same", "del", "add", "del", "add", "note"],
  );
});

test("what says how a file was moved is kept, and what says where it was is not", () => {
  const { files } = parseDiff(DIFF);
  assert.deepEqual(
    files[1]?.lines.map(({ text }) => text),
    ["similarity index 90%", "rename from old name", "rename to new name"],
  );
});

test("a commit's header comes before the first file", () => {
  assert.equal(parseDiff(DIFF).preamble, "commit 0123456789\n    subject");
});

test("an empty diff has no files", () => {
  assert.deepEqual(parseDiff(""), { preamble: "", files: [] });
});

test("no line of a hunk is lost or changed", () => {
  const lines = parseDiff(DIFF).files.flatMap((file) => file.lines.map(({ text }) => text));
  for (const line of lines) assert.ok(DIFF.split("\n").includes(line), line);
  assert.equal(lines.length, 10);
});
