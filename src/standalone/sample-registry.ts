import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../clock.ts';
import { type RegistryAnswer, type Repository, registryAnswer } from './sample-answers.ts';
import { type Content, type SampleImage, sampleImage } from './sample-image.ts';

export interface SampleRegistryOptions {
  /** 0 is any free one. */
  readonly port: number;
  readonly clock: Clock;
}

/** A registry on loopback with one repository, whose tag `latest` moves now and then: upstream, as far as a demo has one. */
export interface SampleRegistry {
  /** `127.0.0.1:5000` */
  readonly host: string;
  readonly port: number;
  /** `demo/app` */
  readonly repository: string;
  readonly tags: readonly string[];
  /** Lets `latest` name a new build at once. Its digest. */
  move(): string;
  close(): Promise<void>;
}

const REPOSITORY = 'demo/app';
const RELEASES = [
  { version: '1.0', builtAtMs: Date.UTC(2026, 0, 12, 9, 30) },
  { version: '1.1', builtAtMs: Date.UTC(2026, 2, 2, 14, 5) },
] as const;
/** Soon, so that whoever just looks on sees it happen; later on there is time to try things in between. */
const FIRST_MOVE_MS = 8_000;
const MOVE_EVERY_MS = 30_000;
/** More than the history of a tag holds. Older ones are gone, as registries clean up. */
const KEPT_BUILDS = 50;
/** Readers are near and ask for little. */
const MAX_CONNECTIONS = 256;

/** Rejects with the error of Node's own when the port cannot be had. */
export async function startSampleRegistry({ port, clock }: SampleRegistryOptions): Promise<SampleRegistry> {
  const shelf = new Shelf();
  for (const { version, builtAtMs } of RELEASES) shelf.put(version, sampleImage(version, builtAtMs));
  let builds = 0;
  const build = () => {
    // With the time in it, no build of this run is one of an earlier run: `latest` never moves back.
    const image = sampleImage(`1.2.${builds}`, clock.now());
    builds += 1;
    shelf.put('latest', image);
    return image.index.digest;
  };
  build();

  const server = createServer((request, response) => respond(shelf, request, response));
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', () => resolve());
  });
  // A connection that cannot be accepted is the client's to ask for again.
  server.on('error', () => {});
  const { port: bound } = server.address() as AddressInfo;

  const closing = new AbortController();
  const moving = keepMoving(build, clock, closing.signal);
  return {
    host: `127.0.0.1:${bound}`,
    port: bound,
    repository: REPOSITORY,
    tags: ['latest', ...RELEASES.map(({ version }) => version)],
    move: build,
    close: async () => {
      closing.abort(new Error('the sample registry ends'));
      await moving;
      await new Promise<void>(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

async function keepMoving(move: () => void, clock: Clock, signal: AbortSignal): Promise<void> {
  for (let waitMs = FIRST_MOVE_MS; ; waitMs = MOVE_EVERY_MS) {
    try {
      await clock.sleep(waitMs, signal);
    } catch {
      return;
    }
    move();
  }
}

/** The one repository. */
class Shelf implements Repository {
  readonly name = REPOSITORY;
  readonly tags = new Map<string, string>();
  readonly manifests = new Map<string, Content>();
  readonly blobs = new Map<string, Content>();
  readonly #builds: SampleImage[] = [];

  put(tag: string, image: SampleImage): void {
    this.tags.set(tag, image.index.digest);
    for (const manifest of [image.index, ...image.manifests]) this.manifests.set(manifest.digest, manifest);
    for (const blob of image.blobs) this.blobs.set(blob.digest, blob);
    if (tag !== 'latest') return;
    this.#builds.push(image);
    const old = this.#builds.length > KEPT_BUILDS ? this.#builds.shift() : undefined;
    if (old === undefined) return;
    for (const { digest } of [old.index, ...old.manifests]) this.manifests.delete(digest);
    for (const { digest } of old.blobs) this.blobs.delete(digest);
  }
}

function respond(repository: Repository, request: IncomingMessage, response: ServerResponse): void {
  response.on('error', () => {});
  const { method = 'GET', url = '/', headers } = request;
  const answer = registryAnswer(repository, { method, url, ifNoneMatch: headers['if-none-match'] });
  response.writeHead(answer.status, headersOf(answer));
  // To HEAD, Node sends the headers alone.
  response.end(answer.body);
}

function headersOf({ status, headers, body }: RegistryAnswer): Record<string, string | number> {
  return {
    ...headers,
    'docker-distribution-api-version': 'registry/2.0',
    ...(status !== 304 && { 'content-length': body.length }),
    // A body that nobody reads would be taken for the next request.
    ...(status === 405 && { allow: 'GET, HEAD', connection: 'close' }),
  };
}
