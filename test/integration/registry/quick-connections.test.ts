import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { buildConnector } from 'undici';
import { Body } from '../../../src/registry/body.ts';
import { type BodyOf, QuickAttempt } from '../../../src/registry/quick-attempt.ts';
import { QuickConnections, type QuickRequest } from '../../../src/registry/quick-connections.ts';
import { DEFAULT_TIMEOUTS } from '../../../src/registry/timeouts.ts';
import { declaredLength } from '../../../src/registry/transport.ts';

const OK = 'HTTP/1.1 200 OK\r\nDocker-Content-Digest: sha256:ab\r\nContent-Length: 12\r\n\r\n';

/** One connection as the server sees it. */
interface Seen {
  readonly socket: Socket;
  /** What came over it so far. */
  text: string;
  closed: boolean;
}

const servers: Server[] = [];
const clients: QuickConnections[] = [];

afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  for (const server of servers.splice(0)) server.close();
});

/** A server that calls `answer` for each request it has read to the end, and the client that asks it. */
async function scene(
  answer: (seen: Seen, requests: number) => void,
  headersMs = 15_000,
  maxKept = 512,
  bodyIdleMs = 15_000,
) {
  const timeouts = { ...DEFAULT_TIMEOUTS, headersMs, bodyIdleMs };
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
  const client = new QuickConnections({
    connector: onread => buildConnector({ allowH2: false, onread }),
    timeouts,
    maxKept,
  });
  clients.push(client);
  const origin = `http://127.0.0.1:${port}`;
  const begin = (path = '/v2/a/manifests/1', headers: QuickRequest['headers'] = {}) => {
    const attempt = new QuickAttempt({ status: undefined });
    return { attempt, answer: attempt.send(client, { method: 'HEAD', origin, path, headers }) };
  };
  const head = (path?: string, headers?: QuickRequest['headers']) => begin(path, headers).answer;
  const bodyOf: BodyOf = ({ headers }, tooSlow) => {
    const contentLength = declaredLength(headers);
    return new Body(
      { capBytes: 100, beyondCap: 'refuse', contentLength, contentEncoding: undefined, timeouts },
      tooSlow,
    );
  };
  const ask = (request: Partial<QuickRequest> = {}) => {
    const attempt = new QuickAttempt({ status: undefined }, bodyOf);
    return attempt.send(client, { method: 'GET', origin, path: '/token', headers: {}, ...request });
  };
  return { client, seen, begin, head, ask, port };
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
      bytes: new Uint8Array(),
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
    const attempt = new QuickAttempt({ status: undefined });
    const request = { method: 'HEAD', origin: `http://127.0.0.1:${port}`, path, headers } as const;
    expect(() => void attempt.send(client, request)).toThrow(TypeError);
    expect(seen).toEqual([]);
  });

  test('fail when there is no connection', async () => {
    const { head } = await scene(answered);
    servers.pop()?.close();
    await expect(head()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

const json = '{"token":"t"}';
const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
const counted = (bytes: number) => `HTTP/1.1 200 OK\r\nContent-Length: ${bytes}\r\n\r\n`;
const textOf = ({ bytes }: { readonly bytes: Uint8Array }) => Buffer.from(bytes).toString();

describe('answers with a body', () => {
  test.each([
    ['of a told length', [`${counted(13)}${json}`]],
    ['that comes after its head', [counted(13), json]],
    ['in pieces', [counted(13), json.slice(0, 5), json.slice(5)]],
    ['in chunks', [`${chunked}5\r\n${json.slice(0, 5)}\r\n8;x=y\r\n${json.slice(5)}\r\n0\r\n\r\n`]],
    ['of nothing', ['HTTP/1.1 204 No Content\r\n\r\n']],
  ])('%s leave their connection to the next', async (_what, pieces) => {
    const { ask, seen } = await scene(async ({ socket }) => {
      for (const piece of pieces) {
        socket.write(piece);
        await new Promise(resolve => setTimeout(resolve, 5));
      }
    });
    const expected = pieces[0]?.includes('204') ? '' : json;
    expect(textOf(await ask())).toBe(expected);
    expect(textOf(await ask())).toBe(expected);
    expect(seen).toHaveLength(1);
  });

  test('follow HEADs over the same connection, and HEADs them', async () => {
    const { ask, head, seen } = await scene((one, requests) => {
      one.socket.write(requests % 2 === 1 ? OK : `${counted(13)}${json}`);
    });
    expect((await head()).bytes).toHaveLength(0);
    expect(textOf(await ask())).toBe(json);
    expect((await head()).bytes).toHaveLength(0);
    expect(seen).toHaveLength(1);
  });

  test('end with their connection where no length is told', async () => {
    const { ask } = await scene(({ socket }) => void socket.end(`HTTP/1.1 200 OK\r\n\r\n${json}`));
    expect(textOf(await ask())).toBe(json);
  });

  test('of any bytes are those bytes', async () => {
    const bytes = Buffer.from(Array.from({ length: 100 }, (_, at) => (at * 7) % 256));
    const { ask } = await scene(({ socket }) => void socket.write(Buffer.concat([Buffer.from(counted(100)), bytes])));
    expect(Buffer.from((await ask()).bytes)).toEqual(bytes);
  });

  test('are had by POST, too', async () => {
    const { ask, seen } = await scene(({ socket }) => void socket.write(`${counted(13)}${json}`));
    const sent = ask({ method: 'POST', headers: { 'Content-Type': 'a/b' }, body: 'a=b\r\n\r\n' });
    expect(textOf(await sent)).toBe(json);
    expect(seen[0]?.text).toMatch(/^POST \/token HTTP\/1\.1\r\n/);
    expect(seen[0]?.text).toContain('\r\nContent-Type: a/b\r\nContent-Length: 7\r\n\r\na=b\r\n\r\n');
  });

  test.each([
    ['more bytes than told', `${counted(13)}${json}x`],
    ['another answer', `${counted(13)}${json}${counted(13)}${json}`],
    ['more than the last chunk', `${chunked}d\r\n${json}\r\n0\r\n\r\nx`],
  ])('with %s lend their connection to none', async (_what, text) => {
    const { ask, seen } = await scene(({ socket }) => void socket.write(text));
    expect(textOf(await ask())).toBe(json);
    await until(() => seen[0]?.closed === true);
  });

  test.each([
    ['that are too large', `${counted(101)}${'x'.repeat(101)}`, { problem: 'tooLarge' }],
    ['that grow too large', `${chunked}65\r\n${'x'.repeat(101)}`, { problem: 'tooLarge' }],
    ['that break off', `${counted(13)}{`, { code: 'UND_ERR_SOCKET' }],
    ['whose chunks break off', `${chunked}d\r\n${json}\r\n`, { code: 'UND_ERR_SOCKET' }],
    [
      'with a length and chunks',
      `HTTP/1.1 200 OK\r\nContent-Length: 13\r\n${chunked.slice(17)}`,
      { code: 'ANSWER_MALFORMED' },
    ],
    ['whose chunks are none', `${chunked}x\r\n`, { code: 'ANSWER_MALFORMED' }],
  ])('%s fail, and their connection ends', async (_what, text, error) => {
    const { ask, seen } = await scene(({ socket }) => {
      socket.write(text);
      setTimeout(() => socket.end(), 20);
    });
    await expect(ask()).rejects.toMatchObject(error);
    await until(() => seen[0]?.closed === true);
  });

  test.each([
    ['break off', 'Content-Length: 13\r\n\r\n{'],
    ['are malformed', 'Transfer-Encoding: chunked\r\n\r\nx\r\n'],
    ['come in a coding of their own', 'Transfer-Encoding: gzip, chunked\r\n\r\n'],
  ])('of a no that %s leave the status and its headers', async (_what, rest) => {
    const { ask } = await scene(({ socket }) => void socket.end(`HTTP/1.1 429 Too Many\r\nRetry-After: 7\r\n${rest}`));
    expect(await ask()).toMatchObject({ statusCode: 429, headers: { 'retry-after': '7' }, bytes: new Uint8Array() });
  });

  test('of a POST come over a connection that nobody had', async () => {
    const { ask, seen } = await scene(({ socket }) => void socket.write(`${counted(13)}${json}`));
    await ask();
    await ask({ method: 'POST' });
    await ask();
    expect(seen.map(({ text }) => text.match(/GET|POST/g))).toEqual([['GET', 'GET'], ['POST']]);
  });

  test('before all of the request was sent lend their connection to none', async () => {
    const { ask, seen } = await scene(() => {});
    const sent = ask({ method: 'POST', body: 'x'.repeat(32 * 1024 * 1024) });
    await until(() => seen.length === 1);
    seen[0]?.socket.pause().write(`HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n`);
    expect(await sent).toMatchObject({ statusCode: 400 });
    seen[0]?.socket.resume();
    await until(() => seen[0]?.closed === true);
  });

  test('may take longer than the time between two pieces of them', async () => {
    const { ask } = await scene(
      async ({ socket }) => {
        socket.write(counted(13));
        for (const byte of json) {
          await new Promise(resolve => setTimeout(resolve, 50));
          socket.write(byte);
        }
      },
      15_000,
      512,
      400,
    );
    expect(textOf(await ask())).toBe(json);
  });

  test('that stop coming fail', async () => {
    const { ask } = await scene(({ socket }) => void socket.write(`${counted(13)}{`), 15_000, 512, 40);
    await expect(ask()).rejects.toMatchObject({ code: 'UND_ERR_BODY_TIMEOUT' });
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
