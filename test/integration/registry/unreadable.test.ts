import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { silence } from '../../fake/registry.ts';
import { requestContext } from '../../fake/settings.ts';
import { sampleImage } from '../../gen/content.ts';
import { bench, closeAll } from './bench.ts';

const MANIFEST = /\/manifests\//;

afterEach(closeAll);

describe('errors whose words cannot be read', () => {
  test('A1 a 429 pauses its host though its body is in an encoding nobody asked for', async () => {
    const { registry, client, app, lanes, clock } = await bench();
    const headers = { 'Retry-After': '120', 'Content-Encoding': 'br' };
    registry.on({ path: MANIFEST }, { status: 429, headers, body: 'not brotli' });

    const asked = client.getManifest(app, { tag: 'v1' }, requestContext());

    await expect(asked).rejects.toMatchObject({ kind: 'rateLimited' });
    expect(lanes.pauses).toHaveLength(1);
    expect(lanes.pauses[0]?.untilMs).toBeGreaterThanOrEqual(clock.now() + 120_000);
  });

  test('a 404 with a body cut short still is a 404', async () => {
    const { registry, client, app } = await bench();
    registry.on({ path: MANIFEST }, (_request, response) => {
      response.writeHead(404, { 'Content-Length': '1000' });
      response.write('half of it');
      response.socket?.end();
      return undefined;
    });

    await expect(client.getManifest(app, { tag: 'v1' }, requestContext())).rejects.toMatchObject({ status: 404 });
  });
});

test('R6.13 no more than 16 bodies are read at the same time', async () => {
  const { registry, client, app } = await bench({ host: { rate: { perSecond: 100, burst: 100, inFlight: 32 } } });
  const image = sampleImage();
  const digest = registry.putContent('team/app', 'v1', image);
  await client.checkTag(app, 'v1', digest, requestContext());
  const halves: ServerResponse[] = [];
  registry.on({ method: 'GET', times: 16 }, (_request, response) => {
    response.writeHead(200, { 'Content-Type': image.mediaType, 'Content-Length': image.bytes.length });
    response.write(image.bytes.subarray(0, 10));
    halves.push(response);
    return undefined;
  });
  const get = () => client.getManifest(app, { tag: 'v1' }, requestContext());
  const held = Array.from({ length: 16 }, get);
  while (halves.length < 16) await new Promise(setImmediate);
  let read = false;
  const next = get().then(fetched => {
    read = true;
    return fetched;
  });
  while (registry.count({ method: 'GET' }) < 17) await new Promise(setImmediate);
  // What was answered before these has arrived before them, too.
  for (let turn = 0; turn < 10; turn += 1) await client.checkTag(app, 'v1', digest, requestContext());
  expect(read).toBe(false);

  for (const response of halves) response.end(image.bytes.subarray(10));
  expect(await next).toMatchObject({ digest });
  await Promise.all(held);
});

test('R6.13 requests that are never answered keep nobody from having a body read', async () => {
  const { registry, client, app } = await bench({ host: { rate: { perSecond: 100, burst: 100, inFlight: 32 } } });
  const digest = registry.putContent('team/well', 'v1', sampleImage());
  registry.on({ path: /\/team\/app\/manifests\// }, silence);
  const stop = new AbortController();
  const context = { ...requestContext(), signal: stop.signal };
  // The registry is known to be open, so that none of these is the one probe that the others wait for.
  await client.getManifest({ ...app, repository: 'team/well' }, { tag: 'v1' }, context);
  const hanging = Array.from({ length: 20 }, (_, index) =>
    client.getManifest(app, { tag: `v${index}` }, context).catch(error => error.kind),
  );

  const fetched = await client.getManifest({ ...app, repository: 'team/well' }, { digest }, context);

  expect(fetched.digest).toBe(digest);
  stop.abort();
  expect(new Set(await Promise.all(hanging))).toEqual(new Set(['aborted']));
});
