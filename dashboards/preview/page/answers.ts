// What the Python side hands over as `window.ANSWERS`: a dashboard, and what Prometheus said to each of its queries.

export interface Series {
  name: string;
  metric: Record<string, string>;
  value?: [number, string];
  values?: Array<[number, string]>;
}

export interface Query {
  refId: string;
  format: 'time_series' | 'table' | 'heatmap';
  instant: boolean;
  /** Seconds. */
  step: number;
  series: Series[];
}

export interface Panel {
  id: number;
  type: string;
  title: string;
  description?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  fieldConfig: { defaults: Record<string, any>; overrides: any[] };
  options: Record<string, any>;
  transformations?: any[];
  timeFrom?: string;
  hideTimeOverride?: boolean;
  transparent?: boolean;
  collapsed?: boolean;
}

export interface Answers {
  dashboard: { title: string; description?: string; tags: string[]; panels: Panel[]; templating: { list: any[] } };
  /** Milliseconds since the epoch. */
  from: number;
  to: number;
  variables: Record<string, string[]>;
  panels: Record<string, Query[]>;
}

declare global {
  interface Window {
    ANSWERS: Answers;
  }
}
