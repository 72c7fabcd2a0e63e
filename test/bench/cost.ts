import type { ImageStreamImport } from '../../src/api/image-stream-import.ts';
import { withImportDefaults } from '../../src/imagestream/defaults.ts';
import { requestsOf } from '../../src/imagestream/request.ts';
import { withDigest } from '../../src/imagestream/source.ts';
import { imageStream, specTag } from '../gen/objects.ts';
import { createEngine, type Engine, sideBySide } from './client.ts';
import { type FakeInProcess, forkFake } from './fake.ts';
import type { Figure } from './figures.ts';

const PLATFORM = { os: 'linux', architecture: 'amd64' };

/** Requests, counted at the registry. */
export async function costFigures(): Promise<Figure[]> {
  return [...(await importCosts()), ...(await steadyState())];
}

async function importCosts(): Promise<Figure[]> {
  const figures: Figure[] = [];
  const single = await forkFake({ repositories: 1, tags: 1, content: 'image', bearer: true });
  figures.push(
    await countImport('first import of a single-platform tag, Bearer', single, 'Legacy', {
      bound: { atMost: 4 },
      note: '2 + the 401 and the token, once per repository',
    }),
    await countRecheck(single),
  );
  await single.close();
  const list = await forkFake({ repositories: 1, tags: 1, content: 'index' });
  figures.push(
    await countImport('first import of a list, Legacy', list, 'Legacy', { bound: { atMost: 3 } }),
    await countImport('first import of a list of 2, PreserveOriginal', list, 'PreserveOriginal', {
      bound: { atMost: 5 },
      note: '1 + 2n',
    }),
  );
  await list.close();
  return figures;
}

async function countImport(
  name: string,
  fake: FakeInProcess,
  importMode: 'Legacy' | 'PreserveOriginal',
  rest: Pick<Figure, 'bound' | 'note'>,
): Promise<Figure> {
  const engine = createEngine({ inFlight: 8, plainHttp: true });
  await fake.forget();
  const outcome = await engine.importer.importRequest({
    isi: isiFor(`${fake.host}/bench/0:t0`, importMode),
    keyring: engine.context.keyring,
    platform: PLATFORM,
    maxImagesPerRepository: 50,
    blockedHosts: new Set(),
    signal: engine.context.signal,
  });
  await engine.client.close();
  if (outcome.failed > 0) throw new Error(`${name}: the import failed`);
  return { name, value: (await fake.heard()).length, unit: ' req', ...rest };
}

function isiFor(name: string, importMode: 'Legacy' | 'PreserveOriginal'): ImageStreamImport {
  return withImportDefaults({
    metadata: { name: 'bench', namespace: 'bench' },
    spec: { images: [{ from: { kind: 'DockerImage', name }, importPolicy: { importMode } }] },
  });
}

async function countRecheck(fake: FakeInProcess): Promise<Figure> {
  const engine = createEngine({ inFlight: 8, plainHttp: true });
  const check = await recheckOf(engine, fake, 0, 0);
  await check();
  await fake.forget();
  await check();
  await engine.client.close();
  return {
    name: 'unchanged re-check, token at hand',
    value: (await fake.heard()).length,
    unit: ' req',
    bound: { atMost: 1 },
  };
}

/** What re-checks one tag whose digest is known; throws when it is not found unchanged. */
async function recheckOf(engine: Engine, fake: FakeInProcess, repository: number, tag: number) {
  const from = `${fake.host}/bench/${repository}:t${tag}`;
  const stream = imageStream({ tags: [specTag('tag', from)] });
  const [request] = requestsOf(stream, PLATFORM);
  if (request === undefined) throw new Error('no request');
  const context = { ...engine.context, blockedHosts: new Set<string>() };
  const first = await engine.importer.importTag(request, context);
  const { digest } = first.source;
  if (digest === undefined) throw new Error(`${from}: not imported`);
  const known = { ...request, recorded: withDigest(request.asked, digest, 1) };
  return async () => {
    const { outcome } = await engine.importer.importTag(known, context);
    if (outcome !== 'unchanged') throw new Error(`${from}: ${outcome}`);
  };
}

/** 1,000 unchanged tags in 200 repositories behind Bearer: a cycle with tokens that must be fetched anew. */
async function steadyState(): Promise<Figure[]> {
  const fake = await forkFake({ repositories: 200, tags: 5, content: 'image', bearer: true });
  const learned = createEngine({ inFlight: 8, plainHttp: true });
  const places = Array.from({ length: 1000 }, (_, index) => ({
    repository: index % 200,
    tag: Math.floor(index / 200),
  }));
  const digests = new Map<string, string>();
  await sideBySide(places, 32, async ({ repository, tag }) => {
    const { digest } = await learned.client.getManifest(
      { host: fake.host, repository: `bench/${repository}`, insecure: false },
      { tag: `t${tag}` },
      learned.context,
    );
    digests.set(`${repository}:${tag}`, digest);
  });
  await learned.client.close();
  // A new process with the digests of the old one: nothing is learned yet, so this is the first cycle after a restart.
  const engine = createEngine({ inFlight: 8, plainHttp: true });
  await fake.forget();
  const cycle = () =>
    sideBySide(places, 32, async ({ repository, tag }) => {
      const check = await engine.client.checkTag(
        { host: fake.host, repository: `bench/${repository}`, insecure: false },
        `t${tag}`,
        digests.get(`${repository}:${tag}`) ?? '',
        engine.context,
      );
      if (check.outcome !== 'unchanged') throw new Error(`bench/${repository}:t${tag} is ${check.outcome}`);
    });
  await cycle();
  const restarted = await fake.heard();
  // The steady state, at the worst: every token has run out since the last cycle.
  engine.client.invalidateIdentity('anonymous');
  await fake.forget();
  await cycle();
  const steady = await fake.heard();
  await engine.client.close();
  await fake.close();
  const needless = [...restarted, ...steady].filter(
    ({ method, path }) => path === '/v2/' || (method === 'GET' && path.includes('/manifests/')),
  );
  const name = '1,000 unchanged tags in 200 repositories, Bearer';
  return [
    { name: `${name}, after a restart`, value: restarted.length, unit: ' req', bound: { atMost: 1210 } },
    { name: `${name}, each cycle`, value: steady.length, unit: ' req', bound: { atMost: 1200 } },
    { name: `${name}: manifest GETs and pings`, value: needless.length, bound: { atMost: 0 } },
  ];
}
