import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { counted, speak, t } from "../../static/js/words.js";

afterEach(() => speak(["en"]));

test("values stand where their names are", () => {
  assert.equal(t("{n} of {all} files", { n: 2, all: 3 }), "2 of 3 files");
});

test("a name without a value stays as it is", () => {
  assert.equal(t("if {x} then"), "if {x} then");
});

test("the first language that there is is spoken", async () => {
  assert.equal(await speak(["fr-CH", "de-AT", "en"]), "de");
  assert.equal(await speak(["en-GB", "de"]), "en");
  assert.equal(await speak(["fr"]), "en");
});

test("one of something is told in the singular, in each language", async () => {
  const said = [0, 1, 1.5, 2, 1200].map((count) => counted("1 file", "{count} files", count));
  assert.deepEqual(said, ["0 files", "1 file", "1.5 files", "2 files", "1,200 files"]);
  await speak(["de"]);
  assert.deepEqual([1, 1200].map((count) => counted("1 file", "{count} files", count)), ["1 Datei", "1.200 Dateien"]);
});

test("a number is written as its caller does", () => {
  assert.equal(counted("1 file", "{count} files", 1200, { count: "1.2k" }), "1.2k files");
});
