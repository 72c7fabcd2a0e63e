import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fakeClock } from '../../fake/clock.ts';
import { FakeObjects, type Weather } from '../../fake/kube-client.ts';
import { type Candidate, candidate, LEASE, pass } from './leader-story.ts';

/** The longest that a request is under way. */
const SLOWEST_MS = 20_000;

const anyWeather: fc.Arbitrary<Weather> = fc.oneof(
  { arbitrary: fc.record({ thereMs: fc.nat(400), backMs: fc.nat(400) }), weight: 6 },
  { arbitrary: fc.record({ thereMs: fc.nat(SLOWEST_MS), backMs: fc.nat(SLOWEST_MS) }), weight: 2 },
  { arbitrary: fc.record({ lost: fc.constantFrom<'request' | 'answer'>('request', 'answer') }), weight: 2 },
  {
    arbitrary: fc.record({
      thereMs: fc.nat(9_000),
      lost: fc.constantFrom<'request' | 'answer'>('request', 'answer'),
      failsMs: fc.nat(9_000),
    }),
    weight: 2,
  },
  { arbitrary: fc.record({ refused: fc.constantFrom(403, 429, 500, 503) }), weight: 1 },
);

/** What happens to one candidate, for some seconds: its requests meet this weather, one after the other. */
const anySpell = fc.record({
  who: fc.nat(2),
  weathers: fc.array(anyWeather, { minLength: 1, maxLength: 6 }),
  seconds: fc.integer({ min: 1, max: 25 }),
  act: fc.constantFrom('nothing', 'nothing', 'nothing', 'stop', 'deleteLease', 'labelLease', 'jumpClock'),
});

const anyStory = fc.record({
  spells: fc.array(anySpell, { minLength: 1, maxLength: 12 }),
  linger: fc.boolean(),
  randoms: fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1, maxLength: 5 }),
  lateMs: fc.array(fc.nat(3_000), { minLength: 1, maxLength: 5 }),
  wallSkewsMs: fc.tuple(fc.nat(1e9), fc.nat(1e9), fc.nat(1e9)),
});

function knowsLease({ terms, lines }: Candidate): boolean {
  return terms.length > 0 || lines.some(line => line.includes('Another leads'));
}

test('never do two lead, whatever the network, the clocks and people do; and one does once all is well', async () => {
  await fc.assert(
    fc.asyncProperty(anyStory, async ({ spells, linger, randoms, lateMs, wallSkewsMs }) => {
      const clock = fakeClock();
      const objects = new FakeObjects();
      let draws = 0;
      const drawn = (values: readonly number[]) => {
        draws += 1;
        return values[draws % values.length] ?? 0;
      };
      let late = true;
      let deleted = false;
      let thereSinceMs: number | undefined;
      const enter = (name: string, index: number): Candidate =>
        candidate({
          identity: name,
          objects,
          clock,
          linger,
          random: () => drawn(randoms),
          lateMs: () => (late ? drawn(lateMs) : 0),
          now: () => clock.now() + (wallSkewsMs[index] ?? 0),
        });
      const running = ['a', 'b', 'c'].map(enter);
      const all = [...running];
      const look = () => {
        const writing = all.filter(({ term }) => term !== undefined);
        if (writing.length > 1) throw new Error(`${writing.length} lead at ${clock.monotonic()}`);
        const leading = all.filter(({ election }) => election.isLeader);
        if (leading.length > 1) throw new Error(`${leading.length} say they lead at ${clock.monotonic()}`);
      };
      // Whoever has ended is started again, as Kubernetes does.
      const restart = () => {
        running.forEach((one, index) => {
          const lost = one.terms.some(term => term.lost.aborted);
          if (lost) one.finish();
          if (one.end === undefined) return;
          const next = enter(`${'abc'[index]}-${all.length}`, index);
          running[index] = next;
          all.push(next);
        });
      };

      for (const { who, weathers, seconds, act } of spells) {
        const one = running[who];
        let asked = 0;
        if (one !== undefined) {
          one.weather = () => {
            asked += 1;
            return weathers[asked % weathers.length] ?? {};
          };
        }
        await pass(clock, seconds * 1_000, look);
        if (act === 'stop') one?.stop();
        // Once only, known to all, and with no claim from before there was one still under way: see what `sighting`
        // tells of its limits.
        if (objects.get(LEASE) !== undefined) thereSinceMs ??= clock.monotonic();
        const hasSettled = thereSinceMs !== undefined && clock.monotonic() - thereSinceMs > SLOWEST_MS;
        if (act === 'deleteLease' && !deleted && hasSettled && running.every(knowsLease)) {
          deleted = true;
          objects.remove(LEASE);
        }
        if (act === 'jumpClock') clock.jumpTo(clock.now() - 86_400_000 + seconds * 1e6);
        const lease = objects.get(LEASE);
        if (act === 'labelLease' && lease !== undefined) {
          objects.put(LEASE, { ...lease, metadata: { ...lease.metadata, labels: { at: String(draws) } } });
        }
        // For the same reason.
        if (objects.get(LEASE) !== undefined) restart();
        look();
      }

      late = false;
      for (const one of all) {
        one.weather = () => ({});
        one.finish();
      }
      // By then nobody leads unknown to those who start: the terms of before are over.
      await pass(clock, 15_000, look);
      // Late writes (20 s and 20 s), the lease of one that is gone (15 s), looks (4 s and 4 s).
      await pass(clock, 65_000, () => {
        look();
        restart();
      });
      expect(all.filter(({ election }) => election.isLeader)).toHaveLength(1);
    }),
    { numRuns: 150 },
  );
}, 120_000);
