import { afterEach, expect, test } from '@jest/globals';
import { request } from 'undici';
import { parse } from 'yaml';
import { type SampleRegistry, startSampleRegistry } from '../../../src/standalone/sample-registry.ts';
import { type FakeClock, fakeClock } from '../../fake/clock.ts';
import { typed } from '../command/typed.ts';

let registry: SampleRegistry | undefined;
afterEach(() => registry?.close());

async function start(clock: FakeClock = fakeClock()): Promise<SampleRegistry> {
  registry = await startSampleRegistry({ port: 0, clock });
  return registry;
}

async function latest({ host }: SampleRegistry): Promise<unknown> {
  const { headers, body } = await request(`http://${host}/v2/demo/app/manifests/latest`, { method: 'HEAD' });
  await body.dump();
  return headers['docker-content-digest'];
}

test('gives the import command all it asks for, for each platform', async () => {
  const { host } = await start();
  const import_ = ['import', '--insecure', '--all', `${host}/demo/app`];
  const table = await typed(import_);
  expect(table).toMatchObject({ status: 0, stderr: '' });
  expect(table.stdout.match(/^127\.0\.0\.1:\d+\/demo\/app:\S+ +\S+ +sha256:\w{12}… .* imported$/gm)).toHaveLength(3);
  const arm = await typed([...import_, '--platform', 'linux/arm64', '-o', 'yaml']);
  const [image] = parse(arm.stdout).status.repository.images;
  expect(image.image.dockerImageMetadata).toMatchObject({ Architecture: 'arm64' });
});

test('moves its tag after a while, and again and again, but no release', async () => {
  const clock = fakeClock();
  const registry = await start(clock);
  const release = await request(`http://${registry.host}/v2/demo/app/manifests/1.1`);
  const bytes = await release.body.text();
  const seen = [await latest(registry)];
  for (const ms of [7_999, 1, 29_999, 1, 30_000]) {
    await clock.advance(ms);
    seen.push(await latest(registry));
  }
  const [first, second, third, fourth] = [...new Set(seen)];
  expect(seen).toEqual([first, first, second, second, third, fourth]);
  expect(await (await request(`http://${registry.host}/v2/demo/app/manifests/1.1`)).body.text()).toBe(bytes);
});

test('keeps the newest builds, as many as a history is long, and no more', async () => {
  const registry = await start();
  const digests = Array.from({ length: 120 }, () => registry.move());
  const statuses = await Promise.all(
    digests.map(async digest => {
      const { statusCode, body } = await request(`http://${registry.host}/v2/demo/app/manifests/${digest}`);
      await body.dump();
      return statusCode;
    }),
  );
  expect(statuses).toEqual([...Array(70).fill(404), ...Array(50).fill(200)]);
});

test('takes no pushes, and goes on', async () => {
  const { host } = await start();
  const refused = await request(`http://${host}/v2/demo/app/manifests/latest`, { method: 'PUT', body: '{}' });
  expect([refused.statusCode, await refused.body.json()]).toEqual([
    405,
    { errors: [{ code: 'UNSUPPORTED', message: expect.any(String), detail: null }] },
  ]);
  expect((await request(`http://${host}/v2/`)).statusCode).toBe(200);
});

test('says when its port is taken', async () => {
  const { port } = await start();
  await expect(startSampleRegistry({ port, clock: fakeClock() })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('ends at once, whoever holds a connection', async () => {
  const { host, close } = await start();
  await (await request(`http://${host}/v2/`)).body.dump();
  await close();
  registry = undefined;
  await expect(request(`http://${host}/v2/`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
