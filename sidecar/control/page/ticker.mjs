// What moves: functions that are called for each picture while the page can be seen. Text and places are set on elements directly,
// for a thousand calls that grow are no reason to compare a tree thirty times a second.

import { useEffect, useLayoutEffect, useRef } from './dom.mjs';

const FRAME_MILLISECONDS = 32;
const CALM_FRAME_MILLISECONDS = 1000;
const calm = matchMedia('(prefers-reduced-motion: reduce)');
const drawers = new Set();
let last = -Infinity;

function frame(at) {
  if (at - last >= (calm.matches ? CALM_FRAME_MILLISECONDS : FRAME_MILLISECONDS)) {
    last = at;
    for (const draw of drawers) draw();
  }
  if (drawers.size) requestAnimationFrame(frame);
}

function add(draw) {
  drawers.add(draw);
  if (drawers.size === 1) requestAnimationFrame(frame);
  return () => drawers.delete(draw);
}

/** Call `draw` for every picture, and at once after each rendering. Always the newest function that was given. */
export function useFrames(draw) {
  const newest = useRef(draw);
  newest.current = draw;
  useLayoutEffect(() => draw());
  useEffect(() => add(() => newest.current()), []);
}
