import { expect, test } from '@jest/globals';
import { METRICS, type MetricRow } from '../../../src/telemetry/metrics.ts';
import { metricsMarkdown } from '../../../src/telemetry/reference-page.ts';

test.each(Object.values<MetricRow>(METRICS))('metricsMarkdown() has $name, its labels and their values', row => {
  const page = metricsMarkdown();
  expect(page).toContain(`\n| \`${row.name}\` | ${row.type} |`);
  for (const label of Object.keys(row.labels)) expect(page).toContain(`\n| \`${row.name}\` | \`${label}\` | `);
});
