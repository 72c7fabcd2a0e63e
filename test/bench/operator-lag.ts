import { slotsAround } from '../../src/imagestream/slot.ts';
import { imageStream, specTag } from '../gen/objects.ts';
import { applyManifests, createAll, startPlane } from './cluster.ts';
import { type FakeInProcess, forkFake, type Heard } from './fake.ts';
import type { Figure } from './figures.ts';
import { quantile, type RunningOperator, silentHost, startOperator, waitFor } from './operator.ts';

const STREAMS = 10_000;
const TAGS = 2;
const REGISTRIES = 10;
const INTERVAL_MS = 60_000;
/** Repositories at each registry: what is tested is the schedule, not how much content a fake can hold. */
const REPOSITORIES = 1_000;

/**
 * 10,000 streams with 20,000 scheduled tags at ten registries, every minute, on the real API server: how late checks
 * come, and again while one of the ten is silent. Pace limits are lifted.
 */
export async function* lagFigures(): AsyncGenerator<Figure> {
  const plane = await startPlane();
  const fakes = await Promise.all(
    Array.from({ length: REGISTRIES }, () => forkFake({ repositories: REPOSITORIES, tags: TAGS, content: 'image' })),
  );
  const silent = await silentHost();
  const kubeconfig = await applyManifests(plane);
  try {
    const importPolicy = { importMode: 'Legacy', scheduled: true } as const;
    const host = (index: number) => fakes[index % REGISTRIES]?.host ?? '';
    const streamAt = (index: number, at: string) =>
      imageStream({
        name: `app-${index}`,
        namespace: 'bench',
        annotations: { 'imagestream-operator/interval': '60s' },
        tags: Array.from({ length: TAGS }, (_each, tag) =>
          specTag(`t${tag}`, `${at}/bench/${Math.floor(index / REGISTRIES)}:t${tag}`, { importPolicy }),
        ),
      });
    await createAll(plane, STREAMS, index => streamAt(index, host(index)));
    const hosts = [...fakes.map(fake => fake.host), silent.host];
    const first = await startOperator({ kubeconfig, hosts });
    const imported = async () =>
      (await first.metric('imagestream_operator_tag_checks_total', 'outcome="imported"')) >= STREAMS * TAGS;
    const importMs = await waitFor('all to be imported', imported, 600_000);
    await first.stop();

    // What a start costs when everything is known: the second one syncs and checks.
    const startMs = performance.now();
    const operator = await startOperator({ kubeconfig, hosts });
    await waitFor('sync', async () => (await operator.metric('imagestream_operator_synced')) === 1, 60_000);
    const syncMs = performance.now() - startMs;
    const note = `${STREAMS} streams, ${STREAMS * TAGS} tags, ${REGISTRIES} registries, real API server`;
    yield { name: 'first import of 20,000 tags', value: importMs / 1000, unit: ' s', note };
    yield { name: 'sync of 10,000 streams, from the start of the process', value: syncMs / 1000, unit: ' s', note };
    yield* await lags('lag', fakes, operator);
    await createAll(plane, STREAMS / REGISTRIES, index => streamAt(STREAMS + index * REGISTRIES, silent.host));
    yield* await lags('lag with a silent eleventh registry', fakes, operator);
    yield { name: 'memory (RSS) at the end', value: operator.rssMib(), unit: ' MiB', note };
    await operator.stop();
  } finally {
    for (const fake of fakes) await fake.close();
    silent.server.close();
    await plane.stop();
  }
}

/** How late the checks of two cycles came after their slots, as the registries saw them. */
async function lags(name: string, fakes: readonly FakeInProcess[], operator: RunningOperator): Promise<Figure[]> {
  await sleep(INTERVAL_MS + 5_000);
  for (const fake of fakes) await fake.forget();
  const cpu = operator.cpuSeconds();
  await sleep(2 * INTERVAL_MS);
  const spent = operator.cpuSeconds() - cpu;
  const late: number[] = [];
  for (const fake of fakes) late.push(...(await fake.heard()).filter(isCheck).map(check => lagOf(check, fake.host)));
  return [
    { name: `${name}, p50`, value: quantile(late, 0.5), unit: ' ms', note: `${late.length} checks` },
    { name: `${name}, p99`, value: quantile(late, 0.99), unit: ' ms', bound: { atMost: INTERVAL_MS / 10 } },
    { name: `${name}, CPU per 1,000 checks`, value: (spent * 1_000) / late.length, unit: ' s' },
  ];
}

function isCheck({ method }: Heard): boolean {
  return method === 'HEAD';
}

function lagOf({ path, atMs }: Heard, host: string): number {
  const repository = /^\/v2\/(.*)\/manifests\//.exec(path)?.[1] ?? '';
  return atMs - slotsAround(atMs, INTERVAL_MS, host, repository).previousMs;
}

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
