import { apiServerRow, processRow, workRow } from './inside.ts';
import { freshnessRow, glanceRow, importsRow, lanesRow, registriesRow } from './outside.ts';

/** One query, in PromQL with the variables of the dashboard. */
export interface Query {
  readonly expr: string;
  /** Name of each series, with labels in braces: `{{registry}}`. */
  readonly legend: string;
}

export interface Panel {
  readonly title: string;
  /** What it says to whoever looks at it for the first time. */
  readonly description: string;
  readonly type: 'stat' | 'timeseries';
  readonly queries: readonly Query[];
  /** As Grafana names it. */
  readonly unit?: string;
  /** Of a number: it is well from here on, or below this. */
  readonly good?: { readonly from: number; readonly below?: never } | { readonly below: number; readonly from?: never };
  /** Of a number: show the name of the series in its place. */
  readonly show?: 'legend';
  /** Of lines: on top of each other, where their sum says something. */
  readonly stacked?: boolean;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** What is looked at first comes first. */
export const ROWS: readonly Row[] = [
  glanceRow,
  freshnessRow,
  importsRow,
  lanesRow,
  registriesRow,
  workRow,
  apiServerRow,
  processRow,
];
