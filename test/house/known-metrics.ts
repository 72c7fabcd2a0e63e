import { systemClock } from '../../src/clock.ts';
import { METRICS, type MetricRow } from '../../src/telemetry/metrics.ts';
import { createTelemetry } from '../../src/telemetry/telemetry.ts';

export interface KnownMetric {
  /** The series of a histogram count, each by itself. */
  readonly type: 'counter' | 'gauge';
  /** With the values that each can have, where they are a closed list. */
  readonly labels: ReadonlyMap<string, readonly string[] | 'any'>;
}

/** Series by their names, as queries ask for them. */
export type KnownMetrics = ReadonlyMap<string, KnownMetric>;

/** Labels that whoever scrapes puts on every series: of any Prometheus, and of one in a cluster. */
const TARGET_LABELS = ['instance', 'job', 'namespace', 'pod'];
const SUFFIXES: Readonly<Record<MetricRow['type'], readonly string[]>> = {
  counter: [''],
  gauge: [''],
  histogram: ['_bucket', '_sum', '_count'],
};

/** Every series that the operator exports: those of the table, and those of its process. */
export async function knownMetrics(): Promise<KnownMetrics> {
  const rows = Object.values<MetricRow>(METRICS).map(({ name, type, labels }) => ({
    name,
    type,
    labels: Object.entries(labels).map(([label, values]) => labelOf(label, values)),
  }));
  return new Map(
    [...(await processMetrics()), ...rows].flatMap(({ name, type, labels }) =>
      SUFFIXES[type].map(suffix => [
        `${name}${suffix}`,
        {
          type: type === 'gauge' ? ('gauge' as const) : ('counter' as const),
          labels: new Map([
            ...TARGET_LABELS.map(label => [label, 'any'] as const),
            ...labels,
            ...(suffix === '_bucket' ? [['le', 'any'] as const] : []),
          ]),
        },
      ]),
    ),
  );
}

function labelOf(label: string, values: readonly string[] | string): readonly [string, readonly string[] | 'any'] {
  return [label, typeof values === 'string' ? 'any' : values];
}

/** What is exported besides the table, as the exposition itself tells. */
async function processMetrics() {
  const text = await createTelemetry({ version: '0', clock: systemClock }).exposition();
  const types = [...text.matchAll(/^# TYPE (\w+) (counter|gauge|histogram)$/gm)];
  return types.map(([, name = '', type]) => ({
    name,
    type: type as MetricRow['type'],
    labels: labelsOf(text, name).map(label => labelOf(label, 'any')),
  }));
}

function labelsOf(text: string, name: string): readonly string[] {
  const series = [...text.matchAll(new RegExp(`^${name}(?:_\\w+)?\\{(.*)\\} `, 'gm'))];
  return series.flatMap(([, labels = '']) => [...labels.matchAll(/(\w+)="/g)].map(([, label = '']) => label));
}
