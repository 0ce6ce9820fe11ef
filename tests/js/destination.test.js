import assert from "node:assert/strict";
import { test } from "node:test";

import { destination } from "../../static/js/destination.js";

/** The place that is told of a link, with a mark where the text claims another. @param {string} href @param {string} text */
function told(href, text) {
  const found = destination(href, text);
  if (found.kind !== "web") return found.kind;
  return `${found.elsewhere ? "!" : ""}${found.place}`;
}

test("an address that is its own text needs nothing told", () => {
  assert.equal(told("https://a.example/b?c#d", "https://a.example/b?c#d"), "");
  assert.equal(told("https://a.example/b", "a.example/b"), "");
  assert.equal(told("https://a.example/", "a.example"), "");
  assert.equal(told("https://a.example/b/c", "a.example"), "");
  assert.equal(told("http://localhost:3000/", "http://localhost:3000"), "");
  assert.equal(told("https://a.example/%C3%A4", "https://a.example/ä"), "");
  assert.equal(told("mailto:me@a.example", "me@a.example"), "");
});

test("of other links the host is told, as the network spells it", () => {
  assert.equal(told("https://evil.test/a/b", "the docs"), "evil.test");
  assert.equal(told("https://evil.test:8443/", "here"), "evil.test:8443");
  assert.equal(told("https://github.com@evil.test/", "here"), "evil.test");
  assert.equal(told("https://github.com%2F@evil.test/", ""), "evil.test");
  assert.equal(told("https:\\\\evil.test\\github.com", "here"), "evil.test");
  assert.equal(told("https://\u0430pple.com/", "here"), "xn--pple-43d.com");
  assert.equal(told("https://EVIL.test/", "here"), "evil.test");
  assert.equal(told("https://a.example/b", "https://a.example/c"), "a.example");
  assert.equal(told("mailto:me@a.example", "write"), "me@a.example");
});

test("a text that names another host is told to", () => {
  for (const text of [
    "https://github.com/real",
    "HTTPS://GITHUB.COM",
    "github.com",
    "www.github.com/x",
    "see github.com.",
    "https://me@github.com/",
    "https://github.com\u2044x",
    "ｇｉｔｈｕｂ．ｃｏｍ",
    "github。com",
    "https://localhost:3000",
    "me@github.com",
    "evil.test.github.com",
    "github.io",
    "\u0430pple.\u0440\u0444",
    "https://evil.test/ or https://github.com/",
  ]) {
    assert.equal(told("https://evil.test/github.com", text), "!evil.test", text);
  }
  assert.equal(told("https://xn--pple-43d.com/", "https://\u0430pple.com/"), "!xn--pple-43d.com");
  assert.equal(told("https://xn--pple-43d.com/xn--pple-43d.com", "https://\u0430pple.com/xn--pple-43d.com"), "!xn--pple-43d.com");
  assert.equal(told("https://github.com@evil.test/", "https://github.com@evil.test/"), "!evil.test");
  assert.equal(told("mailto:me@evil.test", "you@github.com"), "!me@evil.test");
});

test("an ordinary text is not told to, though it has points in it", () => {
  for (const text of ["render.py", "build.rs", "Node.js", "os.path", "v1.2.3", "e.g. this", "see README.md.", "a.b", "12.5"]) {
    assert.equal(told("https://docs.example/", text), "docs.example", text);
  }
  assert.equal(told("https://docs.github.com/x", "GitHub's docs at github.com"), "docs.github.com");
  assert.equal(told("https://github.com/x", "www.github.com"), "github.com");
});

test("a link to a file is the file's, with its line", () => {
  assert.deepEqual(destination("calc.py", "calc.py"), { kind: "file", path: "calc.py", line: 0, place: "" });
  assert.deepEqual(destination("./src/a%20b.py#L12-L20", "a b.py"), { kind: "file", path: "src/a b.py", line: 12, place: "" });
  assert.deepEqual(destination("src/a.py:12:3", "src/a.py:12"), { kind: "file", path: "src/a.py", line: 12, place: "" });
  assert.deepEqual(destination("docs/x.md#heading", "the docs"), { kind: "file", path: "docs/x.md", line: 0, place: "docs/x.md" });
  assert.deepEqual(destination("Makefile", "https://github.com"), { kind: "file", path: "Makefile", line: 0, place: "Makefile" });
  assert.equal(destination("a.py", "y").kind, "file");
});

test("what leads nowhere is known", () => {
  for (const href of ["", "#a", "?q", "/healthz", "//evil.test/x", "../../healthz", "a/../../b", "docs/", "javascript:alert(1)", "file:///etc/passwd", "https://", "https://a b/", "ftp://a.example", "%ff", "\\\\evil.test\\x"]) {
    assert.equal(destination(href, "x").kind, "nowhere", href);
  }
});

test("a text without end is looked at in time", () => {
  for (const piece of ["a.", "https://", "a.b/", "-", "я."]) {
    assert.equal(told("https://evil.test/", piece.repeat(100_000)).replace("!", ""), "evil.test");
  }
});
