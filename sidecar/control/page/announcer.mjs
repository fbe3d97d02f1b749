// Says new orphans to screen readers, politely and seldom.

import { html, useEffect, useRef, useState } from './dom.mjs';
import { QUIET_MILLISECONDS, SILENCE, heard } from './news.mjs';

export function Announcer({ store }) {
  const [said, say] = useState('');
  const news = useRef(SILENCE);
  useEffect(() => {
    function listen() {
      const { news: next, sentence } = heard(news.current, store.view, performance.now());
      news.current = next;
      if (sentence !== null) say(sentence);
    }
    const end = store.listen(listen);
    const timer = setInterval(listen, QUIET_MILLISECONDS);
    return () => {
      end();
      clearInterval(timer);
    };
  }, []);
  return html`<p class="vh" role="status" aria-live="polite" data-announcer>${said}</p>`;
}
