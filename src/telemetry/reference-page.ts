import { METRICS, type MetricRow } from './metrics.ts';

/** The page of metrics, to be checked in. */
export function metricsMarkdown(): string {
  const lines = [
    '# Metrics',
    '',
    'Made from `src/telemetry/metrics.ts` by `make generate`: do not edit.',
    '',
    'Served at `/metrics` of `--metrics-address`. No label names a stream, a namespace or a tag, and labels that others can',
    'choose the values of are capped, so the number of series is bounded. The usual `process_…` and `nodejs_…` metrics of',
    'the process come besides, less those whose sampling would cost more than all others: samples of the event loop, for which',
    '`imagestream_operator_event_loop_busy_seconds_total` stands, and the time of garbage collections, which is a part of that.',
    '',
    '| metric | type | labels | |',
    '|---|---|---|---|',
  ];
  for (const row of Object.values<MetricRow>(METRICS)) {
    const labels = Object.keys(row.labels).map(label => `\`${label}\``);
    lines.push(`| \`${row.name}\` | ${row.type} | ${labels.join(', ')} | ${row.help} |`);
  }
  lines.push('', '## Labels', '', '| metric | label | values |', '|---|---|---|');
  for (const { name, labels } of Object.values<MetricRow>(METRICS)) {
    for (const [label, values] of Object.entries(labels)) {
      const text = typeof values === 'string' ? values : values.map(value => `\`${value}\``).join(', ');
      lines.push(`| \`${name}\` | \`${label}\` | ${text} |`);
    }
  }
  return `${lines.join('\n')}\n`;
}
