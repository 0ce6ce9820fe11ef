/**
 * The texts that stand in a module's code, by reading it: enough of JavaScript to tell code from comments, strings, templates
 * and regular expressions.
 *
 * @typedef {{ text: string, line: number, before: string, isTemplate: boolean }} Literal
 *   `before` is the code in front of it, without comments and without white space at its end. Of a template, each piece
 *   between its values is a literal.
 */

/** After one of these, a slash begins a regular expression. */
const NO_VALUE = /(^|[(,=:[!&|?{};<>+*~%^-]|\b(return|typeof|case|of|in))$/;

/** @param {string} code @returns {Literal[]} */
export function literalsOf(code) {
  /** @type {Literal[]} */
  const found = [];
  let before = "";
  let at = 0;
  /** How deep the braces are within each template's value that we are in. @type {number[]} */
  const values = [];
  const line = () => code.slice(0, at).split("\n").length;

  const template = () => {
    let text = "";
    while (at < code.length && code[at] !== "`" && !code.startsWith("${", at)) {
      if (code[at] === "\\") text += code[at++];
      text += code[at++];
    }
    found.push({ text: unescape(text), line: line(), before, isTemplate: true });
    if (code[at] === "`") {
      at += 1;
      before += "T";
    } else {
      at += 2;
      values.push(0);
      before += "${";
    }
  };

  while (at < code.length) {
    const rest = code.slice(at, at + 2);
    const char = code[at] ?? "";
    if (rest === "//") at = indexOr(code, "\n", at);
    else if (rest === "/*") at = indexOr(code, "*/", at) + 2;
    else if (char === '"' || char === "'") {
      const begin = ++at;
      while (code[at] !== char) at += code[at] === "\\" ? 2 : 1;
      found.push({ text: unescape(code.slice(begin, at)), line: line(), before, isTemplate: false });
      before += "S";
      at += 1;
    } else if (char === "`") {
      at += 1;
      template();
    } else if (char === "/" && NO_VALUE.test(before)) {
      for (let inClass = false, begin = at; at === begin || code[at] !== "/" || inClass; at++) {
        if (code[at] === "\\") at += 1;
        else if (code[at] === "[") inClass = true;
        else if (code[at] === "]") inClass = false;
      }
      at += 1;
      before += "R";
    } else {
      const depth = values.length - 1;
      at += 1;
      if (char === "{" && depth >= 0) values[depth] = (values[depth] ?? 0) + 1;
      if (char === "}" && depth >= 0) {
        if (values[depth] === 0) {
          values.pop();
          template();
          continue;
        }
        values[depth] = (values[depth] ?? 0) - 1;
      }
      if (/\s/.test(char)) before = /\w$/.test(before) && /\w/.test(code[at] ?? "") ? `${before} ` : before;
      else before = (before + char).slice(-80);
    }
  }
  return found;
}

/** @param {string} code @param {string} what @param {number} from */
function indexOr(code, what, from) {
  const at = code.indexOf(what, from);
  return at < 0 ? code.length : at;
}

/** @param {string} text */
const unescape = (text) =>
  text.replace(/\\(u\{[0-9a-f]+\}|u[0-9a-f]{4}|x[0-9a-f]{2}|.)/gi, (_, what) => {
    if (/^[ux]/.test(what)) return String.fromCodePoint(Number.parseInt(what.replace(/[ux{}]/g, ""), 16));
    return { n: "\n", t: "\t" }[/** @type {string} */ (what)] ?? what;
  });
