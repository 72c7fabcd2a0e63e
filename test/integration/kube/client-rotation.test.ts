import { mkdtemp, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { TypedObject } from '../../../src/api/meta.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { createKubeClient } from '../../../src/kube/http-client.ts';
import { loadKubeConfig } from '../../../src/kube/kubeconfig.ts';
import { IMAGE_STREAMS } from '../../../src/kube/resource.ts';
import { silentLogger } from '../../../src/log.ts';
import { type FakeApiServer, startFakeApiServer } from '../../fake/api-server.ts';
import { type HastyClock, hastyClock } from '../../fake/api-server-clock.ts';
import { keyPair, testCa } from '../../fake/tls.ts';

const app = { resource: IMAGE_STREAMS, namespace: 'demo', name: 'app' };
const { signal } = new AbortController();
/** A certificate, but of nobody who signed the server's. */
const otherCa = keyPair('client').cert;

let directory: string;
let server: FakeApiServer;
let client: KubeClient;
let clock: HastyClock;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kube-'));
  server = await startFakeApiServer({ tls: { ...keyPair('server'), clientCa: testCa }, token: 'first' });
  server.put(IMAGE_STREAMS, { metadata: { namespace: 'demo', name: 'app' } });
  clock = hastyClock();
});
afterEach(async () => {
  await client.close();
  await server.close();
  await rm(directory, { recursive: true });
});

/** As the kubelet does it: a whole directory is put in the place of another. */
const mount = async (files: Readonly<Record<string, string>>) => {
  for (const [name, text] of Object.entries(files)) {
    const path = join(directory, name);
    const data = join(directory, `..${name}.${Math.random()}`);
    await writeFile(data, text);
    await unlink(path).catch(() => {});
    await symlink(data, path);
  }
};

const connect = async () => {
  const [, port] = /:(\d+)$/.exec(server.url) ?? [];
  const env = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: port, HOME: directory };
  const config = await loadKubeConfig({ env, serviceAccount: directory, clock });
  client = createKubeClient({ config, clock, log: silentLogger });
};

const failureOf = (work: Promise<unknown>) => work.catch((error: unknown) => String(error));

describe('in a pod', () => {
  test('a token that was renewed is used from half a minute on, and at once when the old one is refused', async () => {
    await mount({ token: 'first\n', 'ca.crt': testCa, namespace: 'demo' });
    await connect();
    await client.get(app, signal);
    await mount({ token: 'second\n' });
    await client.get(app, signal);
    clock.advance(30_000);
    server.setToken('second');
    await client.get(app, signal);
    await mount({ token: 'third\n' });
    server.setToken('third');
    await Promise.all(Array.from({ length: 5 }, () => client.get(app, signal)));
    const tokens = server.requests().map(({ headers }) => headers.authorization);
    expect(tokens.slice(0, 3)).toEqual(['Bearer first', 'Bearer first', 'Bearer second']);
    expect(tokens.slice(3).filter(token => token === 'Bearer third')).toHaveLength(5);
  });

  test('a server that the authority does not vouch for is not talked to', async () => {
    await mount({ token: 'first', 'ca.crt': otherCa, namespace: 'demo' });
    await connect();
    expect(await failureOf(client.get(app, signal))).toContain(
      'the API server cannot be reached (SELF_SIGNED_CERT_IN_CHAIN)',
    );
    expect(server.count()).toBe(0);
  });

  test('an authority that was renewed is used for new connections, and what is in flight ends in peace', async () => {
    await mount({ token: 'first', 'ca.crt': testCa, namespace: 'demo' });
    await connect();
    const query = { resourceVersion: String(server.version), timeoutSeconds: 600 };
    const watch = client.watch<TypedObject>(app, query, signal)[Symbol.asyncIterator]();
    const next = watch.next();
    await server.heard({ verb: 'watch' });
    expect(server.connections).toBe(1);
    await mount({ 'ca.crt': `${testCa}\n${otherCa}` });
    clock.advance(30_000);
    await client.get(app, signal);
    expect(server.connections).toBe(2);
    server.put(IMAGE_STREAMS, { metadata: { namespace: 'demo', name: 'b' } });
    expect((await next).value.type).toBe('ADDED');
    server.endWatches();
    expect((await watch.next()).done).toBe(true);
    expect(server.requests().map(({ connection }) => connection)).toEqual([1, 2]);
  });

  test('a file that is being rewritten stops nobody', async () => {
    await mount({ token: 'first', 'ca.crt': testCa, namespace: 'demo' });
    await connect();
    await unlink(join(directory, 'ca.crt'));
    clock.advance(30_000);
    await client.get(app, signal);
    expect(server.count()).toBe(1);
  });
});

test('a client certificate shows who asks, from the moment its file is there', async () => {
  await mount({ 'ca.crt': testCa, ...asFiles() });
  const path = join(directory, 'config');
  const users = (more: string) => `[{"name":"u","user":{"token":"first"${more}}}]`;
  const text = (more: string) =>
    `{"clusters":[{"name":"c","cluster":{"server":"${server.url}","certificate-authority":"ca.crt"}}],` +
    `"users":${users(more)},"contexts":[{"name":"x","context":{"cluster":"c","user":"u"}}],"current-context":"x"}`;
  await writeFile(path, text(''));
  client = createKubeClient({
    config: await loadKubeConfig({ kubeconfig: path, env: {}, clock }),
    clock,
    log: silentLogger,
  });
  await client.get(app, signal);
  await writeFile(path, text(',"client-certificate":"tls.crt","client-key":"tls.key"'));
  server.fail({}, { kind: 'status', code: 401 });
  await client.get(app, signal);
  expect(server.requests().map(({ clientName }) => clientName !== undefined)).toEqual([false, false, true]);
});

function asFiles(): Readonly<Record<string, string>> {
  const { cert, key } = keyPair('client');
  return { 'tls.crt': cert, 'tls.key': key };
}
