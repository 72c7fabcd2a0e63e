import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { DASHBOARD_FILE, plainQuery, VARIABLES } from '../../hack/dashboard/dashboard.ts';
import { METRICS, type MetricRow } from '../../src/telemetry/metrics.ts';
import { knownMetrics } from './known-metrics.ts';
import { readQuery } from './promql.ts';
import { root } from './sources.ts';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const known = await knownMetrics();
const { panels }: { panels: readonly Panel[] } = JSON.parse(readFileSync(join(root, DASHBOARD_FILE), 'utf8'));
const targets = panels.flatMap(({ title, targets = [] }) => targets.map(target => ({ title, ...target })));

test.each(targets)('$title: $legendFormat asks for metrics, labels and values that there are', target => {
  const { faults, labels } = readQuery(plainQuery(target.expr), known);
  expect(faults).toEqual([]);
  const shown = [...target.legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label ?? '');
  expect(shown.filter(label => !labels.has(label))).toEqual([]);
  // A label that is not shown makes lines of one name.
  const hidden = [...labels].filter(label => !shown.includes(label));
  expect(hidden).toEqual([]);
});

test('every metric of the table is on it', () => {
  const asked = targets.map(({ expr }) => expr).join('\n');
  const missing = Object.values<MetricRow>(METRICS).filter(
    ({ name }) => !new RegExp(`\\b${name}(_bucket|_count|_sum)?\\b`).test(asked),
  );
  expect(missing.map(({ name }) => name)).toEqual([]);
});

test.each(Object.entries(VARIABLES))('the values of $%s come from a metric that has it', (label, metric) => {
  expect(known.get(metric)?.labels.has(label)).toBe(true);
});

describe('its panels', () => {
  const isRow = ({ type }: Panel) => type === 'row';

  test('have numbers of their own, and say what they show', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const panel of panels.filter(one => !isRow(one))) expect(panel.description).toMatch(/^\S.*\.$/);
  });

  test('lie side by side: within the width, and none on top of another', () => {
    for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_each, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
  });
});
