import { describe, expect, test } from '@jest/globals';
import { LabelCap } from '../../../src/telemetry/label-cap.ts';
import { LABEL_LIMITS, METRICS } from '../../../src/telemetry/metrics.ts';
import { createTelemetry } from '../../../src/telemetry/telemetry.ts';
import { fakeClock } from '../../fake/clock.ts';
import { samplesOf } from './samples.ts';

describe('LabelCap', () => {
  test('keeps the first values, and calls all later ones other', () => {
    const cap = new LabelCap(2);
    expect(['a', 'b', 'c', 'a', 'd', 'b'].map(value => cap.of(value))).toEqual(['a', 'b', 'other', 'a', 'other', 'b']);
  });

  test('gives the empty value no place', () => {
    const cap = new LabelCap(1);
    expect(['', 'a', ''].map(value => cap.of(value))).toEqual(['', 'a', '']);
  });

  test('takes no value that is too long to be a name', () => {
    expect(new LabelCap(9).of('x'.repeat(261))).toBe('other');
  });
});

describe('createTelemetry()', () => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => `r${index}.example.com`);

  test('has at most 100 registries, 100 hosts and 50 reasons, whatever streams name', async () => {
    const telemetry = createTelemetry({ version: '1', clock: fakeClock() });
    for (const [index, host] of many(300).entries()) {
      telemetry.registry.request({ host, method: 'HEAD', status: 200, ms: 1 });
      telemetry.registry.pullQuota({ host, identity: 'anonymous', remaining: 1, limit: 2 });
      telemetry.controller.entryImported({ registry: host, status: { status: 'Success' } });
      telemetry.controller.entryImported({ registry: '', status: { status: 'Failure', reason: `Reason${index}` } });
      telemetry.controller.tagChecked({ registry: host, outcome: 'unchanged', reason: 'retry', ms: 1 });
    }
    const samples = samplesOf(await telemetry.exposition());
    const count = ({ name }: { readonly name: string }) => samples.of(name).length;
    expect(count(METRICS.registryRequests)).toBe(LABEL_LIMITS.host + 1);
    expect(count(METRICS.openshiftErrors)).toBe(LABEL_LIMITS.reason + 1);
    expect(count(METRICS.openshiftSuccesses)).toBe(LABEL_LIMITS.registry + 1);
    expect(count(METRICS.tagChecks)).toBe(LABEL_LIMITS.registry + 1);
    expect(samples.value(METRICS.registryRequests.name, { host: 'other', method: 'HEAD', code: '2xx' })).toBe(200);
    // What is left at several registries is no number of any use.
    expect(count(METRICS.pullQuotaRemaining)).toBe(LABEL_LIMITS.host);
  });

  test('counts tags of registries that share a label together', async () => {
    const standings = { imported: 3, failing: 0, neverWorked: 0, waiting: 1 };
    const tags = () => many(102).map(registry => ({ registry, standings, scheduled: 2, late: 1 }));
    const telemetry = createTelemetry({ version: '1', clock: fakeClock(), gauges: { tags } });
    const samples = samplesOf(await telemetry.exposition());
    expect(samples.value(METRICS.tags.name, { registry: 'other', state: 'imported' })).toBe(6);
    expect(samples.value(METRICS.tagsScheduled.name, { registry: 'other' })).toBe(4);
    expect(samples.value(METRICS.tagsLate.name, { registry: 'other' })).toBe(2);
  });

  test('counts lanes that share a label together', async () => {
    const lane = { inFlight: 1, waiting: 2, perSecond: 5, breaker: 'halfOpen' as const };
    const lanes = () => many(102).map(host => ({ ...lane, host }));
    const telemetry = createTelemetry({ version: '1', clock: fakeClock(), gauges: { lanes } });
    const samples = samplesOf(await telemetry.exposition());
    const of = ({ name }: { readonly name: string }) => samples.value(name, { host: 'other' });
    expect(of(METRICS.laneInFlight)).toBe(2);
    expect(of(METRICS.laneWaiting)).toBe(4);
    expect(of(METRICS.laneBreakerOpen)).toBe(2);
  });
});
