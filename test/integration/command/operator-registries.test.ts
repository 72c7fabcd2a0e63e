import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { CommandFault } from '../../../src/command/fault.ts';
import { OperatorRegistries } from '../../../src/command/operator-registries.ts';
import type { Environment } from '../../../src/config/command-line.ts';
import { readRegistriesFile } from '../../../src/config/registries-file.ts';
import { requestOf } from '../../../src/imagestream/request.ts';
import { silentLogger } from '../../../src/log.ts';
import { deafObserver } from '../../../src/registry/observer.ts';
import { fakeClock } from '../../fake/clock.ts';
import { startFakeRegistry } from '../../fake/registry.ts';
import { keyringOf } from '../../fake/settings.ts';
import { sampleImage } from '../../gen/content.ts';
import { imageStreamImport, specTag } from '../../gen/objects.ts';

const GOOD = text({ registries: [{ host: 'quay.io', rate: { perSecond: 7 } }] });
const BETTER = text({ registries: [], blocked: ['untrusted.example'], allowed: [{ domainName: 'quay.io' }] });
const BAD = text({ registries: [{ hots: 'quay.io' }] });

const CA = readFileSync(new URL('../../fake/certificates/ca.crt', import.meta.url), 'utf8');

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Registries of a file that is looked at whenever the test says so. */
async function setUp(content: string, env: Environment = {}, others: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'registries-'));
  closers.push(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'registries.yaml');
  for (const [name, text] of Object.entries({ ...others, 'registries.yaml': content })) {
    writeFileSync(join(folder, name), text);
  }
  const clock = fakeClock();
  const told: boolean[] = [];
  let parsed = 0;
  const registries = await OperatorRegistries.load({
    options: { registriesFile: file, tenantInsecure: undefined, loopback: 'listedHosts' },
    env,
    clock,
    log: silentLogger,
    observer: deafObserver,
    reloaded: succeeded => told.push(succeeded),
    parse: (...text) => {
      parsed += 1;
      return readRegistriesFile(...text);
    },
  });
  const stop = new AbortController();
  const followed = registries.follow(stop.signal);
  closers.push(async () => {
    stop.abort();
    await followed;
    await registries.close();
  });
  return {
    registries,
    clock,
    told,
    parsed: () => parsed,
    /** Puts this into the file, and waits until it was looked at. */
    async put(next: string, name = 'registries.yaml') {
      writeFileSync(join(folder, name), next);
      // It sleeps again once it has looked.
      const asleep = clock.sleeping;
      await clock.advance(30_000);
      while (clock.sleeping < asleep) await new Promise(resolve => setImmediate(resolve));
    },
  };
}

test('a file that changed is in force from the next look on, as a whole', async () => {
  const { registries, told, put } = await setUp(GOOD);
  expect([...registries.policy.blockedHosts]).toEqual([]);
  expect(registries.policy).not.toHaveProperty('allowed');
  await put(BETTER);
  expect([...registries.policy.blockedHosts]).toEqual(['untrusted.example']);
  expect(registries.policy).toHaveProperty('allowed');
  expect({ told, valid: registries.isFileValid }).toEqual({ told: [true], valid: true });
});

test('a file with faults is told once and not used, until it has none', async () => {
  const { registries, told, put } = await setUp(BETTER);
  await put(BAD);
  await put(BAD);
  expect([...registries.policy.blockedHosts]).toEqual(['untrusted.example']);
  expect({ told, valid: registries.isFileValid }).toEqual({ told: [false], valid: false });
  await put(GOOD);
  expect({ told, valid: registries.isFileValid }).toEqual({ told: [false, true], valid: true });
});

test('a file that is put back as it was is valid again, and no news', async () => {
  const { registries, told, put } = await setUp(GOOD);
  await put(BAD);
  await put(GOOD);
  expect({ told, valid: registries.isFileValid }).toEqual({ told: [false], valid: true });
});

test('a file is parsed when its text has changed, not whenever it is looked at or written', async () => {
  const { registries, told, parsed, put } = await setUp(GOOD);
  await put(GOOD);
  await put(GOOD);
  expect(parsed()).toBe(1);
  await put(BETTER);
  await put(BETTER);
  expect({ parsed: parsed(), blocked: [...registries.policy.blockedHosts] }).toEqual({
    parsed: 2,
    blocked: ['untrusted.example'],
  });
  await put(BAD);
  await put(BETTER);
  await put(GOOD);
  expect([...registries.policy.blockedHosts]).toEqual([]);
  expect({ told, valid: registries.isFileValid }).toEqual({ told: [true, false, true], valid: true });
});

test('a file that names others is followed through them while its own text stays as it is', async () => {
  const named = text({ registries: [{ host: 'quay.io', caFile: 'ca.pem' }] });
  const { told, parsed, put } = await setUp(named, {}, { 'ca.pem': CA });
  await put(`${CA}\n${CA}`, 'ca.pem');
  expect({ told, parsed: parsed() }).toEqual({ told: [true], parsed: 1 });
});

test('what a registry asked for holds in the next version of the file, too, whose pace counts at once', async () => {
  const registry = await startFakeRegistry();
  closers.push(() => registry.close());
  registry.putContent('team/app', 'v1', sampleImage());
  registry.on({}, { status: 429, headers: { 'retry-after': '1800' }, body: {} });
  const entry = (perSecond: number) =>
    text({ registries: [{ host: registry.host, plainHttp: true, rate: { perSecond } }] });
  const { registries, put } = await setUp(entry(5));
  expect(await ask(registries, registry.host)).toMatchObject({ outcome: 'failed' });
  const asked = registry.requests.length;
  expect(asked).toBeGreaterThan(0);
  // Half of what the administrator said: it was too much.
  expect(registries.lanes()).toEqual([expect.objectContaining({ host: registry.host, perSecond: 2.5 })]);
  await put(entry(2));
  expect(registries.lanes()).toEqual([expect.objectContaining({ host: registry.host, perSecond: 2 })]);
  expect(await ask(registries, registry.host)).toMatchObject({ outcome: 'failed' });
  expect(registry.requests).toHaveLength(asked);
});

test('R4.6 an import of a user tries twice more, a tag of a stream does not', async () => {
  const registry = await startFakeRegistry();
  closers.push(() => registry.close());
  registry.on({}, { status: 500 });
  const { registries, clock } = await setUp(text({ registries: [{ host: registry.host, plainHttp: true }] }));
  expect(await ask(registries, registry.host)).toMatchObject({ outcome: 'failed' });
  expect(registry.requests).toHaveLength(1);

  let over = false;
  const imported = registries.imports
    .importRequest({
      ...registries.policy,
      isi: imageStreamImport({ images: [`${registry.host}/team/app:v1`] }),
      keyring: keyringOf(),
      platform: { os: 'linux', architecture: 'amd64' },
      maxImagesPerRepository: 0,
      signal: new AbortController().signal,
    })
    .finally(() => {
      over = true;
    });
  while (!over) await clock.advance(100);
  expect(await imported).toMatchObject({ failed: 1 });
  expect(registry.requests).toHaveLength(4);
});

test('connections of the settings before go once what was under way on them is over', async () => {
  const registry = await startFakeRegistry();
  closers.push(() => registry.close());
  registry.putContent('team/app', 'v1', sampleImage());
  const entry = (perSecond: number) =>
    text({ registries: [{ host: registry.host, plainHttp: true, rate: { perSecond } }] });
  const { registries, clock, put } = await setUp(entry(5));
  expect(await ask(registries, registry.host)).toMatchObject({ outcome: 'imported' });
  await put(entry(3));
  await clock.advance(119_999);
  const kept = registry.openConnections;
  expect(kept).toBeGreaterThan(0);
  await clock.advance(1);
  while (registry.openConnections > 0) await new Promise(resolve => setTimeout(resolve, 5));
});

test('nothing is left open or waited for once it is closed, however lately the file has changed', async () => {
  const { registries, clock, put } = await setUp(GOOD);
  await put(BETTER);
  const asleep = clock.sleeping;
  await registries.close();
  expect(clock.sleeping).toBe(asleep - 1);
});

test('a mistake in reading the file ends nothing', async () => {
  let broken = false;
  const env: Environment = new Proxy({}, { get: () => (broken ? fail() : undefined) });
  const { registries, told, put } = await setUp(GOOD, env);
  broken = true;
  await put(BETTER);
  expect({ told, valid: registries.isFileValid }).toEqual({ told: [false], valid: false });
  broken = false;
  await put(BETTER);
  expect({ told, valid: registries.isFileValid }).toEqual({ told: [false, true], valid: true });
});

test('there is no beginning with a file that has faults', async () => {
  await expect(setUp(BAD)).rejects.toThrow(CommandFault);
});

function ask(registries: OperatorRegistries, host: string) {
  const platform = { os: 'linux', architecture: 'amd64' };
  const request = requestOf(specTag('v1', `${host}/team/app:v1`), undefined, platform);
  const { signal } = new AbortController();
  return registries.tags.importTag(request, { ...registries.policy, keyring: keyringOf(), signal, priority: 0 });
}

function fail(): never {
  throw new Error('a mistake');
}

function text(content: object): string {
  return JSON.stringify({ apiVersion: 'config.imagestream-operator/v1alpha1', kind: 'Registries', ...content });
}
