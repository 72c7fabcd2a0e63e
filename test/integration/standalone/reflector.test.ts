import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { TypedObject } from '../../../src/api/meta.ts';
import { systemClock } from '../../../src/clock.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { createKubeClient } from '../../../src/kube/http-client.ts';
import type { KubeConfig } from '../../../src/kube/kubeconfig.ts';
import { deafObserver } from '../../../src/kube/observer.ts';
import { createReflector } from '../../../src/kube/reflector.ts';
import { IMAGE_STREAMS } from '../../../src/kube/resource.ts';
import { silentLogger } from '../../../src/log.ts';
import { type Embedded, startEmbedded } from '../../contract/embedded.ts';
import { type MemorySink, memorySink } from '../kube/reflector-story.ts';

/* The operator's own client and reflector, before the embedded API server. */

let here: Embedded;
let client: KubeClient;
let sink: MemorySink;
let stop: AbortController;
let running: Promise<void>;

const demo = { resource: IMAGE_STREAMS, namespace: 'demo' };
const stream = (name: string): TypedObject => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name },
});
const until = async (isSo: () => boolean) => {
  while (!isSo()) await setImmediate();
};

beforeEach(async () => {
  here = await startEmbedded();
  const { url, token, ca } = here;
  const credentials = { headers: { Authorization: `Bearer ${token}` }, tls: { verify: true, ca } };
  const config: KubeConfig = {
    server: url,
    namespace: 'default',
    source: 'a test',
    credentials: async () => credentials,
  };
  client = createKubeClient({ config, clock: systemClock, log: silentLogger, random: () => 0 });
  sink = memorySink();
  stop = new AbortController();
  const namespaces = { resource: { group: '', version: 'v1', plural: 'namespaces' } };
  await client.create(namespaces, { metadata: { name: 'demo' } }, stop.signal);
  running = Promise.resolve();
});

afterEach(async () => {
  stop.abort();
  await running;
  await client.close();
  await here.close();
});

function follow() {
  const reflector = createReflector<TypedObject>({
    client,
    path: { resource: IMAGE_STREAMS },
    sink,
    clock: systemClock,
    random: () => 0,
    log: silentLogger,
    observer: deafObserver,
  });
  running = reflector.run(stop.signal);
  return reflector;
}

test('a reflector lists page by page, then is told what is created, changed and deleted', async () => {
  const { signal } = stop;
  for (let index = 0; index < 501; index += 1) await client.create(demo, stream(`s${index}`), signal);
  const reflector = follow();
  await reflector.synced;
  expect(sink.held.size).toBe(501);

  await client.create(demo, stream('late'), signal);
  await until(() => sink.held.has('demo/late'));
  const before = sink.held.get('demo/s0');
  await client.patch({ ...demo, name: 's0' }, { metadata: { labels: { a: 'b' } } }, signal);
  await until(() => sink.held.get('demo/s0') !== before);
  await client.delete({ ...demo, name: 's1' }, {}, signal);
  await until(() => !sink.held.has('demo/s1'));
});
