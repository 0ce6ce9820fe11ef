/** German. @type {import("../words.js").Catalogue} */
export default {};
