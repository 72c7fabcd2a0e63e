import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sideBySide } from './client.ts';
import { type MeasuredServer, startDev, startReal } from './dev-servers.ts';
import type { Figure } from './figures.ts';

const root = join(import.meta.dirname, '../..');

const STREAMS = 10_000;
const AT_ONCE = 16;
const WATCHES = 20;
const CHANGES = 1_000;
const COLLECTION = '/apis/image.openshift.io/v1/namespaces/bench/imagestreams';

interface Measured {
  readonly readyMs: number;
  readonly emptyMib: number;
  readonly fullMib: number;
  readonly createsPerSecond: number;
  readonly eventsPerSecond: number;
}

/** The embedded API server beside the real one, one after the other, under the same client. */
export async function devFigures(): Promise<Figure[]> {
  const runMs = await firstImportMs();
  const embedded = await measure(() => startDev());
  const durable = await measure(() => startDev('--data', 'FOLDER/data'));
  const real = await measure(startReal);
  const figure = (name: string, of: (measured: Measured) => number, unit: string): Figure => ({
    name,
    value: of(embedded) / of(real),
    note: `${told(of(embedded))} ÷ ${told(of(real))}${unit}; with --data ${told(of(durable))}${unit}`,
  });
  return [
    {
      name: 'make run: to the first imported tag, the bundle made anew',
      value: runMs / 1000,
      unit: ' s',
      bound: { atMost: 5 },
    },
    { ...figure('dev ÷ kube-apiserver: time to ready', one => one.readyMs / 1000, ' s'), bound: { atMost: 1 } },
    { ...figure('dev ÷ kube-apiserver: memory (RSS), no streams', one => one.emptyMib, ' MiB'), bound: { atMost: 1 } },
    {
      ...figure(`dev ÷ kube-apiserver: memory (RSS), ${STREAMS} streams`, one => one.fullMib, ' MiB'),
      bound: { atMost: 1 },
    },
    figure(`dev ÷ kube-apiserver: creates per second, to ${STREAMS} streams`, one => one.createsPerSecond, '/s'),
    figure(`dev ÷ kube-apiserver: watch events per second, ${WATCHES} watches`, one => one.eventsPerSecond, '/s'),
  ];
}

function told(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(2);
}

async function measure(start: () => Promise<MeasuredServer>): Promise<Measured> {
  const server = await start();
  try {
    const emptyMib = server.rssMib();
    await server.ask('POST', '/api/v1/namespaces', namespace).catch(() => {});
    const names = Array.from({ length: STREAMS }, (_, index) => `app-${index}`);
    const createMs = await timed(() =>
      sideBySide(names, AT_ONCE, name => server.ask('POST', COLLECTION, stream(name))),
    );
    await quiet(server);
    const fullMib = server.rssMib();
    const watchMs = await timed(() => watched(server, names.slice(0, CHANGES)));
    return {
      readyMs: server.readyMs,
      emptyMib,
      fullMib,
      createsPerSecond: STREAMS / (createMs / 1000),
      eventsPerSecond: (WATCHES * CHANGES) / (watchMs / 1000),
    };
  } finally {
    await server.stop();
  }
}

/** Waits until nobody writes any more: beside the embedded server an operator says of each stream that it saw it. */
async function quiet(server: MeasuredServer): Promise<void> {
  for (let before = ''; ; ) {
    const version = await versionOf(server);
    if (version === before) return;
    before = version;
    await new Promise(resolve => setTimeout(resolve, 1_000));
  }
}

async function versionOf(server: MeasuredServer): Promise<string> {
  const { metadata } = (await server.ask('GET', `${COLLECTION}?limit=1`)) as { metadata: { resourceVersion: string } };
  return metadata.resourceVersion;
}

/** Changes these streams under the eyes of watches; resolves when all of them were told of all. */
async function watched(server: MeasuredServer, names: readonly string[]): Promise<void> {
  const ending = new AbortController();
  const path = `${COLLECTION}?watch=true&resourceVersion=${await versionOf(server)}`;
  const told = Array.from({ length: WATCHES }, async () => {
    let left = names.length;
    for await (const chunk of await server.watch(path, ending.signal)) {
      for (const byte of chunk) if (byte === 10) left -= 1;
      if (left <= 0) return;
    }
  });
  const labels = { changed: 'yes' };
  await sideBySide(names, AT_ONCE, name => server.ask('PATCH', `${COLLECTION}/${name}`, { metadata: { labels } }));
  await Promise.all(told);
  ending.abort();
}

/** As if the checkout were new, but for its packages. */
async function firstImportMs(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'run-'));
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  const startMs = performance.now();
  const argv = ['run', `ARGS=--port 0 --registry-port 0 --kubeconfig-out ${join(folder, 'kubeconfig')}`];
  // In a group of its own, for a Ctrl-C that is for all of it.
  const child = spawn('make', argv, { cwd: root, detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  const firstMs = await new Promise<number>((resolve, reject) => {
    child.once('exit', code => reject(new Error(`make run ended with ${code}: ${said}`)));
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk;
      if (said.includes('imported')) resolve(performance.now() - startMs);
    });
  });
  const gone = once(child, 'exit');
  process.kill(-(child.pid ?? 0), 'SIGINT');
  await gone;
  rmSync(folder, { recursive: true });
  return firstMs;
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await action();
  return performance.now() - startMs;
}

const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'bench' } };

/** One that asks for nothing, as large as one that follows a tag. */
function stream(name: string): object {
  const annotations = { 'example.com/padding': 'x'.repeat(1_500) };
  return {
    apiVersion: 'image.openshift.io/v1',
    kind: 'ImageStream',
    metadata: { name, namespace: 'bench', annotations },
    spec: { lookupPolicy: { local: false } },
  };
}
