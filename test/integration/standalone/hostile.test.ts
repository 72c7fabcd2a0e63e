import { once } from 'node:events';
import { connect as connectPlain } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { systemClock } from '../../../src/clock.ts';
import { silentLogger } from '../../../src/log.ts';
import { createSqliteStorage } from '../../../src/standalone/sqlite-storage.ts';
import type { Watching } from '../../contract/api.ts';
import { type Embedded, startEmbedded } from '../../contract/embedded.ts';

/* Clients that mean no good, or no longer mean anything. */

let here: Embedded;
const sockets: TLSSocket[] = [];

beforeEach(async () => {
  here = await startEmbedded({
    storage: createSqliteStorage({ recent: { changes: 5_000, characters: 8_000_000 } }),
  });
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await here.close();
});

/** A connection of which nothing is read until it is told to. */
async function open(): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port: here.server.port, ca: here.ca });
  socket.on('error', () => {}).pause();
  sockets.push(socket);
  await once(socket, 'secureConnect');
  return socket;
}

/** Sends a request as it is, and reads the head and the beginning of what is answered. */
async function raw(head: string, body = ''): Promise<string> {
  const socket = await open();
  socket.write(`${head.replaceAll('\n', '\r\n')}\r\nAuthorization: Bearer ${here.token}\r\n\r\n${body}`);
  const [chunk] = await once(socket.resume(), 'data');
  return String(chunk);
}

const secret = (name: string, size = 1) => ({ metadata: { name }, stringData: { a: 'x'.repeat(size) } });
const secrets = '/api/v1/namespaces/default/secrets';
const create = (name: string, size?: number) => here.api.ask(secrets, { method: 'POST', body: secret(name, size) });
const isWell = async () => (await here.api.ask('/readyz')).text === 'ok';

describe('a request', () => {
  test.each([
    { host: 'evil.example', code: 421 },
    { host: 'evil.example:8443', code: 421 },
    { host: 'localhost.evil.example', code: 421 },
    { host: '127.0.0.1.evil.example', code: 421 },
    { host: '192.0.2.1', code: 421 },
    { host: '', code: 421 },
    { host: 'localhost:8443', code: 200 },
    { host: '127.0.0.1', code: 200 },
    { host: '[::1]:8443', code: 200 },
    { host: 'LOCALHOST', code: 200 },
  ])('to the host "$host" is answered $code', async ({ host, code }) => {
    expect(await raw(`GET /version HTTP/1.1\nHost: ${host}`)).toMatch(new RegExp(`^HTTP/1\\.1 ${code} `));
  });

  test.each(['http://evil.example/version', '//version', '/api/../version', '/version/%2e', '*'])(
    'of the target %s is refused',
    async target => {
      expect(await raw(`GET ${target} HTTP/1.1\nHost: localhost`)).toMatch(/^HTTP\/1\.1 400 /);
    },
  );

  test('that is no HTTP, or no TLS, ends its connection and nothing else', async () => {
    const socket = await open();
    socket.resume().write('\x16\x03 what is this\r\n\r\n');
    await once(socket, 'close');
    const plain = connectPlain(here.server.port, '127.0.0.1');
    plain
      .on('error', () => {})
      .resume()
      .write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(plain, 'close');
    expect(await isWell()).toBe(true);
  });

  test('without a token learns nothing of what is there', async () => {
    await create('there');
    const answers = await Promise.all(
      [`${secrets}/there`, `${secrets}/nothing`, '/apis/none'].map(path => here.api.ask(path, { token: null })),
    );
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers[0]?.code).toBe(401);
  });
});

describe('a body', () => {
  test('of 10 MB is refused, and the connection goes on', async () => {
    const body = `{"a":"${'x'.repeat(10_000_000)}"}`;
    for (const type of ['application/json', 'application/yaml']) {
      expect((await here.api.ask(secrets, { method: 'POST', body, type })).code).toBe(413);
    }
    expect(await isWell()).toBe(true);
  });

  test('without a length and without an end is refused as soon as it is too large', async () => {
    const socket = await open();
    const head = `POST ${secrets} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${here.token}\r\n`;
    socket.resume().write(`${head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`);
    const answered = once(socket, 'data');
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    let isAnswered = false;
    void answered.then(() => {
      isAnswered = true;
    });
    while (!isAnswered) {
      if (!socket.write(chunk)) await Promise.race([once(socket, 'drain'), answered]);
      await setImmediate();
    }
    expect(String((await answered)[0])).toMatch(/^HTTP\/1\.1 413 /);
    expect(await isWell()).toBe(true);
  });

  test('that never comes holds up nobody', async () => {
    const socket = await open();
    const head = `POST ${secrets} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${here.token}\r\n`;
    socket.write(`${head}Content-Length: 1000\r\n\r\n{`);
    expect((await create('other')).code).toBe(201);
  });
});

describe('a client that goes away in the middle', () => {
  test('is no fault to be told', async () => {
    await here.close();
    const told: string[] = [];
    const gone = Promise.withResolvers<void>();
    const storage = createSqliteStorage();
    here = await startEmbedded({ storage, log: { ...silentLogger, error: (_fields, message) => told.push(message) } });
    const socket = await open();
    const head = `POST ${secrets} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${here.token}\r\n`;
    socket.write(`${head}Content-Length: 1000\r\n\r\n{"kind"`);
    const watcher = await open();
    watcher.write(`GET ${secrets}?watch=1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${here.token}\r\n\r\n`);
    while (here.server.watches === 0) await setImmediate();
    socket.once('close', gone.resolve).destroy();
    watcher.destroy();
    await gone.promise;
    while (here.server.watches > 0) await setImmediate();
    expect(await isWell()).toBe(true);
    expect(told).toEqual([]);
  });

  test('is told apart from a storage that fails', async () => {
    await here.close();
    const told: string[] = [];
    const storage = createSqliteStorage();
    here = await startEmbedded({ storage, log: { ...silentLogger, error: (_fields, message) => told.push(message) } });
    await storage.close();
    const { code, body } = await here.api.ask(secrets);
    expect([code, body.reason]).toEqual([500, 'InternalError']);
    expect(told).toEqual(['The API server could not answer']);
  });
});

describe('what nobody reads is not kept:', () => {
  test.each([
    { name: 'an answer', query: '' },
    { name: 'the first events of a watch', query: '?watch=true' },
  ])('$name', async ({ query }) => {
    await here.close();
    const given = Promise.withResolvers<void>();
    const debug = (_fields: object, message: string) => {
      if (message.startsWith('A client has not read on')) given.resolve();
    };
    here = await startEmbedded({ patienceMs: 500, log: { ...silentLogger, debug } });
    for (let index = 0; index < 20; index += 1) await create(`s${index}`, 700_000);
    const deaf = await open();
    deaf.write(`GET ${secrets}${query} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${here.token}\r\n\r\n`);
    await given.promise;
    let length = 0;
    deaf.on('data', chunk => {
      length += chunk.length;
    });
    await once(deaf.resume(), 'close');
    expect(length).toBeLessThan(20 * 700_000);
    while (here.server.watches > 0) await setImmediate();
  });

  test('who has read all may wait for ever', async () => {
    await here.close();
    here = await startEmbedded({ patienceMs: 300 });
    const watcher = await here.api.watch(`${secrets}?watch=true`);
    // One that is quiet on another connection goes first.
    const idle = await open();
    await once(idle.resume(), 'close');
    await create('told');
    expect((await watcher.next()).object.metadata.name).toBe('told');
    watcher.close();
  });
});

describe('watchers', () => {
  const watchPath = `${secrets}?watch=true&resourceVersion=`;

  test('may be a thousand: each is told', async () => {
    const { body } = await here.api.ask(secrets);
    const path = `${watchPath}${body.metadata.resourceVersion}`;
    const watchers: Watching[] = [];
    // Not all at once: each brings a handshake.
    while (watchers.length < 1_000) {
      watchers.push(...(await Promise.all(Array.from({ length: 50 }, () => here.api.watch(path)))));
    }
    expect(here.server.watches).toBe(1_000);
    await create('told');
    const told = await Promise.all(watchers.map(one => one.next()));
    expect(new Set(told.map(({ type, object }) => `${type} ${object.metadata.name}`))).toEqual(new Set(['ADDED told']));
    for (const one of watchers) one.close();
    while (here.server.watches > 0) await setImmediate();
  });

  test('who never read are dropped, and those who do miss nothing', async () => {
    const { body } = await here.api.ask(secrets);
    const path = `${watchPath}${body.metadata.resourceVersion}`;
    const deaf = await open();
    deaf.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${here.token}\r\n\r\n`);
    const awake = await here.api.watch(path);
    while (here.server.watches < 2) await setImmediate();

    let told = 0;
    const reading = (async () => {
      for (; here.server.watches > 1; told += 1) await awake.next();
    })();
    // What a kernel takes is not read yet; then comes what we keep, then so many changes.
    let made = 0;
    for (; here.server.watches > 1 && made < 5_000; made += 1) await create(`s${made}`, 20_000);
    expect(here.server.watches).toBe(1);
    await create('last');
    await reading;
    for (; told < made + 1; told += 1) await awake.next();
    expect(await isWell()).toBe(true);
    awake.close();
  });

  test('who go away are forgotten', async () => {
    const watcher = await here.api.watch(`${watchPath}1`);
    while (here.server.watches === 0) await setImmediate();
    watcher.close();
    while (here.server.watches > 0) await setImmediate();
  });

  test('do not hold up the end of the server, not even until it loses its patience', async () => {
    await here.close();
    here = await startEmbedded({ clock: { ...systemClock, sleep: () => new Promise(() => {}) } });
    const watcher = await here.api.watch(`${watchPath}1`);
    const deaf = await open();
    deaf.write(`GET ${watchPath}1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${here.token}\r\n\r\n`);
    while (here.server.watches < 2) await setImmediate();
    const rest = watcher.rest();
    await here.server.close();
    expect((await rest).map(({ type }) => type)).not.toContain('ERROR');
  });
});
