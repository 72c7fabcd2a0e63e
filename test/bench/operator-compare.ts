import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ControlPlane } from '../../hack/control-plane/start.ts';
import { imageStream, specTag } from '../gen/objects.ts';
import { applyManifests, createAll, startPlane } from './cluster.ts';
import { type FakeInProcess, forkFake, type Heard } from './fake.ts';
import type { Figure } from './figures.ts';
import { quantile, type RunningOperator, silentHost, startOperator, waitFor } from './operator.ts';

const STREAMS = 1_000;
const INTERVAL_MS = 60_000;
/** Whole intervals that are watched; ten take as long as the comparison that users make. */
const CYCLES = Number(process.env['CYCLES'] ?? 3);

/**
 * What users compare us by: 1,000 streams of one scheduled tag, each at its own repository, re-checked every minute at
 * one registry; plain, behind anonymous Bearer, and with a silent tenth. A real API server; pace limits lifted.
 */
export async function* compareFigures(): AsyncGenerator<Figure> {
  for (const setup of ['http', 'Bearer', 'silent tenth'] as const) yield* await compare(setup);
}

async function compare(setup: 'http' | 'Bearer' | 'silent tenth'): Promise<Figure[]> {
  const plane = await startPlane();
  const fake = await forkFake({ repositories: STREAMS, tags: 1, content: 'image', bearer: setup === 'Bearer' });
  const silent = await silentHost();
  const kubeconfig = await applyManifests(plane);
  const operator = await startOperator({ kubeconfig, hosts: [fake.host, silent.host] });
  try {
    const silentTenth = setup === 'silent tenth';
    const from = (index: number) => `${silentTenth && index % 10 === 0 ? silent.host : fake.host}/bench/${index}:t0`;
    const healthy = silentTenth ? STREAMS * 0.9 : STREAMS;
    const importedMs = await importAll(plane, operator, from, healthy);
    return [
      { name: `${setup}: all imported after creation`, value: importedMs / 1000, unit: ' s', bound: { atMost: 10 } },
      ...(await watchCycles(setup, operator, fake, healthy)),
    ];
  } finally {
    await operator.stop();
    await fake.close();
    silent.server.close();
    await plane.stop();
  }
}

/** Milliseconds from the last creation until all healthy ones were imported. */
async function importAll(
  plane: ControlPlane,
  operator: RunningOperator,
  from: (index: number) => string,
  healthy: number,
): Promise<number> {
  const importPolicy = { importMode: 'Legacy', scheduled: true } as const;
  await createAll(plane, STREAMS, index =>
    imageStream({
      name: `app-${index}`,
      namespace: 'bench',
      annotations: { 'imagestream-operator/interval': '60s' },
      tags: [specTag('latest', from(index), { importPolicy })],
    }),
  );
  const imported = async () =>
    (await operator.metric('imagestream_operator_tag_checks_total', 'outcome="imported"')) >= healthy;
  return waitFor('all to be imported', imported, 120_000);
}

async function watchCycles(
  setup: string,
  operator: RunningOperator,
  fake: FakeInProcess,
  healthy: number,
): Promise<Figure[]> {
  // One cycle goes by first: what a start does once is no part of what every cycle costs.
  await sleep(INTERVAL_MS);
  await fake.forget();
  const writes = () => operator.metric('imagestream_operator_writes_total', 'outcome="written"');
  const before = { cpu: operator.cpuSeconds(), writes: await writes() };
  await sleep(CYCLES * INTERVAL_MS);
  const heard = await fake.heard();
  const cpu = operator.cpuSeconds() - before.cpu;
  const checks = heard.filter(({ method }) => method === 'HEAD');
  const gaps = gapsOf(checks);
  const perThousand = (cpu * 1_000) / checks.length;
  const isBearer = setup === 'Bearer';
  const note = `${CYCLES} min, ${checks.length} checks`;
  const rssMib = operator.rssMib();
  const written = (await writes()) - before.writes;
  const bare = await bareHeads(fake);
  return [
    {
      name: `${setup}: requests per unchanged check`,
      value: heard.length / checks.length,
      bound: { atMost: isBearer ? 1.2 : 1 },
      note,
    },
    {
      name: `${setup}: API writes per check`,
      value: written / checks.length,
      bound: { atMost: 0 },
    },
    { name: `${setup}: checks ÷ (tags × intervals)`, value: checks.length / (healthy * CYCLES) },
    {
      name: `${setup}: CPU per 1,000 checks`,
      value: perThousand,
      unit: ' s',
      ...(setup === 'silent tenth' ? {} : { bound: { atMost: 0.35 } }),
    },
    {
      name: `${setup}: CPU of a check ÷ that of a bare HEAD at this pace`,
      value: perThousand / bare.perThousand,
      note: `undici alone: ${bare.perThousand.toFixed(2)} s per 1,000`,
    },
    { name: `${setup}: memory (RSS)`, value: rssMib, unit: ' MiB', bound: { atMost: 110 } },
    { name: `${setup}: memory ÷ that of the bare HEADs`, value: rssMib / bare.rssMib },
    {
      name: `${setup}: gap between checks of a tag, p99`,
      value: quantile(gaps, 0.99) / 1_000,
      unit: ' s',
      bound: { atMost: setup === 'silent tenth' ? 60.5 : 60.3 },
      note: `${gaps.length} gaps`,
    },
    {
      name: `${setup}: most of a cycle's checks within 100 ms`,
      value: (busiestShare(checks) * 100) / (checks.length / CYCLES),
      unit: ' %',
      bound: { atMost: 2 },
    },
  ];
}

/** What HEADs alone take that are sent in the crowds in which checks come: CPU seconds of 1,000, and the memory of that process. */
async function bareHeads(fake: FakeInProcess): Promise<{ readonly perThousand: number; readonly rssMib: number }> {
  const perMinute = (STREAMS * 60_000) / INTERVAL_MS;
  const bare = fork(join(import.meta.dirname, 'bare-process.ts'), [fake.url, String(perMinute), '60']);
  const [told] = await once(bare, 'message');
  bare.disconnect();
  const { cpuSeconds, count, rssMib } = told as { cpuSeconds: number; count: number; rssMib: number };
  return { perThousand: (cpuSeconds * 1_000) / count, rssMib };
}

function gapsOf(checks: readonly Heard[]): number[] {
  const byPath = Map.groupBy(checks, ({ path }) => path);
  return [...byPath.values()].flatMap(of =>
    of.slice(1).map(({ atMs }, index) => atMs - (of[index]?.atMs ?? Number.NaN)),
  );
}

/** The most checks of any 100 ms. */
function busiestShare(checks: readonly Heard[]): number {
  const times = checks.map(({ atMs }) => atMs).toSorted((a, b) => a - b);
  let first = 0;
  let most = 0;
  for (const [index, atMs] of times.entries()) {
    while ((times[first] ?? 0) <= atMs - 100) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
