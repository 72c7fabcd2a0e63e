import { withImportDefaults } from '../../src/imagestream/defaults.ts';
import { deafObserver } from '../../src/registry/observer.ts';
import { createEngine } from './client.ts';
import { forkFake } from './fake.ts';
import type { Figure } from './figures.ts';

const IN_FLIGHT = 6;

/** A 50-tag repository import keeps the lane busy: wall time ÷ (total request time ÷ concurrency). */
export async function pipelineFigures(): Promise<Figure[]> {
  const fake = await forkFake({ repositories: 1, tags: 50, content: 'index', latencyMs: 20 });
  let requestMs = 0;
  let requests = 0;
  const observer = {
    ...deafObserver,
    request: ({ ms }: { readonly ms: number }) => {
      requestMs += ms;
      requests += 1;
    },
  };
  const engine = createEngine({ inFlight: IN_FLIGHT, plainHttp: true, observer });
  const start = performance.now();
  const outcome = await engine.importer.importRequest({
    isi: withImportDefaults({
      metadata: { name: 'bench', namespace: 'bench' },
      spec: { repository: { from: { kind: 'DockerImage', name: `${fake.host}/bench/0` } } },
    }),
    keyring: engine.context.keyring,
    platform: { os: 'linux', architecture: 'amd64' },
    maxImagesPerRepository: 50,
    blockedHosts: new Set(),
    signal: engine.context.signal,
  });
  const wallMs = performance.now() - start;
  await engine.client.close();
  await fake.close();
  if (outcome.failed > 0) throw new Error('the repository import failed');
  return [
    {
      name: 'repository import of 50 lists: wall ÷ (request time ÷ lane)',
      value: wallMs / (requestMs / IN_FLIGHT),
      bound: { atMost: 1.5 },
      note: `${requests} requests, ${IN_FLIGHT} in flight, pace lifted`,
    },
  ];
}
