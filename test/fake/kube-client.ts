import type { TypedObject } from '../../src/api/meta.ts';
import type { Clock } from '../../src/clock.ts';
import { ApiError, NoAnswer } from '../../src/kube/api-error.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { actionText, type CollectionPath, type ObjectPath, urlPath } from '../../src/kube/resource.ts';
import { mergePatch } from './api-server-writes.ts';

/** What becomes of one request on its way. */
export interface Weather {
  /** Until the server gets it. */
  readonly thereMs?: number;
  /** Until its answer is back. */
  readonly backMs?: number;
  /** The request never arrives, or its answer never does; unless it `fails`, nobody is told. */
  readonly lost?: 'request' | 'answer';
  /** After which time the caller learns that the connection broke. */
  readonly failsMs?: number;
  /** Refused with this code, when it arrives. */
  readonly refused?: number;
}

/** What a request does: `get`, `create`, `update`, `patch`. */
type Ask = 'get' | 'create' | 'update' | 'patch';

/** Objects in memory. Several clients may look at the same ones, each through weather of its own. */
export class FakeObjects {
  readonly #objects = new Map<string, TypedObject>();
  #version = 0;
  /** Called after each write with the object as stored, undefined when it was deleted. */
  onWrite: (object: TypedObject | undefined) => void = () => {};

  get<T extends TypedObject>(path: ObjectPath): T | undefined {
    return this.#objects.get(urlPath(path)) as T | undefined;
  }

  put<T extends TypedObject>(path: ObjectPath, object: T): T {
    this.#version += 1;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
    this.#objects.set(urlPath(path), stored);
    this.onWrite(stored);
    return stored;
  }

  remove(path: ObjectPath): void {
    this.#objects.delete(urlPath(path));
    this.onWrite(undefined);
  }

  /** Does what is asked, as an API server does it. */
  serve(ask: Ask, path: ObjectPath, body: TypedObject | undefined): TypedObject {
    const refuse = (code: number, reason: string) => {
      throw new ApiError(actionText(ask, path), code, { kind: 'Status', status: 'Failure', reason, code });
    };
    const stored = this.get(path);
    if (ask === 'create') {
      if (stored !== undefined) return refuse(409, 'AlreadyExists');
      return this.put(path, { ...body, metadata: { ...body?.metadata } });
    }
    if (stored === undefined) return refuse(404, 'NotFound');
    if (ask === 'get') return stored;
    const version = body?.metadata?.resourceVersion;
    if (version !== undefined && version !== stored.metadata.resourceVersion) return refuse(409, 'Conflict');
    const next = ask === 'patch' ? mergePatch(stored, body) : body;
    // What changes nothing makes no new version.
    if (JSON.stringify(next) === JSON.stringify(stored)) return stored;
    return this.put(path, next as TypedObject);
  }
}

/** A client whose requests go through weather on a clock, to objects in memory. Lists and watches are not asked of it. */
export function fakeKubeClient(
  objects: FakeObjects,
  clock: Clock,
  weather: (ask: Ask, path: ObjectPath) => Weather = () => ({}),
): Pick<KubeClient, 'get' | 'create' | 'replace' | 'patch'> {
  const ask = async (what: Ask, path: ObjectPath, body: unknown, signal: AbortSignal): Promise<TypedObject> => {
    signal.throwIfAborted();
    const { thereMs = 0, backMs = 0, lost, failsMs, refused } = weather(what, path);
    const answer = Promise.withResolvers<TypedObject>();
    const giveUp = () => answer.reject(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    const fail = () => answer.reject(new NoAnswer(actionText(what, path), 'broken', {}));
    // The caller may give up; what is on its way goes on.
    const travel = async () => {
      if (thereMs > 0) await clock.sleep(thereMs);
      if (lost === 'request') return;
      const settle = serving(() => {
        if (refused !== undefined) throw new ApiError(actionText(what, path), refused, { status: 'Failure' });
        return objects.serve(what, path, body as TypedObject | undefined);
      });
      if (backMs > 0) await clock.sleep(backMs);
      if (lost === undefined) settle(answer);
    };
    void travel();
    if (failsMs !== undefined) void clock.sleep(failsMs).then(fail);
    try {
      return structuredClone(await answer.promise);
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  };
  const named = (path: CollectionPath, body: TypedObject): ObjectPath => ({
    ...path,
    name: body.metadata.name ?? '',
  });
  return {
    get: <T extends TypedObject>(path: ObjectPath, signal: AbortSignal) =>
      ask('get', path, undefined, signal) as Promise<T>,
    create: <T extends TypedObject>(path: CollectionPath, body: T, signal: AbortSignal) =>
      ask('create', named(path, body), body, signal) as Promise<T>,
    replace: <T extends TypedObject>(path: ObjectPath, body: T, signal: AbortSignal) =>
      ask('update', path, body, signal) as Promise<T>,
    patch: <T extends TypedObject>(path: ObjectPath, body: object, signal: AbortSignal) =>
      ask('patch', path, body, signal) as Promise<T>,
  };
}

/** Does the work now; what came of it is told later. */
function serving(work: () => TypedObject): (answer: PromiseWithResolvers<TypedObject>) => void {
  try {
    const object = work();
    return answer => answer.resolve(object);
  } catch (error) {
    return answer => answer.reject(error);
  }
}
