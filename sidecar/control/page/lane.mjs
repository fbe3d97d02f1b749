// One call as a bar: the part with its caller, the mark where the caller left, the tail that grows for nobody, the provider's end.

import { html, useRef } from './dom.mjs';
import { duration } from './formats.mjs';
import { barOf, lifeOf } from './layout.mjs';
import { useFrames } from './ticker.mjs';

export function Lane({ row, store, span }) {
  const lane = useRef();
  useFrames(() => {
    const now = store.now();
    if (lane.current && now !== null) draw(lane.current, barOf(lifeOf(row, now), now, span.seconds), row, now);
  });
  return html`<span class="lane" ref=${lane} aria-hidden="true">
    <i class="wait"></i><i class="work"></i><i class="tail"></i><b class="left"></b><b class="end"></b><em></em>
  </span>`;
}

function draw(lane, bar, row, now) {
  const [wait, work, tail, left, end, past] = lane.children;
  stretch(wait, bar.wait);
  stretch(work, bar.work);
  stretch(tail, bar.tail);
  point(left, bar.left);
  point(end, bar.end);
  lane.classList.toggle('open', bar.end === null && !bar.isPast);
  past.hidden = !bar.isPast;
  if (bar.isPast) write(past, pastSentence(lifeOf(row, now), now));
}

function stretch(element, segment) {
  element.hidden = segment === null;
  if (segment === null) return;
  element.style.left = `${(segment.start * 100).toFixed(3)}%`;
  element.style.width = `${(segment.width * 100).toFixed(3)}%`;
}

function point(element, at) {
  element.hidden = at === null;
  if (at !== null) element.style.left = `${(at * 100).toFixed(3)}%`;
}

/** What a bar that lies left of the lane would have shown. */
function pastSentence(life, now) {
  const ran = `ran ${duration((life.end - life.from) / 1000)}`;
  const tail = life.hasTail && !life.isSaved ? `, of which ${duration((life.end - life.attachedUntil) / 1000)} for nobody` : '';
  return `‹ ${minutesAgo((now - life.end) / 1000)}, ${ran}${tail}`;
}

function minutesAgo(seconds) {
  return seconds < 60 ? `${Math.floor(seconds)} s ago` : `${Math.floor(seconds / 60)} min ago`;
}

/** The life of a call in words, for whoever does not see the bar. */
export function lifeSentence(row, now) {
  const life = lifeOf(row, now);
  const parts = [`${life.isOpen ? 'has run' : 'ran'} ${duration((life.end - life.from) / 1000)}`];
  if (life.left !== null) parts.push(`the caller left after ${duration((life.left - life.from) / 1000)}`);
  if (life.hasTail && !life.isSaved) {
    const tail = duration((life.end - life.attachedUntil) / 1000);
    parts.push(life.isOpen ? `the provider works on for nobody, ${tail} so far` : `the provider went on for nobody for ${tail}`);
  }
  return parts.join('; ');
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
