// Watches an element that plays: when it started, in milliseconds from now, and for how long it stalled after that.

function observe(video) {
  const begun = performance.now();
  const found = { started: null, stalls: [] };
  let waits = null;
  video.addEventListener('waiting', () => {
    if (found.started !== null && !video.ended && !video.seeking) waits ??= performance.now();
  });
  video.addEventListener('playing', () => {
    found.started ??= Math.round(performance.now() - begun);
    if (waits !== null) found.stalls.push(Math.round(performance.now() - waits));
    waits = null;
  });
  window.seen = () => ({ ...found, ended: video.ended, at: video.currentTime });
}
