import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { CommandFault } from '../../../src/command/fault.ts';
import { OperatorRegistries } from '../../../src/command/operator-registries.ts';
import { silentLogger } from '../../../src/log.ts';
import { deafObserver } from '../../../src/registry/observer.ts';
import { fakeClock } from '../../fake/clock.ts';

const GOOD = text({ registries: [{ host: 'quay.io', rate: { perSecond: 7 } }] });
const BETTER = text({ registries: [], blocked: ['untrusted.example'] });
const BAD = text({ registries: [{ hots: 'quay.io' }] });

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Registries of a file that is looked at whenever the test says so. */
async function setUp(content: string) {
  const folder = mkdtempSync(join(tmpdir(), 'registries-'));
  closers.push(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'registries.yaml');
  writeFileSync(file, content);
  const clock = fakeClock();
  const told: boolean[] = [];
  const registries = await OperatorRegistries.load({
    options: { registriesFile: file, tenantInsecure: undefined, loopback: 'listedHosts' },
    env: {},
    clock,
    log: silentLogger,
    observer: deafObserver,
    reloaded: succeeded => told.push(succeeded),
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
    told,
    /** Puts this into the file, and waits until it was looked at. */
    async put(next: string) {
      writeFileSync(file, next);
      // It sleeps again once it has looked.
      const asleep = clock.sleeping;
      await clock.advance(10_000);
      while (clock.sleeping < asleep) await new Promise(resolve => setImmediate(resolve));
    },
  };
}

test('a file that changed is in force from the next look on, as a whole', async () => {
  const { registries, told, put } = await setUp(GOOD);
  expect([...registries.policy.blockedHosts]).toEqual([]);
  await put(BETTER);
  expect([...registries.policy.blockedHosts]).toEqual(['untrusted.example']);
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

test('there is no beginning with a file that has faults', async () => {
  await expect(setUp(BAD)).rejects.toThrow(CommandFault);
});

function text(content: object): string {
  return JSON.stringify({ apiVersion: 'config.imagestream-operator/v1alpha1', kind: 'Registries', ...content });
}
