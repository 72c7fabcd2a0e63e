import { createSecureServer } from 'node:http2';
import { createServer } from 'node:https';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, expect, test } from '@jest/globals';
import { startFakeRegistry } from '../../fake/registry.ts';
import { requestContext } from '../../fake/settings.ts';
import { keyPair, testCa } from '../../fake/tls.ts';
import { sampleImage } from '../../gen/content.ts';
import { clientOf, closeAll, closeLater } from './bench.ts';

const image = sampleImage();
const context = requestContext();
const repository = 'team/app';

afterEach(closeAll);

test('D19 checks go over one kept connection of https', async () => {
  const registry = closeLater(await startFakeRegistry({ tls: keyPair('server') }));
  registry.putContent(repository, 'v1', image);
  const { client } = clientOf({ [registry.host]: { ca: testCa } });
  const app = { host: registry.host, repository, insecure: false };
  for (let count = 0; count < 3; count += 1) {
    expect(await client.checkTag(app, 'v1', image.digest, context)).toMatchObject({ outcome: 'unchanged' });
  }
  expect(registry.requests.map(({ method, connection }) => `${method} ${connection}`)).toEqual([
    'HEAD 1',
    'HEAD 1',
    'HEAD 1',
  ]);
});

test('what comes right behind an answer over https is not taken for the next', async () => {
  const answer = (digest: string) => `HTTP/1.1 200 OK\r\nDocker-Content-Digest: ${digest}\r\n\r\n`;
  const seen: string[] = [];
  const registry = createTlsServer(keyPair('server'), socket => {
    const nth = seen.push('') - 1;
    socket.setNoDelay();
    socket.on('error', () => {});
    socket.on('data', piece => {
      seen[nth] += piece.toString();
      if (!seen[nth]?.endsWith('\r\n\r\n')) return;
      // Each is a record of its own.
      socket.write(answer(image.digest));
      socket.write(answer(`sha256:${'f'.repeat(64)}`));
    });
  });
  // Between them is one who passes on together what comes together.
  const relay = createTcpServer(socket => {
    const onward = connect((registry.address() as AddressInfo).port, '127.0.0.1');
    const pieces: Buffer[] = [];
    let timer: NodeJS.Timeout | undefined;
    onward.on('data', piece => {
      pieces.push(piece);
      clearTimeout(timer);
      timer = setTimeout(() => void socket.write(Buffer.concat(pieces.splice(0))), 50);
    });
    socket.pipe(onward);
    for (const [end, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      end.on('error', () => {});
      end.on('close', () => other.destroy());
    }
  });
  for (const server of [registry, relay]) {
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    closeLater({ close: () => new Promise<void>(resolve => server.close(() => resolve())) });
  }
  const host = `127.0.0.1:${(relay.address() as AddressInfo).port}`;
  const { client } = clientOf({ [host]: { ca: testCa } });
  const check = () => client.checkTag({ host, repository, insecure: false }, 'v1', image.digest, context);
  expect(await check().then(check)).toMatchObject({ outcome: 'unchanged' });
  expect(seen).toHaveLength(2);
});

test('the long head of an answer over https is read to its end', async () => {
  const server = createServer(keyPair('server'), (_request, response) => {
    response.writeHead(200, { 'x-long': 'x'.repeat(12_000), 'docker-content-digest': image.digest }).end();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  closeLater({ close: () => new Promise<void>(resolve => server.close(() => resolve())) });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { client } = clientOf({ [host]: { ca: testCa } });
  const check = client.checkTag({ host, repository, insecure: false }, 'v1', image.digest, context);
  expect(await check).toMatchObject({ outcome: 'unchanged' });
});

test('a registry that an administrator lets speak HTTP/2 is checked over it', async () => {
  const heard: string[] = [];
  const server = createSecureServer({ ...keyPair('server') }, (request, response) => {
    heard.push(`HTTP/${request.httpVersion} ${request.method} ${request.url}`);
    response.writeHead(200, { 'docker-content-digest': image.digest }).end();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  closeLater({ close: () => new Promise<void>(resolve => server.close(() => resolve())) });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { client } = clientOf({ [host]: { ca: testCa, allowH2: true } });
  const check = client.checkTag({ host, repository, insecure: false }, 'v1', image.digest, context);
  expect(await check).toMatchObject({ outcome: 'unchanged' });
  expect(heard).toEqual(['HTTP/2.0 HEAD /v2/team/app/manifests/v1']);
});
