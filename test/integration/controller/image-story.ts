import type { Image } from '../../../src/api/image.ts';
import { UNREFERENCED_SINCE_ANNOTATION } from '../../../src/api/names.ts';
import { systemClock } from '../../../src/clock.ts';
import { ImageSweep } from '../../../src/controller/image-sweep.ts';
import { ImageStore } from '../../../src/controller/images.ts';
import type { ControllerObserver } from '../../../src/controller/observer.ts';
import { imageObjectName } from '../../../src/imagestream/image-names.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { createKubeClient } from '../../../src/kube/http-client.ts';
import { deafObserver } from '../../../src/kube/observer.ts';
import { createReflector } from '../../../src/kube/reflector.ts';
import { IMAGES } from '../../../src/kube/resource.ts';
import { createLogger, silentLogger } from '../../../src/log.ts';
import { type FakeApiServer, startFakeApiServer } from '../../fake/api-server.ts';
import { fakeClock } from '../../fake/clock.ts';
import { digestOf, image } from '../../gen/history.ts';

export type ImageStory = Awaited<ReturnType<typeof imageStory>>;

/** An API server, and a store and a sweep of Images that talk to it; time stands still until it is moved. */
export async function imageStory(closers: (() => Promise<unknown>)[], namespaces: readonly string[] = []) {
  const server = await startFakeApiServer();
  const clock = fakeClock();
  const real = createKubeClient({ config: server.config, clock: systemClock, log: silentLogger });
  const lines: string[] = [];
  const log = createLogger('info', { write: line => lines.push(line) });
  const writes: string[] = [];
  const observer: Pick<ControllerObserver, 'patched'> = {
    patched: (kind, outcome) => writes.push(`${kind} ${outcome}`),
  };
  const between: Between = {};
  const client = interrupted(real, between);
  const newStore = (own: Pick<KubeClient, 'get' | 'create' | 'patch'> = client) =>
    new ImageStore({ client: own, observer, clock, log });
  const store = newStore();
  const missing: string[] = [];
  const headMissing = (key: string) => missing.push(key);
  const sweep = new ImageSweep({ client, namespaces, headMissing, observer, clock, random: () => 0, log });
  const watching = new AbortController();
  let watched: Promise<void> | undefined;
  closers.push(async () => {
    watching.abort();
    await watched;
    await real.close();
    await server.close();
  });
  const watch = () => {
    const parts = { client: real, clock: systemClock, random: () => 0, log: silentLogger, observer: deafObserver };
    const query = { metadataOnly: true };
    const reflector = createReflector({ ...parts, path: { resource: IMAGES }, query, sink: store });
    watched = reflector.run(watching.signal);
    return reflector.synced;
  };
  return { server, clock, client, store, newStore, sweep, missing, lines, writes, between, watch };
}

/** What somebody else does just before a request of this kind is sent; once. */
export type Between = Partial<Record<'create' | 'patch' | 'delete' | 'list', () => unknown>>;

function interrupted(client: KubeClient, between: Between): KubeClient {
  const happen = async (verb: keyof Between) => {
    const what = between[verb];
    delete between[verb];
    await what?.();
  };
  return {
    ...client,
    get: (path, signal) => client.get(path, signal),
    create: async (path, body, signal) => happen('create').then(() => client.create(path, body, signal)),
    patch: async (path, body, signal) => happen('patch').then(() => client.patch(path, body, signal)),
    delete: async (path, wanted, signal) => happen('delete').then(() => client.delete(path, wanted, signal)),
    list: async (path, query, signal) => happen('list').then(() => client.list(path, query, signal)),
  };
}

/** An Image of this digit as it is stored, for example with a mark. */
export function storedObject(digit: string, since?: string, more: Partial<Image> = {}): Image {
  const { metadata: _metadata, ...fields } = image(digit, more);
  const annotations = since === undefined ? {} : { annotations: { [UNREFERENCED_SINCE_ANNOTATION]: since } };
  return { ...fields, metadata: { name: imageObjectName(digestOf(digit)), ...annotations } };
}

/** An Image of a list of these digits. */
export function listImage(digit: string, ...children: readonly string[]): Image {
  return image(digit, { dockerImageManifests: children.map(manifestEntry) });
}

export function manifestEntry(digit: string) {
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  return { digest: digestOf(digit), mediaType, manifestSize: 1, architecture: 'amd64', os: 'linux' };
}

export function imageAt(server: FakeApiServer, digit: string): Image | undefined {
  return server.get<Image>(IMAGES, { name: imageObjectName(digestOf(digit)) });
}

export function markAt(server: FakeApiServer, digit: string): string | undefined {
  return imageAt(server, digit)?.metadata.annotations?.[UNREFERENCED_SINCE_ANNOTATION];
}
