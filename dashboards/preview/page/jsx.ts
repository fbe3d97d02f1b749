// Stands for react/jsx-runtime. react-data-grid 7.0.0-beta.56 gives values to contexts in React 19's way, <Context value=...>, and
// @grafana/ui 12.4.0 runs on React 18, which takes that for asking. Grafana has a fork of the grid, which is not on npm.

import { createElement, Fragment } from 'react';

const CONTEXT = Symbol.for('react.context');

export function jsx(type: any, props: any, key?: string) {
  const kind = type?.$$typeof === CONTEXT && 'value' in props ? type.Provider : type;
  return createElement(kind, key === undefined ? props : { ...props, key });
}

export { Fragment, jsx as jsxs };
