import { beforeEach, describe, expect, test } from '@jest/globals';
import { createLeaderElection } from '../../../src/kube/leader-election.ts';
import { LeaseLost } from '../../../src/kube/leader-term.ts';
import type { Lease } from '../../../src/kube/lease.ts';
import { silentLogger } from '../../../src/log.ts';
import { type FakeClock, fakeClock } from '../../fake/clock.ts';
import { FakeObjects, fakeKubeClient, type Weather } from '../../fake/kube-client.ts';
import { type Candidate, candidate, LEASE, leaseOf, pass, settle } from './leader-story.ts';

let clock: FakeClock;
let objects: FakeObjects;
const away = (): Weather => ({ lost: 'request', failsMs: 1 });
const silent = (): Weather => ({ lost: 'request' });

beforeEach(() => {
  clock = fakeClock();
  objects = new FakeObjects();
});

const started: Candidate[] = [];
function start(identity: string, options: Partial<Parameters<typeof candidate>[0]> = {}): Candidate {
  const one = candidate({ identity, objects, clock, ...options });
  started.push(one);
  return one;
}

/** A lease that somebody else left behind. */
function leftLease(spec: Lease['spec']): void {
  objects.put<Lease>(LEASE, { metadata: { namespace: 'operators', name: LEASE.name }, ...(spec && { spec }) });
}

describe('electing', () => {
  test('the first one leads at once', async () => {
    const a = start('a');
    await settle();
    expect(a.election.isLeader).toBe(true);
    expect(a.terms).toHaveLength(1);
    expect(a.term?.previousRenewMs).toBeUndefined();
    expect(leaseOf(objects)?.spec).toMatchObject({ holderIdentity: 'a', leaseTransitions: 0 });
  });

  test('the second one waits as long as the first renews', async () => {
    const a = start('a');
    await settle();
    const b = start('b');
    await pass(clock, 120_000);
    expect([a.election.isLeader, b.election.isLeader]).toEqual([true, false]);
    expect(leaseOf(objects)?.spec).toMatchObject({ holderIdentity: 'a', leaseTransitions: 0 });
    expect(b.lines).toEqual(['info Another leads {"holder":"a"}']);
  });

  test('two that start together: one leads', async () => {
    const both = [start('a'), start('b')];
    await pass(clock, 60_000);
    expect(both.map(({ terms }) => terms.length).sort()).toEqual([0, 1]);
  });

  test('D22 says when the leader before last renewed', async () => {
    const renewedMs = clock.now() - 3_600_000;
    leftLease({ holderIdentity: 'old', renewTime: '2026-01-02T02:04:05.000000Z', leaseTransitions: 8 });
    const a = start('a');
    await pass(clock, 14_750);
    expect(a.terms).toHaveLength(0);
    await pass(clock, 250);
    expect(a.term?.previousRenewMs).toBe(renewedMs);
    expect(leaseOf(objects)?.spec?.leaseTransitions).toBe(9);
  });

  test('D22 a leader before us whose clock was ahead is not believed', async () => {
    leftLease({ holderIdentity: '', renewTime: '2027-01-01T00:00:00.000000Z' });
    const a = start('a');
    await settle();
    expect(a.term?.previousRenewMs).toBe(clock.now());
  });

  test('D22 our own claim, whose answer was lost, is not taken for the leader before us', async () => {
    leftLease({ holderIdentity: '', renewTime: '2026-01-02T02:04:05.000000Z' });
    const a = start('a');
    a.weather = ask => (ask === 'update' ? { lost: 'answer' } : {});
    await pass(clock, 4_000);
    expect(leaseOf(objects)?.spec?.holderIdentity).toBe('a');
    a.weather = () => ({});
    await pass(clock, 10_000);
    expect(a.term?.previousRenewMs).toBe(Date.parse('2026-01-02T02:04:05Z'));
  });

  test('a lease that another made and lost while we tried to make it is not taken at once', async () => {
    const a = start('a', { weather: () => ({ backMs: 100 }) });
    await clock.advance(50);
    leftLease({ holderIdentity: 'b' });
    await clock.advance(100);
    objects.remove(LEASE);
    await pass(clock, 14_000);
    expect(a.terms).toHaveLength(0);
    await pass(clock, 4_000);
    expect(a.election.isLeader).toBe(true);
  });

  // Whenever it dies between two of its renewals, and whenever the other looks.
  test.each(Array.from({ length: 16 }, (_each, index) => index * 250))(
    'a leader that died is succeeded after the duration and two seconds at the latest (%d ms)',
    async afterMs => {
      const a = start('a');
      await settle();
      const b = start('b', { random: () => 0.999 });
      await pass(clock, 10_000 + afterMs);
      a.weather = silent;
      await pass(clock, 17_000);
      expect(b.election.isLeader).toBe(true);
    },
  );

  test('a lease without a spec is free', async () => {
    leftLease(null);
    const a = start('a');
    await settle();
    expect(a.election.isLeader).toBe(true);
  });

  test('a jump of the wall clock elects nobody', async () => {
    const a = start('a');
    await settle();
    const b = start('b');
    await pass(clock, 5_000);
    for (const jumpMs of [3_600_000, -7_200_000]) {
      clock.jumpTo(clock.now() + jumpMs);
      await pass(clock, 30_000);
    }
    expect([a.election.isLeader, b.election.isLeader]).toEqual([true, false]);
  });

  test('a wall clock that stands still is seen to renew', async () => {
    const a = start('a', { now: () => 1_000 });
    await settle();
    const b = start('b');
    await pass(clock, 120_000);
    expect([a.election.isLeader, b.election.isLeader]).toEqual([true, false]);
  });

  test('an API server that is away is told once, and waited for', async () => {
    const a = start('a', { weather: away });
    await pass(clock, 60_000);
    expect(a.lines).toHaveLength(1);
    a.weather = () => ({});
    await pass(clock, 4_000);
    expect(a.election.isLeader).toBe(true);
  });

  test('missing rights are told once, though the lease can be read', async () => {
    leftLease({ holderIdentity: '' });
    const a = start('a');
    a.weather = ask => (ask === 'update' ? { refused: 403 } : {});
    await pass(clock, 60_000);
    expect(a.lines).toEqual([expect.stringMatching(/^warn .*Cannot update leases .*403/)]);
  });
});

describe('leading', () => {
  test.each([
    ['refuses connections', away],
    ['says nothing', silent],
    ['fails', () => ({ refused: 500 })],
    ['stores and answers too late', () => ({ backMs: 60_000 })],
  ])('ends 10 s after the last good renewal was sent when the API server %s', async (_name, weather) => {
    const a = start('a');
    await pass(clock, 5_000);
    a.weather = weather;
    // Sent at 4 s.
    await pass(clock, 8_750);
    expect(a.election.isLeader).toBe(true);
    await pass(clock, 250);
    expect(a.election.isLeader).toBe(false);
    expect(a.end).toBe('lost');
    expect(a.terms[0]?.lost.reason).toBeInstanceOf(LeaseLost);
    expect(a.terms[0]?.ending.aborted).toBe(true);
  });

  test('counts from when a renewal was sent, not from its answer', async () => {
    const a = start('a');
    await settle();
    a.weather = () => ({ backMs: 3_000 });
    await pass(clock, 5_000);
    a.weather = silent;
    await pass(clock, 8_750);
    expect(a.election.isLeader).toBe(true);
    await pass(clock, 250);
    expect(a.end).toBe('lost');
  });

  test.each([
    ['renews every 4 s', () => ({}), [4, 8, 12]],
    ['has three tries when they fail at once', away, [4, 6, 8]],
    ['has two tries when they hang', silent, [4, 8]],
  ])('%s', async (_name, weather, seconds) => {
    const a = start('a');
    await settle();
    const ledSinceMs = clock.monotonic();
    const asked: number[] = [];
    a.weather = () => {
      asked.push((clock.monotonic() - ledSinceMs) / 1_000);
      return weather();
    };
    await pass(clock, 12_000);
    expect(asked).toEqual(seconds);
  });

  test('renews soon when the claim was answered late', async () => {
    const a = start('a', { weather: () => ({ backMs: 3_000 }) });
    await pass(clock, 3_500);
    expect(a.terms).toHaveLength(0);
    await pass(clock, 3_500);
    expect(a.terms).toHaveLength(1);
    a.weather = silent;
    // The claim was sent at 3 s; the renewal at 7 s hangs until 11 s, the next one has two seconds.
    await pass(clock, 4_000);
    a.weather = () => ({ backMs: 1_000 });
    await pass(clock, 20_000);
    expect(a.election.isLeader).toBe(true);
  });

  test('goes on when a renewal hangs and the next one succeeds', async () => {
    const a = start('a');
    await settle();
    let updates = 0;
    a.weather = () => {
      updates += 1;
      return updates % 2 === 1 ? { lost: 'request' } : { backMs: 1_000 };
    };
    await pass(clock, 120_000);
    expect(a.election.isLeader).toBe(true);
  });

  test('goes on when the answer of a renewal was lost', async () => {
    const a = start('a');
    await settle();
    let updates = 0;
    a.weather = ask => {
      if (ask === 'update') updates += 1;
      return ask === 'update' && updates % 3 === 1 ? { lost: 'answer', failsMs: 10 } : {};
    };
    await pass(clock, 120_000);
    expect(a.election.isLeader).toBe(true);
    expect(a.terms).toHaveLength(1);
  });

  test('goes on when somebody labels the lease', async () => {
    const a = start('a');
    await pass(clock, 3_000);
    const lease = leaseOf(objects);
    if (lease === undefined) throw new Error('there is no lease');
    objects.put(LEASE, { ...lease, metadata: { ...lease.metadata, labels: { team: 'acme' } } });
    await pass(clock, 30_000);
    expect(a.election.isLeader).toBe(true);
    expect(leaseOf(objects)?.metadata.labels).toEqual({ team: 'acme' });
  });

  test('goes on when somebody deletes the lease, and who waits does not take it meanwhile', async () => {
    const a = start('a');
    await settle();
    const b = start('b');
    await pass(clock, 5_000);
    objects.remove(LEASE);
    await pass(clock, 60_000);
    expect([a.election.isLeader, b.terms.length]).toEqual([true, 0]);
    expect(leaseOf(objects)?.spec?.holderIdentity).toBe('a');
  });

  test('who waits takes a deleted lease when nobody makes it again', async () => {
    const a = start('a');
    await settle();
    const b = start('b');
    await pass(clock, 5_000);
    a.weather = silent;
    objects.remove(LEASE);
    await pass(clock, 20_000);
    expect([a.election.isLeader, b.election.isLeader]).toEqual([false, true]);
  });

  test('ends at once when another holds the lease', async () => {
    const a = start('a');
    await pass(clock, 3_000);
    objects.put<Lease>(LEASE, { ...leaseOf(objects), metadata: { name: LEASE.name }, spec: { holderIdentity: 'b' } });
    await pass(clock, 1_250);
    expect(a.end).toBe('lost');
    expect(a.lines.at(-1)).toMatch(/^error No longer the leader .*\\"b\\" holds the lease/);
  });

  test('can be elected again after a loss', async () => {
    const election = createLeaderElection({
      client: fakeKubeClient(objects, clock, () => (isAway ? away() : {})),
      namespace: 'operators',
      name: LEASE.name,
      identity: 'a',
      clock,
      random: () => 0,
      log: silentLogger,
    });
    let isAway = false;
    const stop = new AbortController();
    const work = (end: Promise<unknown>) => election.run(stop.signal, async () => void (await end));
    const first = election.run(
      stop.signal,
      term => new Promise(resolve => term.lost.addEventListener('abort', () => resolve())),
    );
    await settle();
    isAway = true;
    await pass(clock, 12_000);
    await expect(first).resolves.toBe('lost');
    isAway = false;
    const second = work(clock.sleep(5_000));
    await pass(clock, 1_000);
    expect(election.isLeader).toBe(true);
    await pass(clock, 10_000);
    await expect(second).resolves.toBe('stopped');
  });

  test('throws what the work throws, and gives the lease back', async () => {
    const election = createLeaderElection({
      client: fakeKubeClient(objects, clock),
      namespace: 'operators',
      name: LEASE.name,
      identity: 'a',
      clock,
      random: () => 0,
      log: silentLogger,
    });
    const run = election.run(new AbortController().signal, () => Promise.reject(new Error('broken')));
    await expect(run).rejects.toThrow('broken');
    expect(leaseOf(objects)?.spec?.holderIdentity).toBe('');
    expect(clock.sleeping).toBe(0);
  });
});

describe('stopping', () => {
  test('gives the lease back, and the next one leads within a look', async () => {
    const a = start('a');
    await settle();
    const b = start('b', { random: () => 0.999 });
    await pass(clock, 10_000);
    a.stop();
    await settle();
    expect(a.end).toBe('stopped');
    expect(leaseOf(objects)?.spec?.holderIdentity).toBe('');
    const releasedMs = clock.now();
    await pass(clock, 4_000);
    expect(b.election.isLeader).toBe(true);
    expect(b.term?.previousRenewMs).toBe(releasedMs);
  });

  test('renews until the work that is under way has ended', async () => {
    const a = start('a', { linger: true });
    await settle();
    const b = start('b');
    await pass(clock, 5_000);
    a.stop();
    await pass(clock, 60_000);
    expect(a.terms[0]?.ending.aborted).toBe(true);
    expect(a.terms[0]?.lost.aborted).toBe(false);
    expect([a.election.isLeader, b.election.isLeader]).toEqual([true, false]);
    a.finish();
    await pass(clock, 4_000);
    expect([a.end, a.election.isLeader, b.election.isLeader]).toEqual(['stopped', false, true]);
  });

  test('tells that the lease is lost to work that still lingers', async () => {
    const a = start('a', { linger: true });
    await settle();
    a.stop();
    a.weather = silent;
    await pass(clock, 10_000);
    expect(a.terms[0]?.lost.aborted).toBe(true);
    a.finish();
    await settle();
    expect(a.end).toBe('lost');
  });

  test('gives back what a renewal without an answer has changed', async () => {
    const a = start('a');
    await settle();
    a.weather = ask => (ask === 'update' ? { lost: 'answer' } : {});
    await pass(clock, 4_250);
    a.weather = () => ({});
    a.stop();
    await settle();
    expect(leaseOf(objects)?.spec?.holderIdentity).toBe('');
  });

  test('gives back a claim whose answer never came', async () => {
    const a = start('a');
    a.weather = ask => (ask === 'create' ? { lost: 'answer' } : {});
    await pass(clock, 1_000);
    expect(leaseOf(objects)?.spec?.holderIdentity).toBe('a');
    a.stop();
    await settle();
    expect([a.end, a.terms.length, leaseOf(objects)?.spec?.holderIdentity]).toEqual(['stopped', 0, '']);
  });

  test('does not take the lease from who holds it by now', async () => {
    const a = start('a', { linger: true });
    await settle();
    a.stop();
    objects.put<Lease>(LEASE, { ...leaseOf(objects), metadata: { name: LEASE.name }, spec: { holderIdentity: 'b' } });
    a.finish();
    await settle();
    expect(leaseOf(objects)?.spec?.holderIdentity).toBe('b');
  });

  test('ends in time when the API server is away', async () => {
    const a = start('a');
    await settle();
    a.weather = silent;
    a.stop();
    await pass(clock, 5_250);
    expect(a.end).toBe('stopped');
    expect(a.lines.at(-1)).toMatch(/^warn The lease could not be given back/);
    expect(clock.sleeping).toBe(0);
  });

  test('ends a candidate that only waits, and touches nothing', async () => {
    leftLease({ holderIdentity: 'other' });
    const before = leaseOf(objects);
    const a = start('a');
    await pass(clock, 5_000);
    a.stop();
    await settle();
    expect([a.end, clock.sleeping]).toEqual(['stopped', 0]);
    expect(leaseOf(objects)).toBe(before);
  });
});

test('createLeaderElection() refuses a deadline that would let two lead', () => {
  const parts = { namespace: 'a', name: 'b', identity: 'c', clock, random: () => 0, log: silentLogger };
  const timing = { leaseDurationMs: 10_000, renewDeadlineMs: 10_000, renewPeriodMs: 4_000, retryPeriodMs: 2_000 };
  expect(() => createLeaderElection({ ...parts, client: fakeKubeClient(objects, clock), timing })).toThrow(RangeError);
});
