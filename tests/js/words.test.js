import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { speak, t } from "../../static/js/words.js";

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
