import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { ImageStream } from '../../../src/api/image-stream.ts';
import type { ImageStreamImport } from '../../../src/api/image-stream-import.ts';
import { IMAGE_STREAM_IMPORTS, IMAGE_STREAMS } from '../../../src/kube/resource.ts';
import { type Logger, silentLogger } from '../../../src/log.ts';
import { startFakeApiServer } from '../../fake/api-server.ts';
import { type FakeClock, fakeClock } from '../../fake/clock.ts';
import { startFakeRegistry } from '../../fake/registry.ts';
import { keyringOf } from '../../fake/settings.ts';
import { sampleImage } from '../../gen/content.ts';
import { imageStream, imageStreamImport, specTag } from '../../gen/objects.ts';
import { startOperator, until } from './operator.ts';

jest.setTimeout(60_000);

const MINUTE = 60_000;
const image = sampleImage();

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** An operator that may list the secrets of a namespace, and may not read them until `allow` is called. */
async function setUp() {
  const clock = fakeClock();
  const server = await startFakeApiServer();
  const registry = await startFakeRegistry();
  registry.putContent('team/app', 'v1', image);
  let mayRead = false;
  let tries = 0;
  const warnings: string[] = [];
  const log: Logger = { ...silentLogger, warn: (_fields, message) => warnings.push(message) };
  const credentials = {
    forNamespace: async () => {
      tries += 1;
      if (!mayRead) throw new Error('forbidden');
      return { keyring: keyringOf() };
    },
  };
  const operator = startOperator({ server, hosts: [registry.host], clock, log, credentials });
  closers.push(
    () => registry.close(),
    () => server.close(),
    () => operator.stop(),
  );
  const allow = () => {
    mayRead = true;
  };
  const stream = () => server.get<ImageStream>(IMAGE_STREAMS, { namespace: 'demo', name: 'app' });
  const isi = () => server.get<ImageStreamImport>(IMAGE_STREAM_IMPORTS, { namespace: 'demo', name: 'app' });
  return {
    clock,
    server,
    operator,
    allow,
    stream,
    isi,
    warnings,
    from: `${registry.host}/team/app:v1`,
    tries: () => tries,
  };
}

/** Second by second: what was begun in one has its turn before the next. */
async function pass(clock: FakeClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1_000) {
    await clock.advance(1_000);
    await new Promise(resolve => setTimeout(resolve, 1));
  }
}

describe('a tag whose credentials cannot be read', () => {
  const tags = (from: string) => [specTag('v1', from)];

  test('is sent off again more and more seldom, for there may be thousands of them, and told of even less', async () => {
    const { clock, server, allow, stream, warnings, from, tries } = await setUp();
    server.put(IMAGE_STREAMS, imageStream({ tags: tags(from) }));
    await until('the first try', () => tries() === 1);
    await pass(clock, 30 * MINUTE);
    expect(tries()).toBeGreaterThanOrEqual(30 * 0.8);
    expect(tries()).toBeLessThanOrEqual(120);
    expect(warnings.length).toBeGreaterThanOrEqual(5);
    expect(warnings.length).toBeLessThanOrEqual(7);
    allow();
    await pass(clock, MINUTE + 2_000);
    await until('the import', () => stream()?.status?.tags?.[0]?.items);
  });

  test('is sent off at once when the secrets of its namespace change', async () => {
    const { clock, server, operator, allow, stream, from, tries } = await setUp();
    server.put(IMAGE_STREAMS, imageStream({ tags: tags(from) }));
    await until('the first try', () => tries() === 1);
    await pass(clock, 10 * MINUTE);
    allow();
    operator.controllers.streams.secretsChanged('demo');
    await until('the import', () => stream()?.status?.tags?.[0]?.items);
  });
});

describe('an ImageStreamImport that cannot be carried through', () => {
  test('is begun again more and more seldom: each time asks registries for all it names', async () => {
    const { clock, server, allow, isi, from, tries } = await setUp();
    server.put(IMAGE_STREAM_IMPORTS, imageStreamImport({ images: [from] }));
    await until('the first try', () => tries() === 1);
    await pass(clock, 30 * MINUTE);
    expect(tries()).toBeGreaterThanOrEqual(6);
    expect(tries()).toBeLessThanOrEqual(60);
    allow();
    await pass(clock, 6 * MINUTE);
    await until('its completion', () => isi()?.status?.handledUID);
  });
});
