import type { ImageStream } from '../../src/api/image-stream.ts';
import { systemClock } from '../../src/clock.ts';
import { createKubeClient } from '../../src/kube/http-client.ts';
import { loadKubeConfig } from '../../src/kube/kubeconfig.ts';
import { IMAGE_STREAMS } from '../../src/kube/resource.ts';
import { silentLogger } from '../../src/log.ts';
import { imageStream, specTag } from '../gen/objects.ts';
import { applyManifests, createAll, startPlane } from './cluster.ts';
import { forkFake } from './fake.ts';
import type { Figure } from './figures.ts';
import { quantile, startOperator, waitFor } from './operator.ts';

const STREAMS = 200;

/** From the creation of a stream to its first status, one stream after the other, all on loopback. */
export async function latencyFigures(): Promise<Figure[]> {
  const plane = await startPlane();
  const fake = await forkFake({ repositories: STREAMS, tags: 1, content: 'image' });
  const operator = await startOperator({ kubeconfig: await applyManifests(plane), hosts: [fake.host] });
  const config = await loadKubeConfig({ kubeconfig: plane.adminKubeconfig, env: {} });
  const client = createKubeClient({ config, clock: systemClock, log: silentLogger });
  const end = new AbortController();
  try {
    await waitFor('the leader', async () => (await operator.metric('imagestream_operator_leader')) === 1, 30_000);
    const stored = new Map<string, (atMs: number) => void>();
    const { resourceVersion } = await client.list({ resource: IMAGE_STREAMS }, {}, end.signal);
    const query = { resourceVersion, timeoutSeconds: 600 };
    const watching = (async () => {
      for await (const { object } of client.watch<ImageStream>({ resource: IMAGE_STREAMS }, query, end.signal)) {
        if (object.status?.tags?.length) stored.get(object.metadata.name ?? '')?.(performance.now());
      }
    })().catch(() => {});
    const took: number[] = [];
    for (let index = 0; index < STREAMS; index += 1) {
      const name = `app-${index}`;
      const told = new Promise<number>(resolve => stored.set(name, resolve));
      const startMs = performance.now();
      await createAll(plane, 1, () => imageStream({ name, tags: [specTag('t', `${fake.host}/bench/${index}:t0`)] }));
      took.push((await told) - startMs);
    }
    end.abort();
    await watching;
    const note = `${STREAMS} streams, real API server`;
    return [
      { name: 'created to status patched, p50', value: quantile(took, 0.5), unit: ' ms', bound: { atMost: 150 }, note },
      {
        name: 'created to status patched, p99',
        value: quantile(took, 0.99),
        unit: ' ms',
        bound: { atMost: 500 },
        note,
      },
    ];
  } finally {
    end.abort();
    await operator.stop();
    await client.close();
    await fake.close();
    await plane.stop();
  }
}
