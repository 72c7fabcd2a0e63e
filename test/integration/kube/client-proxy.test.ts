import { createServer, request } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, connect as dial, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import type { TypedObject } from '../../../src/api/meta.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { createKubeClient } from '../../../src/kube/http-client.ts';
import { IMAGE_STREAMS } from '../../../src/kube/resource.ts';
import { silentLogger } from '../../../src/log.ts';
import { type FakeApiServer, startFakeApiServer } from '../../fake/api-server.ts';
import { hastyClock } from '../../fake/api-server-clock.ts';
import { keyPair, testCa } from '../../fake/tls.ts';

const app = { resource: IMAGE_STREAMS, namespace: 'demo', name: 'app' };
const { signal } = new AbortController();

let server: FakeApiServer;
let client: KubeClient;
let proxy: Server;
/** Whom the proxy was asked for. */
let asked: string[];
const sockets = new Set<Socket>();

afterEach(async () => {
  await client.close();
  await server.close();
  for (const socket of sockets) socket.destroy();
  await new Promise(resolve => proxy.close(resolve));
});

const begin = async (kind: 'http' | 'socks5', tls: boolean) => {
  asked = [];
  proxy = kind === 'http' ? httpProxy() : socksProxy();
  proxy.on('connection', socket => sockets.add(socket));
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo;
  server = await startFakeApiServer(tls ? { tls: keyPair('server'), ca: testCa } : {});
  server.put(IMAGE_STREAMS, { metadata: { namespace: 'demo', name: 'app' } });
  // By name: a name is what a certificate is asked for.
  const named = server.url.replace('127.0.0.1', 'localhost');
  const config = { ...server.config, server: named, proxyUrl: `${kind}://127.0.0.1:${port}` };
  client = createKubeClient({ config, clock: hastyClock(), log: silentLogger });
};

test.each([
  { kind: 'http', tls: true },
  { kind: 'http', tls: false },
  { kind: 'socks5', tls: true },
] as const)('requests and watches go through a proxy: $kind, TLS $tls', async ({ kind, tls }) => {
  await begin(kind, tls);
  expect(await client.get(app, signal)).toMatchObject({ metadata: { name: 'app' } });
  const types: string[] = [];
  for await (const { type } of client.watch<TypedObject>(app, { resourceVersion: '0', timeoutSeconds: 0 }, signal))
    types.push(type);
  expect(types).toEqual(['ADDED']);
  const host = server.url.replace(/^.*:/, 'localhost:');
  expect(asked).toEqual([host, host]);
});

function httpProxy(): Server {
  const proxying = createServer((incoming, response) => {
    asked.push(new URL(incoming.url ?? '').host);
    const onward = request(
      incoming.url ?? '',
      { method: incoming.method ?? 'GET', headers: incoming.headers },
      answer => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    incoming.pipe(onward);
  });
  proxying.on('connect', (incoming, socket) => {
    asked.push(incoming.url ?? '');
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    join(socket as Socket, incoming.url ?? '');
  });
  return proxying;
}

/** SOCKS 5 without authentication, as far as CONNECT goes. */
function socksProxy(): Server {
  return createTcpServer(socket => {
    socket.once('data', () => {
      socket.write(Buffer.from([5, 0]));
      socket.once('data', ask => {
        const isName = ask[3] === 3;
        const host = isName ? ask.subarray(5, 5 + (ask[4] ?? 0)).toString() : ask.subarray(4, 8).join('.');
        const target = `${host}:${ask.readUInt16BE(ask.length - 2)}`;
        asked.push(target);
        socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
        join(socket, target);
      });
    });
  });
}

function join(socket: Socket, target: string): void {
  const [host = '', port = ''] = target.split(':');
  const onward = dial(Number(port), host);
  sockets.add(onward);
  socket.on('error', () => onward.destroy());
  onward.on('error', () => socket.destroy());
  socket.pipe(onward).pipe(socket);
}
