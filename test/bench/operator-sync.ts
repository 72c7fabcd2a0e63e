import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Figure } from './figures.ts';
import { startOperator, waitFor } from './operator.ts';

const STREAMS = 100_000;

/** A very large cluster: the fake API server holds it, in another process. */
export async function syncFigures(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const api = fork(join(import.meta.dirname, 'api-process.ts'), [String(STREAMS)], {
    execArgv: ['--max-old-space-size=4096'],
  });
  try {
    const [{ url }] = (await once(api, 'message')) as [{ url: string }];
    // The least that reading them takes: the pages, and nothing done with them.
    const bareMs = await timed(() => readPages(url));
    const kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(kubeconfig, JSON.stringify(kubeconfigFor(url)));
    const startMs = performance.now();
    // A day's interval, so that what is measured is knowing them, not asking registries.
    const args = ['--default-interval', '24h', '--images', 'off'];
    const operator = await startOperator({ kubeconfig, hosts: [], heapMib: 256, watchesLoop: true, args });
    await waitFor('sync', async () => (await operator.metric('imagestream_operator_synced')) === 1, 120_000);
    const syncMs = performance.now() - startMs;
    const settled = async () =>
      (await operator.metric('imagestream_operator_queue_depth', 'queue="streams"')) >= STREAMS &&
      (await operator.metric('imagestream_operator_queue_due', 'queue="streams"')) === 0;
    await waitFor('every stream planned', settled, 120_000);
    const note = `${STREAMS} streams, fake API server, heap of 256 MiB`;
    const figures: Figure[] = [
      { name: 'sync, from the start of the process', value: syncMs / 1000, unit: ' s', bound: { atMost: 15 }, note },
      { name: 'sync ÷ reading the same pages', value: syncMs / bareMs, note: 'the process starting included' },
      { name: 'peak memory (RSS) of it', value: operator.peakRssMib(), unit: ' MiB', bound: { atMost: 300 }, note },
      {
        name: 'longest block of the event loop',
        value: operator.longestBlockMs(),
        unit: ' ms',
        bound: { atMost: 100 },
        note,
      },
    ];
    await operator.stop();
    return figures;
  } finally {
    api.disconnect();
    rmSync(folder, { recursive: true });
  }
}

async function readPages(url: string): Promise<void> {
  let token = '';
  do {
    const answer = await fetch(`${url}/apis/image.openshift.io/v1/imagestreams?limit=500${token}`);
    const { metadata } = (await answer.json()) as { metadata: { continue?: string } };
    token = metadata.continue ? `&continue=${encodeURIComponent(metadata.continue)}` : '';
  } while (token !== '');
}

async function timed(action: () => Promise<void>): Promise<number> {
  const startMs = performance.now();
  await action();
  return performance.now() - startMs;
}

function kubeconfigFor(server: string): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'bench',
    clusters: [{ name: 'bench', cluster: { server } }],
    users: [{ name: 'bench', user: { token: 'none' } }],
    contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'bench', namespace: 'default' } }],
  };
}
