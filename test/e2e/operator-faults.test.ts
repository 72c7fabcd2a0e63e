import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { sampleImage } from '../gen/content.ts';
import { useControlPlane } from './control-plane.ts';
import { OPERATOR, plainHttp, type RunningOperator, story, useOperators } from './operator.ts';
import { scheduledTag, stream, streamsOf, tag } from './operator-streams.ts';
import { push, type RunningRegistry, setUp, stopAll } from './setups.ts';
import { until } from './until.ts';

const cluster = useControlPlane();
const operators = useOperators(cluster);
const streams = streamsOf(cluster);
const ALONE = '--leader-elect=false';
/** How often the operator is killed at a random moment, and how long that may take on a busy machine. */
const KILLS = { times: 100, withinMs: 600_000 };
/** The lease duration, and five seconds. */
const FAILOVER_MS = 20_000;

let registry: RunningRegistry;
const image = (seed: string) => sampleImage({ seed });
const digestOf = (seed: string) => image(seed).digest;
const start = (...args: string[]) => operators.start({ registries: [plainHttp(registry)], args });
const pushTo = (path: string, seed: string) => push(registry, path, 'v1', image(seed));
/** Images of the tag v1, the newest first. */
const imagesOf = async (name: string) => ((await streams.history(name, 'v1'))?.items ?? []).map(one => one.image);
/** A stream `name` with a tag v1 that follows `name/app:v1`, imported. */
async function following(name: string, seed: string): Promise<void> {
  await pushTo(`${name}/app`, seed);
  await streams.create(stream(name, [scheduledTag('v1', `${registry.host}/${name}/app:v1`)], { interval: '1s' }));
  await streams.headIs(name, 'v1', digestOf(seed));
}
/** Moves the tag of a stream, and waits until that is recorded. */
async function move(name: string, seed: string): Promise<void> {
  await pushTo(`${name}/app`, seed);
  await streams.headIs(name, 'v1', digestOf(seed));
}

beforeAll(async () => {
  registry = await setUp({ name: 'open', auth: 'open' });
  await operators.install();
  await cluster.createNamespace('demo');
});
afterAll(() => stopAll());

interface List {
  readonly items: readonly unknown[];
}

describe('an operator whose API server', () => {
  let operator: RunningOperator;
  beforeAll(async () => {
    operator = await start(ALONE);
  });
  afterAll(() => operator.end('SIGKILL'));

  story('crashes stays alive, and records what moved meanwhile once it is back', async () => {
    await following('crash', '1');
    await move('crash', '2');
    await cluster.plane().killApiServer();
    await registry.forgetRequests();
    await pushTo('crash/app', '3');
    await until('the move is seen', async () =>
      (await registry.requests()).some(({ path }) => path.endsWith(`/manifests/${digestOf('3')}`)),
    );
    expect(await operator.probe('/healthz')).toBe(200);
    await cluster.plane().startApiServer();
    await streams.headIs('crash', 'v1', digestOf('3'));
    await move('crash', '4');
    expect(await imagesOf('crash')).toEqual(['4', '3', '2', '1'].map(digestOf));
    expect(await operator.probe('/healthz')).toBe(200);
    expect(await operator.probe('/readyz')).toBe(200);
  });

  story('has forgotten what it missed lists anew, and finds all of it', async () => {
    await streams.create(stream('goes', [tag('v1', 'example.invalid/app:v1')]));
    await following('stays', '1');
    const knowsAll = async () => {
      const { items } = (await cluster.plane().ask('GET', '/apis/image.openshift.io/v1/imagestreams')) as List;
      return (await operator.metrics()).sum('imagestream_operator_streams') === items.length;
    };
    await until('all are known', knowsAll);
    const expired = async () =>
      (await operator.metrics()).sum('imagestream_operator_kube_lists_total', {
        resource: 'imagestreams',
        reason: 'expired',
      });
    const before = await expired();
    // It hears nothing of what follows, and is behind what the API server can tell.
    operator.signal('SIGSTOP');
    await cluster.plane().killApiServer();
    await cluster.plane().startApiServer();
    await cluster.kubectl.ok(['delete', 'is/goes', '--namespace=demo']);
    await pushTo('comes/app', '1');
    await streams.create(stream('comes', [tag('v1', `${registry.host}/comes/app:v1`)]));
    await cluster.plane().compact();
    operator.signal('SIGCONT');
    await streams.headIs('comes', 'v1', digestOf('1'));
    await move('stays', '2');
    expect(await expired()).toBeGreaterThan(before);
    expect(await knowsAll()).toBe(true);
    await move('stays', '3');
  });

  story('crashes at random moments loses nothing', async () => {
    await following('again', '0');
    const seeds = ['0'];
    for (let round = 1; round <= 3; round += 1) {
      const moving = (async () => {
        seeds.push(`round ${round}`);
        await pushTo('again/app', `round ${round}`);
      })();
      await sleep(Math.random() * 1_000);
      await cluster.plane().killApiServer();
      await moving;
      await cluster.plane().startApiServer();
      await streams.headIs('again', 'v1', digestOf(`round ${round}`));
    }
    expect(await imagesOf('again')).toEqual(seeds.toReversed().map(digestOf));
  });
});

/** Kills the operator, again and again, at moments of no choice. Resolves to the one that is left. */
async function killAgainAndAgain(first: RunningOperator, begin: () => Promise<RunningOperator>) {
  let operator = first;
  let known = await imagesOf('killed');
  for (let kills = 0; kills < KILLS.times; kills += 1) {
    await sleep(Math.random() * 700);
    await operator.end('SIGKILL');
    const now = await imagesOf('killed');
    // Nothing that was recorded ever goes or changes its place.
    expect(now.slice(now.length - known.length)).toEqual(known);
    known = now;
    operator = await begin();
  }
  return operator;
}

story(
  'an operator that is killed at random moments selects nothing older, and loses and doubles nothing',
  async () => {
    const begin = () => start(ALONE, '--history-limit=1000');
    const first = await begin();
    await following('killed', 'start');
    const pushed = ['start'];
    /** Those that were waited for: none of them may be missing. */
    const awaited = ['start'];
    let over = false;
    const moveOn = async () => {
      for (let number = 1; !over; number += 1) {
        const seed = `move ${number}`;
        pushed.push(seed);
        await pushTo('killed/app', seed);
        // Some moves are overtaken by the next.
        if (Math.random() < 0.3) await sleep(Math.random() * 1_000);
        else {
          await streams.headIs('killed', 'v1', digestOf(seed));
          awaited.push(seed);
        }
      }
    };
    const killing = killAgainAndAgain(first, begin).finally(() => {
      over = true;
    });
    const [operator] = await Promise.all([killing, moveOn()]);
    const last = pushed.at(-1) ?? '';
    await streams.headIs('killed', 'v1', digestOf(last));
    const recorded = (await imagesOf('killed')).toReversed();
    expect(new Set(recorded).size).toBe(recorded.length);
    // In the order in which they were pushed, with none missing that was there long enough.
    expect(recorded).toEqual(pushed.map(digestOf).filter(digest => recorded.includes(digest)));
    expect(awaited.filter(seed => !recorded.includes(digestOf(seed)))).toEqual([]);
    expect(recorded.length).toBeGreaterThan(5);
    const there = await cluster.kubectl.ok(['get', 'images.image.openshift.io', '-o=name']);
    expect(recorded.filter(digest => !there.includes(digest.replace(':', '-')))).toEqual([]);
    await operator.end('SIGKILL');
  },
  KILLS.withinMs,
);

describe('of two replicas', () => {
  let one: RunningOperator;
  let other: RunningOperator;
  const elected = (operator: RunningOperator) => operator.says('Elected as the leader');

  story('one takes over in time when the leader is killed, and catches up', async () => {
    one = await start();
    await elected(one);
    other = await start();
    await following('failover', '1');
    await other.says('Another leads');
    const killedAt = Date.now();
    await one.end('SIGKILL');
    await pushTo('failover/app', '2');
    const { time } = await elected(other);
    expect(Date.parse(time) - killedAt).toBeLessThan(FAILOVER_MS);
    await streams.headIs('failover', 'v1', digestOf('2'));
    expect(await imagesOf('failover')).toEqual(['2', '1'].map(digestOf));
  });

  story('one that slept through its lease writes nothing any more, and ends', async () => {
    one = await start();
    await one.says('Another leads');
    other.signal('SIGSTOP');
    await elected(one);
    await move('failover', '3');
    const heard = other.lines().length;
    other.signal('SIGCONT');
    expect(await other.ended).toEqual({ status: 1, signal: null });
    const woken = other.lines().slice(heard);
    expect(woken.map(({ message }) => message)).toContain('No longer the leader');
    const written = woken.filter(({ action }) => /^(create|patch|update|delete) /.test(String(action ?? '')));
    expect(written.filter(({ code }) => Number(code) < 300)).toEqual([]);
    const lease = await cluster.get<{ spec: { holderIdentity?: string } }>('lease', OPERATOR, OPERATOR);
    expect(lease.spec.holderIdentity).toBe((await elected(one))['identity']);
    await move('failover', '4');
    expect(await imagesOf('failover')).toEqual(['4', '3', '2', '1'].map(digestOf));
  });
});
