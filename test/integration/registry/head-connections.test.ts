import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { buildConnector } from 'undici';
import { HeadAttempt, type Progress } from '../../../src/registry/head-attempt.ts';
import { HeadConnections } from '../../../src/registry/head-connections.ts';
import { targetOf } from '../../../src/registry/target.ts';

const OK = 'HTTP/1.1 200 OK\r\nDocker-Content-Digest: sha256:ab\r\nContent-Length: 12\r\n\r\n';

/** One connection as the server sees it. */
interface Seen {
  readonly socket: Socket;
  /** What came over it so far. */
  text: string;
  closed: boolean;
}

const servers: Server[] = [];
const clients: HeadConnections[] = [];

afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  for (const server of servers.splice(0)) server.close();
});

/** A server that calls `answer` for each request it has read to the end, and the client that asks it. */
async function scene(answer: (seen: Seen, requests: number) => void, headersMs = 15_000, maxKept = 512) {
  const seen: Seen[] = [];
  const server = createServer(socket => {
    const one: Seen = { socket, text: '', closed: false };
    seen.push(one);
    socket.on('error', () => {});
    socket.on('close', () => {
      one.closed = true;
    });
    socket.on('data', piece => {
      one.text += piece.toString('latin1');
      if (one.text.endsWith('\r\n\r\n')) answer(one, one.text.split('\r\n\r\n').length - 1);
    });
  });
  server.listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = new HeadConnections({
    connector: onread => buildConnector({ allowH2: false, onread }),
    headersMs,
    maxKept,
  });
  clients.push(client);
  const begin = (path = '/v2/a/manifests/1', headers: Readonly<Record<string, string>> = {}) => {
    const progress: Progress = { status: undefined };
    const attempt = new HeadAttempt(progress);
    const target = targetOf(new URL(`http://127.0.0.1:${port}${path}`));
    return { attempt, answer: attempt.send(client, { target, headers }) };
  };
  const head = (path?: string, headers?: Readonly<Record<string, string>>) => begin(path, headers).answer;
  return { client, seen, begin, head, port };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(resolve => setTimeout(resolve, 5));
}

const answered = (seen: Seen) => seen.socket.write(OK);

describe('HEADs', () => {
  test('go out as they are to, one after the other over one connection', async () => {
    const { head, seen, port } = await scene(answered);
    const answer = await head('/v2/a/manifests/1?n=2', { Accept: 'x/y', 'User-Agent': 'me' });
    expect(answer).toEqual({
      statusCode: 200,
      headers: { 'docker-content-digest': 'sha256:ab', 'content-length': '12' },
    });
    await head('/v2/b/manifests/2');
    expect(seen.map(({ text }) => text)).toEqual([
      [
        'HEAD /v2/a/manifests/1?n=2 HTTP/1.1',
        `Host: 127.0.0.1:${port}`,
        'Connection: keep-alive',
        'Accept: x/y',
        'User-Agent: me',
        '',
        'HEAD /v2/b/manifests/2 HTTP/1.1',
        `Host: 127.0.0.1:${port}`,
        'Connection: keep-alive',
        '',
        '',
      ].join('\r\n'),
    ]);
  });

  test('that go out together have a connection each, of which the next takes one', async () => {
    const { head, seen } = await scene(answered);
    await Promise.all([head(), head(), head()]);
    expect(seen).toHaveLength(3);
    await head();
    await head();
    expect(seen).toHaveLength(3);
  });

  test('whose long answers come at the same time, in pieces, are told apart', async () => {
    const open: Seen[] = [];
    const { head } = await scene(one => void open.push(one));
    const answers = ['/a', '/b', '/c'].map(path => head(path));
    await until(() => open.length === 3);
    const long = (seen: Seen) => `${OK.slice(0, -2)}X-Path: ${seen.text.split(' ')[1]?.repeat(5_000)}\r\n\r\n`;
    for (let at = 0; at < 12_000; at += 3_000) {
      for (const one of open) one.socket.write(long(one).slice(at, at + 3_000));
      await new Promise(resolve => setTimeout(resolve, 5));
    }
    const told = (await Promise.all(answers)).map(({ headers }) => headers['x-path']);
    expect(told).toEqual(['/a', '/b', '/c'].map(path => path.repeat(5_000)));
  });

  test.each([4_096, 8_192, 16_384])(
    'whose answer of %d bytes is followed by another lend its connection to none',
    async bytes => {
      const padded = (name: string) => `${OK.slice(0, -2)}X-Name: ${name}`;
      const long = (name: string) => `${padded(name).padEnd(bytes - 4, 'x')}\r\n\r\n`;
      const { head, seen } = await scene(one => one.socket.write(`${long(`of-${seen.length}`)}${long('forged')}`));
      const second = head().then(() => head());
      expect((await second).headers['x-name']).toMatch(/^of-2/);
      expect(seen).toHaveLength(2);
    },
  );

  test.each([
    ['a value', '/v2/a/manifests/1', { Authorization: 'Bearer a\r\nX: y' }],
    ['a value beyond Latin-1', '/v2/a/manifests/1', { Authorization: 'Bearer ā' }],
    ['a path', '/v2/a b', {}],
  ])('that would say something else for %s are not sent', async (_what, path, headers) => {
    const { client, seen, port } = await scene(answered);
    const attempt = new HeadAttempt({ status: undefined });
    const target = { origin: `http://127.0.0.1:${port}`, host: '', plain: true, path };
    expect(() => void attempt.send(client, { target, headers })).toThrow(TypeError);
    expect(seen).toEqual([]);
  });

  test('fail when there is no connection', async () => {
    const { head } = await scene(answered);
    servers.pop()?.close();
    await expect(head()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('a connection is not used again', () => {
  test.each([
    ['after its other side closed it', (seen: Seen) => void seen.socket.end(OK)],
    [
      'that its other side is about to close',
      (seen: Seen) => void seen.socket.write(OK.replace('OK', 'OK\r\nConnection: close')),
    ],
    [
      'that its other side keeps no longer',
      (seen: Seen) => void seen.socket.write(OK.replace('OK', 'OK\r\nKeep-Alive: timeout=2')),
    ],
    ['after an answer with a body', (seen: Seen) => void seen.socket.write(`${OK}the body!!!!`)],
  ])('%s', async (_what, answer) => {
    const { head, seen } = await scene(answer);
    expect(await head()).toMatchObject({ statusCode: 200 });
    await until(() => seen[0]?.closed === true);
    expect(await head()).toMatchObject({ statusCode: 200 });
    expect(seen).toHaveLength(2);
  });

  test('over which something came that nobody asked for', async () => {
    const { head, seen } = await scene(answered);
    await head();
    seen[0]?.socket.write('HTTP/1.1 408 Request Timeout\r\n\r\n');
    await until(() => seen[0]?.closed === true);
    expect(await head()).toMatchObject({ statusCode: 200 });
    expect(seen).toHaveLength(2);
  });

  test('when there are too many', async () => {
    const { head, seen } = await scene(answered, 15_000, 2);
    await Promise.all([head(), head(), head()]);
    await until(() => seen.some(({ closed }) => closed));
    await Promise.all([head(), head()]);
    expect(seen).toHaveLength(3);
    expect(seen.filter(({ closed }) => closed)).toHaveLength(1);
  });

  test('after it was kept for as long as its other side keeps it', async () => {
    const keeps = OK.replace('OK', 'OK\r\nKeep-Alive: timeout=3');
    // A fourth of it is how often connections are looked at.
    const { head, seen } = await scene(({ socket }) => void socket.write(keeps), 40);
    await head();
    await head();
    expect(seen).toHaveLength(1);
    await until(() => seen[0]?.closed === true);
  });
});

describe('a HEAD fails', () => {
  test('when its connection is closed before the answer is complete', async () => {
    const { head } = await scene(({ socket }) => void socket.end(OK.slice(0, -2)));
    await expect(head()).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' });
  });

  test('when its connection is reset', async () => {
    const { head } = await scene(({ socket }) => void socket.resetAndDestroy());
    await expect(head()).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test('when what comes is no answer', async () => {
    const { head, seen } = await scene(({ socket }) => void socket.write('SSH-2.0\r\n\r\n'));
    await expect(head()).rejects.toMatchObject({ code: 'ANSWER_MALFORMED' });
    await until(() => seen[0]?.closed === true);
  });

  test.each([
    ['nothing comes', () => {}],
    [
      'it comes byte by byte',
      ({ socket }: Seen) => {
        const bytes = OK[Symbol.iterator]();
        const timer = setInterval(() => {
          const { value, done } = bytes.next();
          if (done === true || socket.destroyed) clearInterval(timer);
          else socket.write(value);
        }, 20);
      },
    ],
  ])('when %s in time', async (_what, answer) => {
    const { head } = await scene(answer, 40);
    await expect(head()).rejects.toMatchObject({ code: 'UND_ERR_HEADERS_TIMEOUT' });
  });
});

describe('a HEAD that is given up', () => {
  test('while it is under way takes its connection with it, and no other', async () => {
    const { begin, head, seen } = await scene((one, requests) => {
      if (one.text.includes('/slow ') && requests === 1) return;
      answered(one);
    });
    const slow = begin('/slow');
    const other = head('/fast');
    await until(() => seen.some(({ text }) => text.includes('/slow ')));
    slow.attempt.abort(new Error('enough'));
    await expect(slow.answer).rejects.toThrow('enough');
    expect(await other).toMatchObject({ statusCode: 200 });
    await until(() => seen.some(({ text, closed }) => text.includes('/slow ') && closed));
    expect(seen.filter(({ closed }) => closed)).toHaveLength(1);
  });

  test('once it is answered ends nothing', async () => {
    const { begin, head, seen } = await scene(answered);
    const first = begin();
    await first.answer;
    const second = head();
    first.attempt.abort(new Error('too late'));
    expect(await second).toMatchObject({ statusCode: 200 });
    expect(seen).toHaveLength(1);
  });

  test('before there is a connection is not sent; the connection is for the next', async () => {
    const { begin, head, seen } = await scene(answered);
    const early = begin('/early');
    early.attempt.abort(new Error('enough'));
    await expect(early.answer).rejects.toThrow('enough');
    await until(() => seen.length === 1);
    // Its client hears of it no later than the server.
    await new Promise(resolve => setImmediate(resolve));
    await head('/next');
    expect(seen.map(({ text }) => text).join()).not.toContain('/early');
  });
});

describe('connections that are closed', () => {
  test('end with their answers', async () => {
    const { client, begin, head, seen } = await scene(() => {});
    const waiting = begin();
    await until(() => seen[0]?.text.endsWith('\r\n\r\n') === true);
    client.close();
    seen[0]?.socket.write(OK);
    expect(await waiting.answer).toMatchObject({ statusCode: 200 });
    await until(() => seen[0]?.closed === true);
    // Whoever still asks is answered, over a connection that nobody keeps.
    const late = head();
    await until(() => seen[1]?.text.endsWith('\r\n\r\n') === true);
    seen[1]?.socket.write(OK);
    expect(await late).toMatchObject({ statusCode: 200 });
    await until(() => seen[1]?.closed === true);
  });

  test('at once end at once', async () => {
    const { client, begin, seen } = await scene(() => {});
    const waiting = begin();
    const failed = expect(waiting.answer).rejects.toMatchObject({ code: 'UND_ERR_DESTROYED' });
    await until(() => seen[0]?.text.endsWith('\r\n\r\n') === true);
    client.destroy();
    await failed;
    await until(() => seen[0]?.closed === true);
  });

  test('are not kept when they come too late', async () => {
    const { client, begin, seen } = await scene(answered);
    const early = begin();
    client.destroy();
    expect(await early.answer).toMatchObject({ statusCode: 200 });
    await until(() => seen[0]?.closed === true);
  });
});

describe('the timer of all connections', () => {
  test('goes with the last of them', async () => {
    const set = jest.spyOn(globalThis, 'setInterval');
    const cleared = jest.spyOn(globalThis, 'clearInterval');
    const { client, head } = await scene(answered);
    await Promise.all([head(), head()]);
    expect(set).toHaveBeenCalledTimes(1);
    expect(cleared).not.toHaveBeenCalled();
    client.destroy();
    expect(cleared.mock.calls.map(([timer]) => timer)).toContain(set.mock.results[0]?.value);
    jest.restoreAllMocks();
  });

  test('comes again with the next', async () => {
    const { head, seen } = await scene(({ socket }) => {
      if (seen.length === 1) socket.end(OK);
    }, 40);
    await head();
    await until(() => seen[0]?.closed === true);
    await expect(head()).rejects.toMatchObject({ code: 'UND_ERR_HEADERS_TIMEOUT' });
  });
});
