import type { Clock } from '../../clock.ts';
import { collectionOf, type Kind } from '../kinds.ts';
import { ApiFault, type Objects, type Target } from '../objects.ts';
import type { Storage } from '../storage.ts';
import { type Answer, jsonAnswer, type Stream, writtenAnswer } from './answer.ts';
import { patchType, readDeletion, readObject, readPatch } from './body.ts';
import { verbsOf } from './discovery.ts';
import { readShown } from './forms.ts';
import { isWatch, readListOptions } from './list-options.ts';
import { list, listAnswer } from './lists.ts';
import type { Place } from './places.ts';
import { methodNotAllowed } from './refusals.ts';
import type { Request } from './request.ts';
import { objectOf, readScope } from './scope.ts';
import type { WatchStart } from './watch.ts';
import type { Watches } from './watches.ts';
import { readDeleteOptions, readPatchOptions, readWriteOptions } from './write-options.ts';

export interface ResourcesParts {
  readonly storage: Storage;
  readonly objects: Objects;
  readonly watches: Watches;
  readonly clock: Clock;
}

type Reply = Promise<Answer | Stream>;

/** Answers requests about objects. Throws `ApiFault`. */
export class Resources {
  readonly #parts: ResourcesParts;

  constructor(parts: ResourcesParts) {
    this.#parts = parts;
  }

  answer(request: Request, place: Place): Reply {
    if (place.at === 'collection') return this.#collection(request, place.kind, place.namespace);
    return this.#object(request, targetOf(place));
  }

  async #collection(request: Request, kind: Kind, namespace: string): Reply {
    const isWhole = kind.namespaced === (namespace !== '');
    switch (request.method) {
      case 'GET':
        return isWatch(request.query) ? this.#watch(request, kind, namespace) : this.#list(request, kind, namespace);
      case 'POST':
        if (isWhole) return this.#create(request, { kind, namespace, name: '' });
        break;
      case 'DELETE':
        if (isWhole && verbsOf(kind).includes('deletecollection')) return this.#deleteAll(request, kind, namespace);
        break;
    }
    throw methodNotAllowed();
  }

  async #object(request: Request, target: Target): Reply {
    switch (request.method) {
      case 'GET':
        return this.#get(request, target);
      case 'PUT':
        return this.#update(request, target);
      case 'PATCH':
        return this.#patch(request, target);
      case 'DELETE':
        if (target.subresource === undefined) return this.#delete(request, target);
        break;
    }
    throw methodNotAllowed();
  }

  async #list(request: Request, kind: Kind, namespace: string): Reply {
    const { storage, clock } = this.#parts;
    const scope = readScope(kind, namespace, request.query);
    const options = readListOptions(request.query, 'list');
    return list(storage, kind, scope, options, readShown(request, kind, 'list', clock.now));
  }

  async #watch(request: Request, kind: Kind, namespace: string): Reply {
    const { storage, watches, clock } = this.#parts;
    const scope = readScope(kind, namespace, request.query);
    const options = readListOptions(request.query, 'watch');
    const shown = readShown(request, kind, 'watch', clock.now);
    const { resourceVersion, sendInitialEvents, allowWatchBookmarks: bookmarks, timeoutSeconds } = options;
    const start: WatchStart = sendInitialEvents
      ? { atLeast: resourceVersion ?? 0 }
      : resourceVersion
        ? { from: resourceVersion }
        : { fromNow: true };
    return watches.stream({ storage, collection: collectionOf(kind), scope, shown, bookmarks }, start, timeoutSeconds);
  }

  async #get(request: Request, target: Target): Reply {
    const shown = readShown(request, target.kind, 'object', this.#parts.clock.now);
    return { status: 200, body: shown.object(await this.#parts.objects.get(target)) };
  }

  async #create(request: Request, target: Target): Reply {
    const options = readWriteOptions(request.query, 'CreateOptions');
    const shown = readShown(request, target.kind, 'object', this.#parts.clock.now);
    const body = await readObject(request, target.kind.kind);
    const { object, warnings } = await this.#parts.objects.create(target, body, options);
    return writtenAnswer(shown.object(object), 201, warnings);
  }

  async #update(request: Request, target: Target): Reply {
    const options = readWriteOptions(request.query, 'UpdateOptions');
    const shown = readShown(request, target.kind, 'object', this.#parts.clock.now);
    const body = await readObject(request, target.kind.kind);
    const { object, created, warnings } = await this.#parts.objects.update(target, body, options);
    return writtenAnswer(shown.object(object), created ? 201 : 200, warnings);
  }

  async #patch(request: Request, target: Target): Reply {
    const type = patchType(request, target.kind);
    const options = readPatchOptions(request.query, type === 'apply');
    const shown = readShown(request, target.kind, 'object', this.#parts.clock.now);
    const patch = await readPatch(request, type);
    const { object, created, warnings } = await this.#parts.objects.patch(target, patch, options);
    return writtenAnswer(shown.object(object), created ? 201 : 200, warnings);
  }

  async #delete(request: Request, target: Target): Reply {
    const options = readDeleteOptions(request.query, await readDeletion(request));
    const shown = readShown(request, target.kind, 'object', this.#parts.clock.now);
    const { gone, object } = await this.#parts.objects.delete(target, options);
    if (!gone) return { status: 200, body: shown.object(object) };
    const { kind, name } = target;
    const { uid } = object.metadata;
    const details = { name, ...(kind.group !== '' && { group: kind.group }), kind: kind.plural, ...(uid && { uid }) };
    return jsonAnswer({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details });
  }

  /** Deletes what a list with the same selectors would show. What goes meanwhile by itself is gone, too. */
  async #deleteAll(request: Request, kind: Kind, namespace: string): Reply {
    const { storage, objects, clock } = this.#parts;
    const deletion = readDeleteOptions(request.query, await readDeletion(request));
    const scope = readScope(kind, namespace, request.query);
    const shown = readShown(request, kind, 'list', clock.now);
    const { items, version } = await storage.list(collectionOf(kind), namespace === '' ? {} : { namespace });
    const meant = items.filter(item => scope.includes(item));
    const isConditional = deletion.uid !== undefined || deletion.resourceVersion !== undefined;
    for (const item of meant) {
      const { uid } = objectOf(item).metadata;
      const target = { kind, namespace: item.namespace, name: item.name };
      await objects
        .delete(target, { ...(uid && { uid }), ...deletion })
        .catch(isConditional ? unlessMissing : unlessGone);
    }
    return listAnswer(meant, { resourceVersion: String(version) }, shown);
  }
}

function unlessMissing(error: unknown): void {
  if (!(error instanceof ApiFault) || error.status.code !== 404) throw error;
}

/** Gone, or another one by the same name. */
function unlessGone(error: unknown): void {
  if (!(error instanceof ApiFault) || error.status.code !== 409) unlessMissing(error);
}

function targetOf({ kind, namespace, name, subresource }: Place & { readonly at: 'object' }): Target {
  return { kind, namespace, name, ...(subresource === 'status' && { subresource }) };
}
