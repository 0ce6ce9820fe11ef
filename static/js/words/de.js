/** German. @type {import("../words.js").Catalogue} */
export default {
  cancelled: "abgebrochen",
  "over budget": "Budget erreicht",
  interrupted: "unterbrochen",
  "not finished": "nicht beendet",
  running: "läuft",
  failed: "fehlgeschlagen",
};
