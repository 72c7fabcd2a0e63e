// The fake registry in a process of its own, so that what it costs is not counted as ours. Spoken to over IPC.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FakeRegistry, startFakeRegistry } from '../fake/registry.ts';
import { type Content, sampleImage, sampleIndex } from '../gen/content.ts';

export interface FakeSetup {
  readonly tls?: boolean;
  readonly bearer?: boolean;
  /** Repositories `bench/0`, `bench/1`, … with `tags` tags `t0`, `t1`, … each. */
  readonly repositories: number;
  readonly tags: number;
  readonly content: 'image' | 'index';
  /** Added to every answer, in milliseconds. */
  readonly latencyMs?: number;
  /** Answers every manifest GET so. */
  readonly hostile?: 'endless' | '5MiB';
}

export type FakeCommand = { readonly id: number; readonly command: 'count' | 'forget' | 'close' };

const certificates = join(import.meta.dirname, '../fake/certificates');
const setup = JSON.parse(process.argv[2] ?? '{}') as FakeSetup;
const registry = await startFakeRegistry({
  ...(setup.tls === true && {
    tls: {
      key: readFileSync(join(certificates, 'server.key'), 'utf8'),
      cert: readFileSync(join(certificates, 'server.crt'), 'utf8'),
    },
  }),
  ...(setup.bearer === true && { auth: { kind: 'bearer' } }),
});
fill(registry);
if (setup.hostile !== undefined) beHostile(registry, setup.hostile);

process.on('message', async ({ id, command }: FakeCommand) => {
  const answer =
    command === 'count' ? registry.requests.map(({ method, path, atMs }) => ({ method, path, atMs })) : undefined;
  if (command === 'forget') registry.forget();
  if (command === 'close') await registry.close();
  process.send?.({ id, answer });
  if (command === 'close') process.disconnect();
});
const { host, url } = setup.latencyMs === undefined ? registry : await delaying(registry, setup.latencyMs);
process.send?.({ host, url });

function fill(target: FakeRegistry): void {
  const image = (seed: string) => sampleImage({ seed });
  for (let repository = 0; repository < setup.repositories; repository += 1) {
    for (let tag = 0; tag < setup.tags; tag += 1) {
      const seed = `${repository}-${tag}`;
      const content: Content =
        setup.content === 'image'
          ? image(seed)
          : sampleIndex([image(seed), sampleImage({ seed, architecture: 'arm64' })]);
      target.putContent(`bench/${repository}`, `t${tag}`, content);
    }
  }
}

/** Stands in front of the registry and holds every request back. Returns where it listens. */
async function delaying(target: FakeRegistry, latencyMs: number): Promise<{ host: string; url: string }> {
  const front = createServer(async (asked, response) => {
    await sleep(latencyMs);
    const back = request(`${target.url}${asked.url}`, { method: asked.method, headers: asked.headers }, answer => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    asked.pipe(back);
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  const host = `127.0.0.1:${(front.address() as AddressInfo).port}`;
  process.once('disconnect', () => front.close());
  return { host, url: `http://${host}` };
}

function beHostile(target: FakeRegistry, kind: 'endless' | '5MiB'): void {
  const chunk = Buffer.alloc(64 * 1024, ' ');
  target.on({ method: 'GET', path: /\/manifests\// }, (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/vnd.oci.image.manifest.v1+json' });
    let left = kind === 'endless' ? Number.POSITIVE_INFINITY : 5 * 1024 * 1024;
    const pump = () => {
      while (left > 0 && !response.destroyed) {
        left -= chunk.length;
        if (!response.write(chunk)) {
          response.once('drain', pump);
          return;
        }
      }
      response.end();
    };
    pump();
    return undefined;
  });
}
