import type { IncomingHttpHeaders } from 'node:http';
import type { KubeVerb } from '../../src/kube/observer.ts';
import type { Resource } from '../../src/kube/resource.ts';

/** One request, understood. */
export interface HeardCall {
  readonly verb: KubeVerb;
  readonly group: string;
  /** Plural. */
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  /** Parsed; undefined when there was none. */
  readonly body: unknown;
  /** Number of the connection it came over, from 1. */
  readonly connection: number;
  /** Common name of the client's certificate. */
  readonly clientName?: string;
}

/** Which requests are meant: all those that have everything named here. */
export interface CallMatcher {
  readonly verb?: KubeVerb;
  readonly resource?: Resource | string;
  readonly namespace?: string;
  readonly name?: string;
  /** `''` for requests of none. */
  readonly subresource?: string;
}

export function matchesCall(what: CallMatcher, call: HeardCall): boolean {
  if (what.verb !== undefined && what.verb !== call.verb) return false;
  const plural = typeof what.resource === 'object' ? what.resource.plural : what.resource;
  if (plural !== undefined && plural !== call.resource) return false;
  if (what.namespace !== undefined && what.namespace !== call.namespace) return false;
  if (what.name !== undefined && what.name !== call.name) return false;
  return what.subresource === undefined || what.subresource === (call.subresource ?? '');
}

type Place = Pick<HeardCall, 'group' | 'resource' | 'namespace' | 'name' | 'subresource'>;

/** Reads `/apis/<group>/<version>/namespaces/<ns>/<plural>/<name>/<subresource>`; undefined for any other path. */
export function readPlace(path: string): (Place & { readonly version: string }) | undefined {
  const parts = path.slice(1).split('/').map(decodeURIComponent);
  const root = parts.shift();
  if (root !== 'api' && root !== 'apis') return undefined;
  const group = root === 'api' ? '' : (parts.shift() ?? '');
  const version = parts.shift() ?? '';
  const namespace = parts[0] === 'namespaces' && parts.length > 2 ? parts.splice(0, 2)[1] : undefined;
  const [resource, name, subresource] = parts;
  if (resource === undefined || resource === '') return undefined;
  return {
    group,
    version,
    resource,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
  };
}

const VERBS: Readonly<Record<string, KubeVerb>> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };

export function verbOf(method: string, name: string | undefined, watch: boolean): KubeVerb {
  if (method !== 'GET') return VERBS[method] ?? 'get';
  if (watch) return 'watch';
  return name === undefined ? 'list' : 'get';
}

/** Whether an object's fields or labels are as a selector asks: `type=Opaque,metadata.name!=a`. */
export function selects(selector: string | undefined, read: (path: string) => string | undefined): boolean {
  if (selector === undefined || selector === '') return true;
  return selector.split(',').every(term => {
    const [, path = '', operator, value = ''] = /^(.*?)(!=|==?)(.*)$/.exec(term) ?? [];
    return ((read(path) ?? '') === value) === (operator !== '!=');
  });
}
