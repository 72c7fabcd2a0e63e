import { describe, expect, test } from '@jest/globals';
import {
  heldLease,
  holderOf,
  type Lease,
  type LeaseSpec,
  microTime,
  releasedLease,
  renewedAtMs,
  type Sighting,
  sighting,
} from '../../../src/kube/lease.ts';

const T0 = Date.parse('2026-01-02T03:04:05.678Z');
const PLACE = { namespace: 'operators', name: 'imagestream-operator' };
const us = { identity: 'us', durationMs: 15_000 };

function lease(spec: Partial<LeaseSpec> | null): Lease {
  return { metadata: { ...PLACE, resourceVersion: '7' }, ...(spec !== null && { spec }) };
}

describe('microTime()', () => {
  test('1.6 has six digits: an API server refuses three', () => {
    expect(microTime(T0)).toBe('2026-01-02T03:04:05.678000Z');
    expect(microTime(Date.parse('2026-01-02T03:04:05Z'), 7)).toBe('2026-01-02T03:04:05.000007Z');
  });

  test('differs between two stamps of one millisecond', () => {
    expect(microTime(T0, 999)).not.toBe(microTime(T0, 1_000));
  });
});

describe('renewedAtMs()', () => {
  const cases = [
    { name: 'reads six digits', spec: { renewTime: '2026-01-02T03:04:05.678009Z' }, want: T0 },
    { name: 'is undefined without a time', spec: {}, want: undefined },
    { name: 'is undefined for null', spec: { renewTime: null }, want: undefined },
    { name: 'is undefined for what is no time', spec: { renewTime: 'yesterday' }, want: undefined },
    { name: 'is undefined without a spec', spec: null, want: undefined },
  ];
  test.each(cases)('$name', ({ spec, want }) => expect(renewedAtMs(lease(spec))).toBe(want));
});

describe('heldLease()', () => {
  const time = microTime(T0);

  test('makes a lease where there is none', () => {
    expect(heldLease(undefined, PLACE, us, time)).toEqual({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: PLACE,
      spec: {
        holderIdentity: 'us',
        leaseDurationSeconds: 15,
        acquireTime: time,
        renewTime: time,
        leaseTransitions: 0,
      },
    });
  });

  test('renewing moves the time and nothing else', () => {
    const spec = { holderIdentity: 'us', leaseDurationSeconds: 15, acquireTime: 'then', leaseTransitions: 4 };
    const { metadata, spec: next } = heldLease(lease({ ...spec, renewTime: 'before' }), PLACE, us, time);
    expect(metadata.resourceVersion).toBe('7');
    expect(next).toEqual({ ...spec, renewTime: time });
  });

  test.each(['other', ''])('taking it from "%s" counts a transition', holderIdentity => {
    const { spec } = heldLease(lease({ holderIdentity, acquireTime: 'then', leaseTransitions: 4 }), PLACE, us, time);
    expect(spec).toMatchObject({ holderIdentity: 'us', acquireTime: time, renewTime: time, leaseTransitions: 5 });
  });

  test('keeps what others keep there', () => {
    expect(heldLease(lease({ strategy: 'OldestEmulationVersion' }), PLACE, us, time).spec).toMatchObject({
      strategy: 'OldestEmulationVersion',
    });
  });
});

test('releasedLease() names nobody and keeps the count', () => {
  const released = releasedLease(lease({ holderIdentity: 'us', leaseTransitions: 4 }), microTime(T0));
  expect(holderOf(released)).toBe('');
  expect(released.spec).toMatchObject({ leaseTransitions: 4, renewTime: microTime(T0) });
  expect(released.metadata.resourceVersion).toBe('7');
});

describe('sighting()', () => {
  const held = lease({ holderIdentity: 'other', leaseDurationSeconds: 15, renewTime: microTime(T0) });
  const before: Sighting = { record: 'something else', freeAtMs: 3 };

  const cases = [
    { name: 'none, at the first look, is free', lease: undefined, want: 1_000 },
    { name: 'one that vanished is free after the duration', before, lease: undefined, want: 16_000 },
    { name: 'one held by another is free after the duration', lease: held, want: 16_000 },
    {
      name: 'one that is held for longer is free after its own duration',
      lease: lease({ holderIdentity: 'other', leaseDurationSeconds: 60 }),
      want: 61_000,
    },
    {
      name: 'one whose duration is shorter than ours is free after ours',
      lease: lease({ holderIdentity: 'other', leaseDurationSeconds: 1 }),
      want: 16_000,
    },
    { name: 'a released one is free', lease: lease({ holderIdentity: '' }), before, want: 1_000 },
    { name: 'an empty one is free', lease: lease(null), before, want: 1_000 },
    { name: 'our own is free', lease: lease({ holderIdentity: 'us' }), before, want: 1_000 },
  ];
  test.each(cases)('$name', ({ lease: seen, before: earlier, want }) => {
    expect(sighting(earlier, seen, us, 1_000).freeAtMs).toBe(want);
  });

  test('counts from when we first saw this state, whatever its times say', () => {
    const first = sighting(undefined, held, us, 1_000);
    expect(sighting(first, held, us, 9_000)).toBe(first);
  });

  test('does not count a change of what is not the record', () => {
    const first = sighting(undefined, held, us, 1_000);
    const labelled = { ...held, metadata: { ...held.metadata, resourceVersion: '8', labels: { a: 'b' } } };
    expect(sighting(first, labelled, us, 9_000)).toBe(first);
  });

  test('counts anew after a renewal', () => {
    const first = sighting(undefined, held, us, 1_000);
    const renewed = { ...held, spec: { ...held.spec, renewTime: microTime(T0, 1) } };
    expect(sighting(first, renewed, us, 9_000).freeAtMs).toBe(24_000);
  });
});
