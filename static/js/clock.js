/**
 * Milliseconds that never go back and count the time the machine slept.
 *
 * `performance.now()` stands still in suspend on some systems, so a connection that died overnight would look fresh;
 * `Date.now()` jumps when the clock is set. So: the first, moved forward by what the second gained on it.
 *
 * @param {() => number} steady
 * @param {() => number} wall
 * @returns {() => number}
 */
export function sleepAwareClock(steady, wall) {
  let lead = wall() - steady();
  let slept = 0;
  return () => {
    const now = wall() - steady();
    // Less than a second is the wall clock being slewed, not sleep.
    if (now > lead + 1000) slept += now - lead;
    lead = now;
    return steady() + slept;
  };
}
