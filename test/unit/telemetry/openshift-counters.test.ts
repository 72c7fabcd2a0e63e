import { describe, expect, test } from '@jest/globals';
import { METRICS } from '../../../src/telemetry/metrics.ts';
import { createTelemetry, type Telemetry } from '../../../src/telemetry/telemetry.ts';
import { fakeClock } from '../../fake/clock.ts';
import { samplesOf } from './samples.ts';

type ControllerObserver = Telemetry['controller'];

/** `success{quay.io}=1`, `error{docker.io,NotFound}=1`, with the `scheduled` label in front. */
async function increments(tell: (controller: ControllerObserver) => void): Promise<string[]> {
  const telemetry = createTelemetry({ version: '1', clock: fakeClock() });
  tell(telemetry.controller);
  const samples = samplesOf(await telemetry.exposition());
  return [
    ...samples
      .of(METRICS.openshiftSuccesses.name)
      .map(({ labels, value }) => `${labels['scheduled']} success{${labels['registry']}}=${value}`),
    ...samples
      .of(METRICS.openshiftErrors.name)
      .map(({ labels, value }) => `${labels['scheduled']} error{${labels['registry']},${labels['reason']}}=${value}`),
  ];
}

const failure = (reason?: string) => ({ status: 'Failure', ...(reason !== undefined && { reason }) }) as const;

test('the two counters have the names that dashboards know', () => {
  expect([METRICS.openshiftSuccesses.name, METRICS.openshiftErrors.name]).toEqual([
    'openshift_imagestreamcontroller_success_count',
    'openshift_imagestreamcontroller_error_count',
  ]);
});

describe('entries of an import (vectors of controllers 9.3)', () => {
  test.each([
    {
      name: 'images quay.io/a/b Success, redis Failure NotFound',
      entries: [
        { registry: 'quay.io', status: { status: 'Success' } as const },
        { registry: 'docker.io', status: failure('NotFound') },
      ],
      want: ['false success{quay.io}=1', 'false error{docker.io,NotFound}=1'],
    },
    {
      name: 'image localhost:5000/x Failure, empty reason',
      entries: [{ registry: 'localhost:5000', status: failure('') }],
      want: ['false error{localhost:5000,Unknown}=1'],
    },
    {
      name: 'image with no reason at all',
      entries: [{ registry: 'localhost:5000', status: failure() }],
      want: ['false error{localhost:5000,Unknown}=1'],
    },
    {
      name: 'image name unparsable',
      entries: [{ registry: '', status: failure('InvalidImageReference') }],
      want: ['false error{,InvalidImageReference}=1'],
    },
    {
      name: 'repository quay.io/a/b Failure ImportFailed',
      entries: [{ registry: 'quay.io', status: failure('ImportFailed') }],
      want: ['false error{quay.io,ImportFailed}=1'],
    },
    { name: 'answered 409', entries: [], want: [] },
  ])('$name', async ({ entries, want }) => {
    expect(await increments(controller => entries.forEach(controller.entryImported))).toEqual(want);
  });
});

describe('checks of tags', () => {
  const check = { registry: 'quay.io', outcome: 'unchanged', reason: 'scheduled', ms: 1 } as const;

  test.each([
    { name: 'unchanged is a success', input: {}, want: 'true success{quay.io}=1' },
    { name: 'imported is a success', input: { outcome: 'imported' } as const, want: 'true success{quay.io}=1' },
    {
      name: 'failed is an error with its reason',
      input: { outcome: 'failed', failureReason: 'Unauthorized' } as const,
      want: 'true error{quay.io,Unauthorized}=1',
    },
    {
      name: 'failed without a reason is Unknown',
      input: { outcome: 'failed', failureReason: '' } as const,
      want: 'true error{quay.io,Unknown}=1',
    },
    {
      name: 'failed, not told why, is Unknown',
      input: { outcome: 'failed' } as const,
      want: 'true error{quay.io,Unknown}=1',
    },
    ...(['neverImported', 'specChanged', 'requested', 'secretsChanged', 'retry'] as const).map(reason => ({
      name: `${reason} is not scheduled`,
      input: { reason },
      want: 'false success{quay.io}=1',
    })),
  ])('$name', async ({ input, want }) => {
    expect(await increments(controller => controller.tagChecked({ ...check, ...input }))).toEqual([want]);
  });
});
