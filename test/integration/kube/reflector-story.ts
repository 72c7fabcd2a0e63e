import { setImmediate } from 'node:timers/promises';
import type { TypedObject } from '../../../src/api/meta.ts';
import { createKubeClient, type KubeClientParts } from '../../../src/kube/http-client.ts';
import { deafObserver, type KubeObserver } from '../../../src/kube/observer.ts';
import { createReflector, type Reflector, type ReflectorSink } from '../../../src/kube/reflector.ts';
import { type CollectionPath, IMAGE_STREAMS, objectKey } from '../../../src/kube/resource.ts';
import type { LogFields, Logger } from '../../../src/log.ts';
import { type FakeApiServer, type FakeApiServerOptions, startFakeApiServer } from '../../fake/api-server.ts';
import { type HastyClock, hastyClock } from '../../fake/api-server-clock.ts';

/** A sink that remembers what it was told. */
export interface MemorySink extends ReflectorSink<TypedObject> {
  /** Key to resourceVersion: what it holds now. */
  readonly held: Map<string, string>;
  /** `upsert demo/a`, `delete demo/a`, `replace 3`. */
  readonly told: string[];
}

export function memorySink(): MemorySink {
  const held = new Map<string, string>();
  const told: string[] = [];
  return {
    held,
    told,
    upsert: object => {
      held.set(objectKey(object.metadata), object.metadata.resourceVersion ?? '');
      told.push(`upsert ${objectKey(object.metadata)}`);
    },
    delete: key => {
      held.delete(objectKey(key));
      told.push(`delete ${objectKey(key)}`);
    },
    replace: (keys, namespace) => {
      for (const key of held.keys()) {
        const inScope = namespace === undefined || key.startsWith(`${namespace}/`);
        if (inScope && !keys.has(key)) held.delete(key);
      }
      told.push(`replace ${keys.size}`);
    },
  };
}

export interface LoggedLine {
  readonly level: string;
  readonly fields: LogFields;
  readonly message: string;
}

export interface Story {
  readonly server: FakeApiServer;
  readonly sink: MemorySink;
  readonly clock: HastyClock;
  readonly reflector: Reflector;
  readonly lines: readonly LoggedLine[];
  /** Lets it run, until `end`. */
  start(): void;
  /** Stops it and waits until it has stopped. */
  stop(): Promise<void>;
  /** Resolves when something has come to be true; turns of the event loop, not time, are waited for. */
  until(isSo: () => boolean): Promise<void>;
  /** Stops everything. */
  end(): Promise<void>;
}

export interface StoryOptions {
  readonly server?: FakeApiServerOptions;
  readonly client?: Partial<KubeClientParts>;
  readonly path?: CollectionPath;
  readonly sink?: Partial<MemorySink>;
  readonly observer?: Partial<KubeObserver>;
  readonly metadataOnly?: boolean;
}

/** A reflector of image streams before a fake API server. Random is always 0. */
export async function reflectorStory(options: StoryOptions = {}): Promise<Story> {
  const server = await startFakeApiServer(options.server);
  const clock = hastyClock();
  const lines: LoggedLine[] = [];
  const log = memoryLog(lines);
  const random = () => 0;
  const client = createKubeClient({ config: server.config, clock, log, random, ...options.client });
  const sink: MemorySink = { ...memorySink(), ...options.sink };
  const observer = { ...deafObserver, ...options.observer };
  const path = options.path ?? { resource: IMAGE_STREAMS };
  const query = options.metadataOnly === undefined ? {} : { metadataOnly: options.metadataOnly };
  const reflector = createReflector<TypedObject>({ client, path, query, sink, clock, random, log, observer });
  const stopper = new AbortController();
  let running: Promise<void> = Promise.resolve();
  const stop = async () => {
    stopper.abort(new Error('stopped'));
    await running;
  };
  return {
    server,
    sink,
    clock,
    reflector,
    lines,
    start: () => {
      running = reflector.run(stopper.signal);
    },
    stop,
    until: async isSo => {
      while (!isSo()) await setImmediate();
    },
    end: async () => {
      await stop();
      await client.close();
      await server.close();
    },
  };
}

export function stream(name: string, namespace = 'demo', more: object = {}): TypedObject {
  return { metadata: { namespace, name }, spec: { tags: [] }, ...more } as TypedObject;
}

function memoryLog(lines: LoggedLine[]): Logger {
  const at = (level: string) => (fields: LogFields, message: string) => {
    lines.push({ level, fields, message });
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
