import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { ListenFault, type Servers, type ServersParts, startServers } from '../../../src/telemetry/servers.ts';
import { createTelemetry } from '../../../src/telemetry/telemetry.ts';
import { fakeClock } from '../../fake/clock.ts';

const LOOPBACK = { host: '127.0.0.1', port: 0 };
const PARTS: ServersParts = {
  metricsAddress: { ...LOOPBACK, host: 'localhost' },
  healthAddress: LOOPBACK,
  exposition: async () => 'some_metric 1\n',
  ready: () => [],
};

const started: Servers[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map(servers => servers.close()));
});

async function start(parts: Partial<ServersParts> = {}): Promise<Servers> {
  const servers = await startServers({ ...PARTS, ...parts });
  started.push(servers);
  return servers;
}

const get = (port: number | undefined, path: string, method = 'GET') =>
  fetch(`http://localhost:${port}${path}`, { method });

const refusal = async (parts: Partial<ServersParts>): Promise<unknown> => {
  try {
    await start(parts);
  } catch (error) {
    return error;
  }
  return undefined;
};

describe('startServers()', () => {
  test('serves metrics at one address, probes at another', async () => {
    const { metricsPort, healthPort } = (await start()).ports;
    const metrics = await get(metricsPort, '/metrics');
    expect([metrics.status, await metrics.text()]).toEqual([200, 'some_metric 1\n']);
    expect((await get(healthPort, '/healthz')).status).toBe(200);
    expect((await get(healthPort, '/readyz')).status).toBe(200);
    expect((await get(metricsPort, '/healthz')).status).toBe(404);
    expect((await get(healthPort, '/metrics')).status).toBe(404);
  });

  test('serves both at one address when both are the same', async () => {
    const { metricsPort, healthPort } = (await start({ metricsAddress: LOOPBACK })).ports;
    expect(metricsPort).toBe(healthPort);
    expect((await get(healthPort, '/metrics')).status).toBe(200);
    expect((await get(healthPort, '/healthz')).status).toBe(200);
  });

  test('serves nothing where an address is switched off', async () => {
    expect((await start({ metricsAddress: undefined, healthAddress: undefined })).ports).toEqual({});
    expect((await start({ metricsAddress: undefined })).ports).toEqual({ healthPort: expect.any(Number) });
  });

  test('says what Prometheus expects of the content, as prom-client says it', async () => {
    const { contentType, exposition } = createTelemetry({ version: '1.2.3', clock: fakeClock() });
    const { metricsPort } = (await start({ exposition })).ports;
    const response = await get(metricsPort, '/metrics');
    expect(response.headers.get('content-type')).toBe(contentType);
    expect(await response.text()).toContain('imagestream_operator_build_info{version="1.2.3"');
  });

  test('/readyz is 503 with its reasons until there are none; /healthz does not care', async () => {
    let reasons = ['image streams are not listed yet', 'the API server is away'];
    const { healthPort } = (await start({ ready: () => reasons })).ports;
    const refused = await get(healthPort, '/readyz');
    expect([refused.status, await refused.text()]).toEqual([
      503,
      'not ready:\n- image streams are not listed yet\n- the API server is away\n',
    ]);
    expect((await get(healthPort, '/healthz')).status).toBe(200);
    reasons = [];
    expect((await get(healthPort, '/readyz')).status).toBe(200);
  });

  test.each([
    ['GET', '/', 404],
    ['POST', '/nothing', 404],
    ['GET', '/healthz/', 404],
    ['GET', '/healthz?verbose', 200],
    ['HEAD', '/healthz', 200],
    ['POST', '/healthz', 405],
    ['DELETE', '/readyz', 405],
  ])('answers %s %s with %i', async (method, path, status) => {
    const { healthPort } = (await start()).ports;
    const response = await get(healthPort, path, method);
    expect(response.status).toBe(status);
    expect(response.headers.get('allow')).toBe(status === 405 ? 'GET, HEAD' : null);
  });

  test('HEAD tells the length of what GET would say, and says none of it', async () => {
    const { metricsPort } = (await start()).ports;
    const response = await get(metricsPort, '/metrics', 'HEAD');
    expect([response.headers.get('content-length'), await response.text()]).toEqual(['14', '']);
  });

  test('answers 500, without a word of why, when metrics or readiness cannot be told', async () => {
    const fail = () => {
      throw new Error('secret');
    };
    const { metricsPort, healthPort } = (await start({ exposition: async () => fail(), ready: fail })).ports;
    const responses = [await get(metricsPort, '/metrics'), await get(healthPort, '/readyz')];
    for (const response of responses) {
      expect([response.status, await response.text()]).toEqual([500, 'this could not be told\n']);
    }
    expect((await get(healthPort, '/healthz')).status).toBe(200);
  });

  test('a taken port is one clear line, and what was listened on before is given back', async () => {
    const taken = await start();
    const port = taken.ports.healthPort ?? 0;
    const free = await freePort();
    const error = await refusal({
      metricsAddress: { host: '127.0.0.1', port: free },
      healthAddress: { host: '127.0.0.1', port },
    });
    expect(error).toBeInstanceOf(ListenFault);
    expect(String(error)).toBe(`ListenFault: Cannot serve health at "127.0.0.1:${port}": it is taken`);
    await start({ metricsAddress: { host: '127.0.0.1', port: free }, healthAddress: undefined });
  });

  test('names an address that the machine does not have', async () => {
    const error = await refusal({ metricsAddress: { host: '192.0.2.1', port: 1 } });
    expect(String(error)).toBe('ListenFault: Cannot serve metrics at "192.0.2.1:1": this machine has no such address');
  });

  test('outlives what is no HTTP', async () => {
    const { healthPort } = (await start()).ports;
    const socket = await connected(healthPort);
    socket.end('\u0000\u0001 no request\r\n\r\n');
    await ended(socket);
    expect((await get(healthPort, '/healthz')).status).toBe(200);
  });
});

describe('close()', () => {
  test('ends connections that are idle, and may be called again', async () => {
    const servers = await start();
    await get(servers.ports.healthPort, '/healthz').then(response => response.text());
    await Promise.all([servers.close(), servers.close()]);
    await expect(get(servers.ports.healthPort, '/healthz')).rejects.toThrow();
  });

  test('does not wait for a request that never comes to its end', async () => {
    const servers = await start();
    const socket = await connected(servers.ports.healthPort);
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    const end = ended(socket);
    await servers.close();
    await end;
  });

  test('has room for 512 connections and hangs up on more', async () => {
    const { healthPort } = (await start()).ports;
    const held = await Promise.all(Array.from({ length: 512 }, () => connected(healthPort)));
    const oneMore = await connected(healthPort);
    expect(await answerOn(oneMore)).toBe('');
    expect(await answerOn(held[0] as Socket)).toContain('200 OK');
    for (const socket of held) socket.destroy();
  });
});

/** What is said to a request until the connection ends. */
async function answerOn(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', chunk => {
    text += chunk;
  });
  socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  await ended(socket);
  return text;
}

async function connected(port = 0): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  await new Promise(resolve => socket.once('connect', resolve));
  return socket;
}

function ended(socket: Socket): Promise<unknown> {
  socket.resume();
  return new Promise(resolve => socket.once('close', resolve));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise(resolve => server.close(resolve));
  return port;
}
