// Preact, its hooks and htm in one place, so that no other module knows where they lie.

import { h, render, Fragment } from './vendor/preact.mjs';
import htm from './vendor/htm.mjs';

export { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from './vendor/preact-hooks.mjs';
export { render, Fragment };

/** Templates of elements. What is put into them becomes text and attributes, never markup: names come from strangers. */
export const html = htm.bind(h);
