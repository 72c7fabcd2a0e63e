import { apiVersionOf, collectionOf, type Kind } from '../kinds.ts';
import { admits, readAccept } from './accept.ts';
import { type Answer, jsonAnswer } from './answer.ts';
import { notAcceptable } from './refusals.ts';
import type { Request } from './request.ts';

/** One resource, as both forms of discovery tell it. */
interface Resource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly subresources: readonly { readonly name: string; readonly verbs: readonly string[] }[];
}

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const OTHER_PATHS = ['/healthz', '/livez', '/openapi/v2', '/openapi/v3', '/readyz', '/version'];
const STATUS_VERBS = ['get', 'patch', 'update'];

/** A resource that is no stored object: it is only asked. */
export type Question = Pick<Kind, 'group' | 'version' | 'kind' | 'plural' | 'singular'>;

/** The form of discovery that tells all groups at once. The answer names it exactly so. */
const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** Tells which kinds there are. */
export class Discovery {
  readonly #resources: readonly Resource[];
  readonly #groups: readonly string[];

  constructor(kinds: readonly Kind[], questions: readonly Question[]) {
    this.#resources = [...kinds.map(kindResource), ...questions.map(questionResource)];
    this.#groups = [...new Set(this.#resources.map(({ group }) => group))].filter(group => group !== '').sort();
  }

  /** Undefined when the path is none of discovery's. `address` is where clients reach us: `127.0.0.1:8443`. */
  answer(request: Request, address: string): Answer | undefined {
    const [root, group, version, ...rest] = request.segments;
    if (root === undefined) return jsonAnswer({ paths: this.#paths() });
    if (rest.length > 0) return undefined;
    if (root === 'api') return this.#core(request, address, group, version);
    if (root !== 'apis') return undefined;
    if (group === undefined) return this.#allGroups(request);
    if (!this.#groups.includes(group)) return undefined;
    if (version === undefined) return jsonAnswer({ kind: 'APIGroup', apiVersion: 'v1', ...this.#group(group) });
    return this.#versionResources(group, version);
  }

  #paths(): readonly string[] {
    const versions = this.#resources.map(
      ({ group, version }) => `/${group === '' ? 'api' : `apis/${group}`}/${version}`,
    );
    const groups = this.#groups.map(group => `/apis/${group}`);
    return [...new Set(['/api', '/apis', ...groups, ...versions, ...OTHER_PATHS])].sort();
  }

  #core(request: Request, serverAddress: string, version: string | undefined, more: string | undefined) {
    if (more !== undefined) return undefined;
    if (version !== undefined) return this.#versionResources('', version);
    if (wantsAggregated(request)) return aggregated(this.#aggregatedGroup(''));
    const addresses = [{ clientCIDR: '0.0.0.0/0', serverAddress }];
    return jsonAnswer({ kind: 'APIVersions', versions: this.#versions(''), serverAddressByClientCIDRs: addresses });
  }

  #allGroups(request: Request): Answer {
    if (wantsAggregated(request)) return aggregated(...this.#groups.map(group => this.#aggregatedGroup(group)));
    const groups = this.#groups.map(group => this.#group(group));
    return jsonAnswer({ kind: 'APIGroupList', apiVersion: 'v1', groups });
  }

  #group(name: string): object {
    const versions = this.#versions(name).map(version => ({ groupVersion: `${name}/${version}`, version }));
    return { name, versions, preferredVersion: versions[0] };
  }

  /** The most stable first. */
  #versions(group: string): readonly string[] {
    const versions = new Set(this.#resources.filter(one => one.group === group).map(({ version }) => version));
    return [...versions].sort((a, b) => a.length - b.length || (a < b ? 1 : -1));
  }

  #versionResources(group: string, version: string): Answer | undefined {
    const resources = this.#resources.filter(one => one.group === group && one.version === version);
    if (resources.length === 0) return undefined;
    return jsonAnswer({
      kind: 'APIResourceList',
      apiVersion: 'v1',
      groupVersion: apiVersionOf({ group, version }),
      resources: resources.flatMap(legacyResources),
    });
  }

  #aggregatedGroup(group: string): object {
    const versions = this.#versions(group).map(version => ({
      version,
      resources: this.#resources.filter(one => one.group === group && one.version === version).map(aggregatedResource),
      freshness: 'Current',
    }));
    return { metadata: group === '' ? {} : { name: group }, versions };
  }
}

/** What can be done to objects of a kind. Nobody deletes all namespaces at once. */
export function verbsOf(kind: Kind): readonly string[] {
  return collectionOf(kind) === 'namespaces' ? VERBS.filter(verb => verb !== 'deletecollection') : VERBS;
}

function kindResource(kind: Kind): Resource {
  const subresources = kind.statusSubresource ? [{ name: 'status', verbs: STATUS_VERBS }] : [];
  return { ...kind, verbs: verbsOf(kind), subresources };
}

function questionResource(question: Question): Resource {
  const none = { shortNames: [], categories: [], subresources: [] };
  return { ...question, ...none, namespaced: false, verbs: ['create'] };
}

function legacyResources(resource: Resource): object[] {
  const { kind, plural, singular, namespaced, verbs, shortNames, categories, subresources } = resource;
  const main = { name: plural, singularName: singular, namespaced, kind, verbs, ...names(shortNames, categories) };
  const parts = subresources.map(sub => {
    return { name: `${plural}/${sub.name}`, singularName: '', namespaced, kind, verbs: sub.verbs };
  });
  return [main, ...parts];
}

function aggregatedResource(resource: Resource): object {
  const { group, version, kind, plural, singular, namespaced, verbs, shortNames, categories, subresources } = resource;
  const responseKind = { group, version, kind };
  const parts = subresources.map(({ name, verbs }) => ({ subresource: name, responseKind, verbs }));
  return {
    resource: plural,
    responseKind,
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs,
    ...names(shortNames, categories),
    ...(parts.length > 0 && { subresources: parts }),
  };
}

function names(shortNames: readonly string[], categories: readonly string[]): object {
  return { ...(shortNames.length > 0 && { shortNames }), ...(categories.length > 0 && { categories }) };
}

function aggregated(...items: readonly object[]): Answer {
  const list = { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items };
  return { ...jsonAnswer(list), contentType: AGGREGATED };
}

function wantsAggregated({ headers }: Request): boolean {
  for (const range of readAccept(headers.accept)) {
    if (!admits(range, 'application/json')) continue;
    const of = (name: string) => range.parameters.get(name);
    if (of('as') === undefined) return false;
    if (of('as') === 'APIGroupDiscoveryList' && of('g') === 'apidiscovery.k8s.io' && of('v') === 'v2') return true;
  }
  throw notAcceptable();
}
