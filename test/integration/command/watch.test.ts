import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import type { ImageStream } from '../../../src/api/image-stream.ts';
import { type FakeRegistry, refusal, startFakeRegistry } from '../../fake/registry.ts';
import { sampleImage } from '../../gen/content.ts';
import { imageStream, imageStreamImport, specTag } from '../../gen/objects.ts';
import { at, file, type Typed, type } from './typed.ts';

const [one, two] = [sampleImage({ seed: 'one' }), sampleImage({ seed: 'two' })];
const short = ({ digest }: { readonly digest: string }) => digest.slice(0, 19);

let registry: FakeRegistry;
let running: Typed | undefined;

beforeAll(async () => {
  registry = await startFakeRegistry();
});
afterAll(() => registry.close());
// A test that failed on its way must not leave a watch behind.
afterEach(() => interrupt(running));

function watch(...argv: string[]): Typed {
  running = type(['import', '--watch', '1s', ...argv]);
  return running;
}

/** What Ctrl-C does to this process, as far as the command is concerned. */
async function interrupt(typed: Typed | undefined): Promise<number | undefined> {
  process.emit('SIGINT', 'SIGINT');
  return typed?.ended;
}

/** A stream whose tags are checked every second. */
function stream(repository: string, ...tags: string[]): ImageStream {
  return imageStream({
    tags: tags.map(tag =>
      specTag(tag, `${registry.host}/${repository}:${tag}`, { importPolicy: { insecure: true, scheduled: true } }),
    ),
  });
}

const kept = (path: string) => parse(readFileSync(path, 'utf8')) as ImageStream;
const heads = (path: string) => kept(path).status?.tags?.map(({ tag, items }) => [tag, items?.[0]?.image]);

test('follows a stream: imported, moved, failed, healed, and takes it up again after a restart', async () => {
  registry.putContent('follow/app', 'latest', one);
  const path = file('stream.yaml', stream('follow/app', 'latest'));
  const out = at('state.yaml');

  const first = watch('-f', path, '--stream-out', out);
  const imported = await first.stdout.line(/ imported /);
  expect(imported).toMatch(
    new RegExp(`^\\d\\d:\\d\\d:\\d\\d demo/app:latest imported ${short(one)}… \\(neverImported\\)$`),
  );
  expect(heads(out)).toEqual([['latest', one.digest]]);

  registry.putContent('follow/app', 'latest', two);
  const moved = await first.stdout.line(/ moved /);
  expect(moved).toMatch(/ demo\/app:latest moved sha256:\w{12}… → sha256:\w{12}… \(scheduled\)$/);
  expect(moved).toContain(`${short(one)}… → ${short(two)}…`);
  expect(heads(out)).toEqual([['latest', two.digest]]);
  expect(await interrupt(first)).toBe(0);
  expect(first.stderr.text).toBe('');

  registry.putContent('follow/app', 'latest', one);
  registry.forget();
  const second = watch('-f', path, '--stream-out', out);
  // No second "imported": what the first run knew is known.
  expect((await second.stdout.line(/./)).slice(9)).toMatch(/^demo\/app:latest moved .+ \(scheduled\)$/);
  expect(registry.requests[0]).toMatchObject({ method: 'HEAD', path: '/v2/follow/app/manifests/latest' });
  expect(kept(out).status?.tags?.[0]?.items?.map(({ image }) => image)).toEqual([one.digest, two.digest, one.digest]);

  const allowAgain = registry.on({ path: /follow/ }, refusal(403, 'DENIED'));
  expect(await second.stdout.line(/ failed /)).toMatch(
    / demo\/app:latest failed InternalError: .+ denied \(scheduled\)$/,
  );
  allowAgain();
  expect(await second.stdout.line(/ healed /)).toMatch(
    / demo\/app:latest healed sha256:\w{12}… \((?:retry|scheduled)\)$/,
  );
  expect(await interrupt(second)).toBe(0);
}, 30_000);

test('ends with 1 while a tag has failed', async () => {
  const watching = watch('-f', file('stream.yaml', stream('none/app', 'gone')));
  await watching.stdout.line(/ failed /);
  expect(await interrupt(watching)).toBe(1);
});

test('prints each change as JSON with -o json', async () => {
  registry.putContent('json/app', 'latest', one);
  const watching = watch('-f', file('stream.yaml', stream('json/app', 'latest')), '-o', 'json');
  expect(JSON.parse(await watching.stdout.line(/./))).toEqual({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.+Z$/),
    tag: 'demo/app:latest',
    change: 'imported',
    reason: 'neverImported',
    image: one.digest,
  });
  expect(await interrupt(watching)).toBe(0);
});

test('follows what an ImageStreamImport recorded, its first import told, too', async () => {
  registry.putContent('isi/app', 'latest', one);
  const isi = imageStreamImport({
    import: true,
    images: [
      {
        from: { kind: 'DockerImage', name: `${registry.host}/isi/app:latest` },
        to: { name: 'latest' },
        importPolicy: { insecure: true, scheduled: true },
      },
    ],
  });
  const watching = watch('-f', file('isi.yaml', isi));
  expect(await watching.stdout.line(/ imported /)).toContain('demo/app:latest');
  registry.putContent('isi/app', 'latest', two);
  expect(await watching.stdout.line(/ moved /)).toContain('demo/app:latest');
  expect(await interrupt(watching)).toBe(0);
}, 15_000);

test('does not ask for what was just imported, but for what failed, and says that a repository did', async () => {
  registry.putContent('mixed/app', 'latest', one);
  const images = ['latest', 'gone'].map(tag => ({
    from: { kind: 'DockerImage', name: `${registry.host}/mixed/app:${tag}` },
    to: { name: tag },
    importPolicy: { insecure: true, scheduled: true },
  }));
  const repository = {
    from: { kind: 'DockerImage', name: `${registry.host}/no/such` },
    importPolicy: { insecure: true },
  };
  const again = Promise.withResolvers<void>();
  let asked = 0;
  registry.on({ path: /mixed\/app\/manifests\/gone/ }, () => {
    asked += 1;
    if (asked === 2) again.resolve();
    return refusal(404, 'MANIFEST_UNKNOWN');
  });
  registry.forget();
  const isi = imageStreamImport({ import: true, images });
  const path = file('mixed.yaml', { ...isi, spec: { ...isi.spec, repository } });
  const watching = type(['import', '--watch', '1h', '-f', path]);
  running = watching;
  expect(await watching.stderr.line(/./)).toMatch(/\/no\/such: NotFound: /);
  await watching.stdout.line(/:latest imported /);
  await watching.stdout.line(/:gone failed /);
  await again.promise;
  expect(await interrupt(watching)).toBe(1);
  expect(registry.count({ path: '/v2/mixed/app/manifests/latest' })).toBe(1);
});

test('leaves it to its schedule to ask again for what may pass', async () => {
  registry.on({ path: /busy\/app/ }, { status: 503 });
  running = type(['import', '--watch', '1h', '-f', file('stream.yaml', stream('busy/app', 'latest'))]);
  const watching = running;
  await watching.stdout.line(/ failed InternalError: .+ 503 /);
  expect(registry.count({ path: /busy\/app/ })).toBe(1);
  expect(await interrupt(watching)).toBe(1);
});

test('says which interval it cannot read', async () => {
  registry.putContent('pace/app', 'latest', one);
  const paced = stream('pace/app', 'latest');
  const annotations = { 'imagestream-operator/interval': 'often' };
  const watching = watch('-f', file('paced.yaml', { ...paced, metadata: { ...paced.metadata, annotations } }));
  expect(await watching.stderr.line(/interval/)).toBe(
    'metadata.annotations[imagestream-operator/interval]: "often": expected a duration, such as 15m; it is ignored',
  );
  await watching.stdout.line(/ imported /);
  expect(await interrupt(watching)).toBe(0);
});

test('follows a reference that was typed', async () => {
  registry.putContent('typed/app', 'v1', one);
  const watching = watch('--insecure', '--scheduled', `${registry.host}/typed/app:v1`);
  expect(await watching.stdout.line(/ imported /)).toContain('default/app:v1');
  registry.putContent('typed/app', 'v1', two);
  expect(await watching.stdout.line(/ moved /)).toContain('default/app:v1');
  expect(await interrupt(watching)).toBe(0);
}, 15_000);

test('a registry that never answers delays only its own tags', async () => {
  const slow = await startFakeRegistry();
  slow.on({}, () => undefined);
  registry.putContent('quick/app', 'latest', one);
  const { spec, ...rest } = stream('quick/app', 'latest');
  const hangs = specTag('hangs', `${slow.host}/a/b:1`, { importPolicy: { insecure: true } });
  const watching = watch(
    '-f',
    file('stream.yaml', { ...rest, spec: { ...spec, tags: [hangs, ...(spec?.tags ?? [])] } }),
  );
  await watching.stdout.line(/:latest imported /);
  registry.putContent('quick/app', 'latest', two);
  await watching.stdout.line(/:latest moved /);
  expect(await interrupt(watching)).toBe(1);
  await slow.close();
}, 15_000);

describe('Ctrl-C during an import that is no watch', () => {
  test('ends it at once, with the status of an interrupt and without a half of an answer', async () => {
    const slow = await startFakeRegistry();
    const asked = new Promise<void>(resolve => slow.on({ path: /manifests/ }, () => void resolve()));
    running = type(['import', '--insecure', `${slow.host}/a/b:1`]);
    await asked;
    expect(await interrupt(running)).toBe(130);
    expect([running.stdout.text, running.stderr.text]).toEqual(['', '']);
    await slow.close();
  });
});
