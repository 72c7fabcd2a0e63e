import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { METRICS, type MetricRow, type MetricTable } from './metrics.ts';

type InstrumentOf<Row extends MetricRow> = Row['type'] extends 'counter'
  ? Counter<keyof Row['labels'] & string>
  : Row['type'] extends 'gauge'
    ? Gauge<keyof Row['labels'] & string>
    : Histogram<keyof Row['labels'] & string>;

/** What counts and measures, one for each row of the table. */
export type Instruments = { readonly [Name in keyof MetricTable]: InstrumentOf<MetricTable[Name]> };

/** Makes the metrics of the table, on a registry of their own. */
export function createInstruments(registry: Registry): Instruments {
  const made = Object.entries<MetricRow>(METRICS).map(([field, row]) => [field, createInstrument(row, registry)]);
  // The types of the fields are computed from the same table as the values.
  return Object.fromEntries(made) as Instruments;
}

function createInstrument(row: MetricRow, registry: Registry): Counter | Gauge | Histogram {
  const { name, help, labels, buckets = [] } = row;
  const settings = { name, help, labelNames: Object.keys(labels), registers: [registry] };
  if (row.type === 'gauge') return new Gauge(settings);
  if (row.type === 'counter') {
    const counter = new Counter(settings);
    for (const values of combinations(labels)) counter.inc(values, 0);
    return counter;
  }
  const histogram = new Histogram({ ...settings, buckets: [...buckets] });
  for (const values of combinations(labels)) histogram.zero(values);
  return histogram;
}

/**
 * All label sets of a metric whose labels are all closed lists; none for others. They are exported as 0 from the start:
 * a rate over a series that begins at 1 misses its first event, which may be the one to alert on.
 */
function combinations(labels: MetricRow['labels']): readonly Readonly<Record<string, string>>[] {
  return Object.entries(labels).reduce<readonly Readonly<Record<string, string>>[]>(
    (sets, [label, values]) =>
      typeof values === 'string' ? [] : sets.flatMap(set => values.map(value => ({ ...set, [label]: value }))),
    [{}],
  );
}
