// Light or dark: as the system says, until somebody says otherwise; kept in the browser.

const KEY = 'inference-sidecar.theme';
const ORDER = ['auto', 'light', 'dark'];

/** `auto`, `light` or `dark`, as it was chosen in this browser. */
export function chosenTheme() {
  const kept = remembered(KEY);
  return ORDER.includes(kept) ? kept : 'auto';
}

/** Show the page in this theme, and remember it. */
export function showTheme(name) {
  if (name === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  remember(KEY, name);
  dispatchEvent(new Event('themechange'));
}

/** The theme after this one. */
export function nextTheme(name) {
  return ORDER[(ORDER.indexOf(name) + 1) % ORDER.length];
}

/** Call this when colors change, by the switch or by the system; returns how to end it. */
export function onThemeChange(listener) {
  const system = matchMedia('(prefers-color-scheme: dark)');
  addEventListener('themechange', listener);
  system.addEventListener('change', listener);
  return () => {
    removeEventListener('themechange', listener);
    system.removeEventListener('change', listener);
  };
}

/** What this browser remembers; null where it may remember nothing. */
export function remembered(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Remember it where that is allowed. */
export function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // a browser that keeps nothing: chosen until the page is closed
  }
}
