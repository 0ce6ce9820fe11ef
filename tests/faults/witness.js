// Runs in the page before anything else: writes down what the user could see, and when. Kept in sessionStorage, which
// outlives a reload and belongs to the tab.
(() => {
  const KEY = "witness";
  // Another page in the same tab has the same storage, and is not what is watched.
  const note = (kind, status = "", words = "") => {
    if (!document.querySelector("network-status")) return;
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    kept.push([Date.now(), kind, status, words]);
    sessionStorage.setItem(KEY, JSON.stringify(kept));
  };

  const watchIndicator = () => {
    const element = document.querySelector("network-status");
    if (!element) return;
    let last = "";
    const look = () => {
      const status = element.dataset.status ?? "";
      const words = element.querySelector(".net-words")?.textContent ?? "";
      if (`${status} ${words}` === last) return;
      last = `${status} ${words}`;
      note("indicator", status, words);
    };
    const changes = { attributes: true, attributeFilter: ["data-status"], childList: true, subtree: true, characterData: true };
    new MutationObserver(look).observe(element, changes);
    look();
  };

  // What the log on screen must never show, however briefly: a message twice, or one before its predecessor.
  const watchLog = () => {
    const timeline = document.querySelector("session-timeline");
    if (!timeline) return;
    let told = false;
    new MutationObserver(() => {
      const indexes = [...timeline.querySelectorAll("message-card[data-idx]")].map((card) => Number(card.dataset.idx));
      const wrong = indexes.findIndex((idx, i) => i > 0 && idx <= indexes[i - 1]);
      if (wrong < 0 || told) return;
      told = true;
      note("log", "", `${indexes[wrong]} after ${indexes[wrong - 1]}`);
    }).observe(timeline, { childList: true, subtree: true });
  };

  // A busy machine may not let the page run at all; what it does not say then is not its fault. Hidden pages tick each second.
  let ticked = Date.now();
  setInterval(() => {
    const now = Date.now();
    if (now - ticked > 1500) note("stutter", "", String((now - ticked) / 1000));
    ticked = now;
  }, 250);

  document.addEventListener("DOMContentLoaded", () => {
    watchIndicator();
    watchLog();
  });
  for (const name of ["freeze", "resume", "visibilitychange"]) {
    document.addEventListener(name, () => note(name, document.visibilityState));
  }
  for (const name of ["pagehide", "pageshow"]) {
    window.addEventListener(name, (event) => note(name, event.persisted ? "persisted" : ""));
  }
})();
