import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import german from "../../static/js/words/de.js";

const VIEWS = new URL("../../static/js/views/", import.meta.url);

for (const name of readdirSync(VIEWS).filter((each) => each.startsWith("diff-"))) {
  test(`every word of ${name} is there in German`, () => {
    const words = readFileSync(new URL(name, VIEWS), "utf-8").matchAll(/\bt\(\s*"([^"]+)"/g);
    assert.deepEqual([...words].map(([, text = ""]) => text).filter((text) => !(text in german)), []);
  });
}
