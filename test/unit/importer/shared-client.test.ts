import { expect, test } from '@jest/globals';
import { createSharedClient } from '../../../src/importer/shared-client.ts';
import type { RegistryClient, RequestContext } from '../../../src/registry/types.ts';
import { fakeClock } from '../../fake/clock.ts';
import { keyringOf, password, registrySettings } from '../../fake/settings.ts';

const app = { host: 'reg.example.com', repository: 'team/app', insecure: false, mirror: false };
const [digest, other] = ['1', '2'].map(digit => `sha256:${digit.repeat(64)}`) as [string, string];
const layer = { mediaType: 'application/octet-stream', digest, size: 1 };
const alice = keyringOf(password('alice', 'wonder'));

function contextOf(more: Partial<RequestContext> = {}): RequestContext {
  return { keyring: keyringOf(), signal: new AbortController().signal, priority: 0, shareForMs: 30_000, ...more };
}

type Ask = (client: RegistryClient) => Promise<unknown>;
const rows: readonly { readonly name: string; readonly one: Ask; readonly another: Ask }[] = [
  {
    name: 'checks of two tags',
    one: client => client.checkTag(app, 'v1', digest, contextOf()),
    another: client => client.checkTag(app, 'v2', digest, contextOf()),
  },
  {
    name: 'a check that may be made insecurely, and one that may not',
    one: client => client.checkTag(app, 'v1', digest, contextOf()),
    another: client => client.checkTag({ ...app, insecure: true }, 'v1', digest, contextOf()),
  },
  {
    name: 'a size, by alice and by nobody',
    one: client => client.blobSize(app, digest, contextOf({ keyring: alice })),
    another: client => client.blobSize(app, digest, contextOf()),
  },
  {
    name: 'a config, by alice and by nobody',
    one: client => client.getConfig(app, layer, contextOf({ keyring: alice })),
    another: client => client.getConfig(app, layer, contextOf()),
  },
  {
    name: 'a child, by alice and by nobody',
    one: client => client.getChild(app, digest, contextOf({ keyring: alice })),
    another: client => client.getChild(app, digest, contextOf()),
  },
  {
    name: 'sizes of two blobs',
    one: client => client.blobSize(app, digest, contextOf()),
    another: client => client.blobSize(app, other, contextOf()),
  },
  {
    name: 'a size from a source that was verified, and from one that was not',
    one: client => client.blobSize(app, digest, contextOf()),
    another: client => client.blobSize({ ...app, unverified: true }, digest, contextOf()),
  },
  {
    name: 'a size from a source that may be asked insecurely, and from one that may not',
    one: client => client.blobSize(app, digest, contextOf()),
    another: client => client.blobSize({ ...app, insecure: true }, digest, contextOf()),
  },
  {
    name: 'a size from a registry, and from it as the proxy of another',
    one: client => client.blobSize(app, digest, contextOf()),
    another: client => client.blobSize({ ...app, proxyFor: 'quay.io' }, digest, contextOf()),
  },
  {
    name: 'one config with two sizes',
    one: client => client.getConfig(app, layer, contextOf()),
    another: client => client.getConfig(app, { ...layer, size: 2 }, contextOf()),
  },
];

test.each(rows)('R7.1 shares no answer between $name', async ({ one, another }) => {
  const asked: string[] = [];
  const answer = (name: string, value: unknown) => async () => {
    asked.push(name);
    return value;
  };
  const below = {
    checkTag: answer('check', { outcome: 'unchanged', digest }),
    getChild: answer('child', { bytes: new Uint8Array() }),
    getConfig: answer('config', new Uint8Array()),
    blobSize: answer('size', 1),
  } as unknown as RegistryClient;
  const client = createSharedClient({ client: below, clock: fakeClock(), settings: registrySettings({}) });
  await Promise.all([one(client), one(client)]);
  expect(asked).toHaveLength(1);
  await another(client);
  expect(asked).toHaveLength(2);
});

test('R4.3 asks with a context of which a copy has all, the priority of the most urgent among it', async () => {
  const asked: RequestContext[] = [];
  const client = {
    blobSize: async (_source: unknown, _digest: unknown, context: RequestContext) => {
      asked.push({ ...context });
      return 1;
    },
  } as unknown as RegistryClient;
  const shared = createSharedClient({ client, clock: fakeClock(), settings: registrySettings() });
  const context = contextOf({ priority: 2, tenant: 'shop' });
  await shared.blobSize(app, digest, context);
  expect(asked).toEqual([{ ...context, signal: expect.anything() }]);
  expect(asked[0]?.signal).not.toBe(context.signal);
});
