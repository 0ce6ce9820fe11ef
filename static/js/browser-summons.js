/** How a browser calls its user. @import { Moment, Surroundings } from "./summons.js" */

import { inProse } from "./shown.js";
import { keep, recall } from "./storage.js";
import { t } from "./words.js";

/** Two short tones, a fifth apart, and soft. */
const TONES = [
  { hertz: 587, at: 0 },
  { hertz: 880, at: 0.13 },
];
const TONE_S = 0.25;
const VOLUME = 0.08;

/** @type {AudioContext | null} */
let audio = null;

/** @param {(moment: Moment) => void} onPress the user has pressed a notification @returns {Surroundings} */
export function browserSummons(onPress) {
  return {
    hidden: () => document.hidden,
    permission: () => (hasNotes() ? Notification.permission : "missing"),
    ask: () => Notification.requestPermission(),
    recall,
    keep,
    alone: (work) => {
      // Without locks, what is kept is looked at and set in one go, which is as good as it gets.
      const { locks } = /** @type {{ locks?: LockManager }} */ (navigator);
      if (locks) void locks.request("trio-agent.summons", work);
      else work();
    },
    setTimer: (run, ms) => setTimeout(run, ms),
    note: (moment) => note(moment, onPress),
    ring,
    badge: (count) => {
      const { setAppBadge } = /** @type {{ setAppBadge?: (count: number) => Promise<void> }} */ (navigator);
      // Only an installed page has one; elsewhere it is refused.
      setAppBadge?.call(navigator, count).catch(() => undefined);
    },
  };
}

const hasNotes = () => "Notification" in globalThis && isSecureContext;

/** @param {Moment} moment @param {(moment: Moment) => void} onPress */
function note(moment, onPress) {
  const words = { ended: t("The agent is done"), asks: t("The agent asks"), failed: t("The agent has stopped") };
  const title = inProse(moment.title ? `${words[moment.why]}: ${moment.title}` : words[moment.why]);
  try {
    // With the same tag one replaces the other, also where two tabs are quicker than their locks.
    const made = new Notification(title, { body: moment.text, tag: moment.claim, icon: icon() });
    made.onclick = () => {
      made.close();
      onPress(moment);
    };
  } catch (error) {
    // Chromium on Android has them from service workers only. The title says it all the same.
    console.info("notification", error);
  }
}

/** Of the address the page was given: below `static/` there may be a version. */
const icon = () => document.querySelector('link[rel="icon"]')?.getAttribute("href") ?? "";

function ring() {
  audio ??= new AudioContext();
  // A page that nobody has touched since it was loaded may not make a sound: then this one is not heard.
  void audio.resume();
  for (const { hertz, at } of TONES) {
    const begin = audio.currentTime + at;
    const tone = new OscillatorNode(audio, { frequency: hertz, type: "sine" });
    const loudness = new GainNode(audio, { gain: 0 });
    loudness.gain.setValueAtTime(VOLUME, begin);
    loudness.gain.exponentialRampToValueAtTime(0.001, begin + TONE_S);
    tone.connect(loudness).connect(audio.destination);
    tone.start(begin);
    tone.stop(begin + TONE_S);
  }
}
