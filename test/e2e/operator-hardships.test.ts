import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { sampleImage } from '../gen/content.ts';
import { useControlPlane } from './control-plane.ts';
import { plainHttp, type RunningOperator, story, useOperators } from './operator.ts';
import { scheduledTag, stream, streamsOf, tag } from './operator-streams.ts';
import { push, type RunningRegistry, setUp, stopAll } from './setups.ts';
import { until } from './until.ts';

const cluster = useControlPlane();
const operators = useOperators(cluster);
const streams = streamsOf(cluster);
const ALONE = '--leader-elect=false';
/** Of `manifests/install`: then the kubelet kills. */
const GRACE_PERIOD_MS = 40_000;

let registry: RunningRegistry;
/** Accepts connections and says nothing. */
let silent: Server;
const silentHost = () => `127.0.0.1:${(silent.address() as { port: number }).port}`;
const image = (seed: string) => sampleImage({ seed });
const start = (...args: string[]) =>
  operators.start({ registries: [plainHttp(registry), plainHttp({ host: silentHost() })], args });
const imagesOf = async (name: string) => ((await streams.history(name, 'v1'))?.items ?? []).map(one => one.image);
const pushTo = (path: string, seed: string) => push(registry, path, 'v1', image(seed));
async function following(name: string, seed: string): Promise<void> {
  await pushTo(`${name}/app`, seed);
  await streams.create(stream(name, [scheduledTag('v1', `${registry.host}/${name}/app:v1`)], { interval: '1s' }));
  await streams.headIs(name, 'v1', image(seed).digest);
}

beforeAll(async () => {
  registry = await setUp({ name: 'open', auth: 'open' });
  silent = createServer(socket => socket.on('error', () => {}));
  await new Promise<void>(listening => silent.listen(0, '127.0.0.1', listening));
  await operators.install();
  await cluster.createNamespace('demo');
});
afterAll(async () => {
  silent.close();
  await stopAll();
});

story('a stream that somebody else writes all the time is recorded all the same, once for each move', async () => {
  const operator = await start(ALONE);
  await following('storm', '0');
  let over = false;
  const path = '/apis/image.openshift.io/v1/namespaces/demo/imagestreams/storm';
  const writing = (async () => {
    for (let count = 0; !over; count += 1) {
      await cluster.plane().ask('PATCH', path, { metadata: { annotations: { 'example.com/count': String(count) } } });
    }
  })();
  const conflicts = async () =>
    (await operator.metrics()).sum('imagestream_operator_writes_total', { kind: 'imagestreams', outcome: 'conflict' });
  let moves = 0;
  try {
    // Until at least one write of the operator met one of these.
    while (moves < 3 || (await conflicts()) === 0) {
      moves += 1;
      await pushTo('storm/app', String(moves));
      await streams.headIs('storm', 'v1', image(String(moves)).digest);
    }
  } finally {
    over = true;
    await writing;
    await operator.end('SIGKILL');
  }
  const seeds = Array.from({ length: Math.min(moves, 19) + 1 }, (_, index) => String(moves - index));
  expect(await imagesOf('storm')).toEqual(seeds.map(seed => image(seed).digest));
});

story('an API server that says nothing any more is waited for, and what moved meanwhile is recorded', async () => {
  const operator = await start(ALONE);
  await following('frozen', '1');
  cluster.plane().freezeApiServer();
  try {
    await pushTo('frozen/app', '2');
    // Half a minute is what an answer may take.
    const late = await until('a request is given up', () =>
      operator.lines().find(({ error }) => String(error).includes('the API server took too long')),
    );
    expect(late.level).toBe('warn');
    expect(await operator.probe('/healthz')).toBe(200);
  } finally {
    cluster.plane().thawApiServer();
  }
  await streams.headIs('frozen', 'v1', image('2').digest);
  await pushTo('frozen/app', '3');
  await streams.headIs('frozen', 'v1', image('3').digest);
  expect(await imagesOf('frozen')).toEqual(['3', '2', '1'].map(seed => image(seed).digest));
  await operator.end('SIGTERM');
});

/** Milliseconds from SIGTERM to the end, and how it ended. */
async function ended(operator: RunningOperator): Promise<{ readonly afterMs: number; readonly status: number | null }> {
  const askedMs = performance.now();
  const { status } = await operator.end('SIGTERM');
  return { afterMs: performance.now() - askedMs, status };
}

story('one that is told to stop does so in time, whoever is silent', async () => {
  const operator = await start();
  await operator.says('Working');
  await following('stops', '1');
  const tags = Array.from({ length: 20 }, (_, index) => tag(`t${index}`, `${silentHost()}/team/app-${index}:v1`));
  await streams.create(stream('waits', tags));
  await until('all are under way', async () => {
    return (await operator.metrics()).sum('imagestream_operator_tags_in_flight') >= 20;
  });
  // First with a registry that is silent, then with an API server that is.
  expect(await ended(operator)).toMatchObject({ status: 0 });
  const next = await start();
  await next.says('Working');
  cluster.plane().freezeApiServer();
  try {
    await pushTo('stops/app', '2');
    const { afterMs, status } = await ended(next);
    expect(afterMs).toBeLessThan(GRACE_PERIOD_MS);
    // 1 when it could not renew its lease meanwhile.
    expect([0, 1]).toContain(status);
  } finally {
    cluster.plane().thawApiServer();
  }
});
