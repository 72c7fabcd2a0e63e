import { describe, expect, test } from '@jest/globals';
import { type KnownMetrics, knownMetrics } from './known-metrics.ts';
import { readQuery } from './promql.ts';

const labels = (entries: Record<string, readonly string[] | 'any'>) => new Map(Object.entries(entries));
const KNOWN: KnownMetrics = new Map([
  ['checks_total', { type: 'counter', labels: labels({ job: 'any', registry: 'any', outcome: ['failed', 'fine'] }) }],
  ['waiting', { type: 'gauge', labels: labels({ job: 'any', host: 'any' }) }],
  ['took_bucket', { type: 'counter', labels: labels({ job: 'any', le: 'any' }) }],
]);
const faults = (query: string) => readQuery(query, KNOWN).faults;
const result = (query: string) => [...readQuery(query, KNOWN).labels].sort();

describe('readQuery() finds', () => {
  test.each([
    ['no fault in a selector', 'checks_total{outcome="failed"}', []],
    ['a metric that there is not', 'sum(cheks_total)', ['"cheks_total" is no metric']],
    ['a metric without a name', '{job="a"}', ['"" is no metric']],
    ['a label that the metric has not', 'waiting{registry="a"}', ['"waiting" has no label "registry"']],
    ['a value that a label never has', 'checks_total{outcome="bad"}', ['checks_total{outcome} is never "bad"']],
    ['one of several', 'checks_total{outcome=~"fine|bad"}', ['checks_total{outcome} is never "bad"']],
    ['no fault in a pattern that fits', 'checks_total{outcome=~"f.*"}', []],
    ['a grouping by what is not there', 'sum by (host) (checks_total)', ['groups by "host", which is not there']],
    [
      'a grouping by what was summed away',
      'max by (registry) (sum by (job) (checks_total))',
      ['groups by "registry", which is not there'],
    ],
    [
      'a match by what one side has not',
      'checks_total and on (registry) waiting',
      ['matches by "registry", which is not there'],
    ],
    [
      'sides that never match',
      'sum by (job) (waiting) / sum(waiting) by (host)',
      [expect.stringContaining('both sides')],
    ],
    ['a rate of what is no counter', 'rate(waiting[5m])', ['rate() is for counters, and "waiting" is none']],
    [
      'a quantile of what was not kept',
      'histogram_quantile(0.9, sum by (job) (rate(took_bucket[5m])))',
      ['takes quantiles by "le", which is not there'],
    ],
    ['what is no PromQL', 'sum(waiting', ['cannot be read at ""']],
    ['a matcher without a value', 'waiting{host=}', [expect.stringMatching(/^cannot be read/)]],
  ])('%s', (_what, query, want) => {
    expect(faults(query)).toEqual(want);
  });
});

describe('readQuery() says which labels the result has', () => {
  test.each([
    ['all of a metric', 'waiting', ['host', 'job']],
    ['those that are grouped by', 'sum by (registry) (rate(checks_total[5m]))', ['registry']],
    ['none of a plain sum', 'sum(checks_total)', []],
    ['all but those left out', 'sum without (job) (waiting)', ['host']],
    ['all of those that topk chose', 'topk(3, waiting)', ['host', 'job']],
    ['none of what is absent', 'absent(waiting)', []],
    ['those beside a number', 'sum by (job) (waiting) * 2 > bool 3', ['job']],
    ['those of the left of "and"', 'waiting and on (job) checks_total', ['host', 'job']],
    ['those of the match', 'waiting / on (job) sum by (job) (checks_total)', ['job']],
    ['those of the many', 'waiting / on (job) group_left () sum by (job) (checks_total)', ['host', 'job']],
    ['those of a subquery', 'max_over_time((max by (host) (waiting) > bool 0)[30m:1m])', ['host']],
    ['those of a quantile', 'histogram_quantile(0.9, sum by (le, job) (rate(took_bucket[5m])))', ['job']],
  ])('%s', (_what, query, want) => {
    expect({ labels: result(query), faults: faults(query) }).toEqual({ labels: want, faults: [] });
  });
});

describe('knownMetrics()', () => {
  test.each([
    ['a counter with a closed label', 'imagestream_operator_tag_checks_total', 'outcome'],
    ['the buckets of a histogram', 'imagestream_operator_tag_check_duration_seconds_bucket', 'le'],
    ['what is told of the process', 'process_resident_memory_bytes', 'instance'],
    ['a label of what is told of the process', 'nodejs_heap_space_size_used_bytes', 'job'],
  ])('has %s', async (_what, name, label) => {
    expect((await knownMetrics()).get(name)?.labels.has(label)).toBe(true);
  });

  test('has no histogram by its bare name', async () => {
    expect((await knownMetrics()).has('imagestream_operator_schedule_lag_seconds')).toBe(false);
  });
});
