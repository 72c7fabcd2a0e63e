/** A kind of object, as a path of the API server names it. */
export interface Resource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** Lower-case plural: `imagestreams`. */
  readonly plural: string;
}

/** An object, or one of its subresources. */
export interface ObjectPath {
  readonly resource: Resource;
  /** Absent for cluster-scoped kinds. */
  readonly namespace?: string;
  readonly name: string;
  readonly subresource?: 'status';
}

/** All objects of a kind: of one namespace, or of all of them. */
export interface CollectionPath {
  readonly resource: Resource;
  readonly namespace?: string;
}

export const IMAGE_STREAMS: Resource = { group: 'image.openshift.io', version: 'v1', plural: 'imagestreams' };
export const IMAGE_STREAM_IMPORTS: Resource = {
  group: 'image.openshift.io',
  version: 'v1',
  plural: 'imagestreamimports',
};
/** Served at this version only (design D1). */
export const IMAGES: Resource = { group: 'image.openshift.io', version: 'v1alpha1', plural: 'images' };
export const SECRETS: Resource = { group: '', version: 'v1', plural: 'secrets' };
export const LEASES: Resource = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases' };
export const EVENTS: Resource = { group: 'events.k8s.io', version: 'v1', plural: 'events' };

/** URL path, every part encoded: `/apis/image.openshift.io/v1/namespaces/demo/imagestreams/app/status`. */
export function urlPath(path: CollectionPath & Partial<Pick<ObjectPath, 'name' | 'subresource'>>): string {
  const { resource, namespace, name, subresource } = path;
  const root = resource.group === '' ? ['api', resource.version] : ['apis', resource.group, resource.version];
  const place = namespace === undefined ? [] : ['namespaces', namespace];
  const parts = [...root, ...place, resource.plural, ...(name === undefined ? [] : [name])];
  return `/${[...parts, ...(subresource === undefined ? [] : [subresource])].map(encodeURIComponent).join('/')}`;
}

/** `demo/app`, or `sha256-…` alone for a cluster-scoped object. */
export function objectKey(name: {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}): string {
  return name.namespace === undefined ? `${name.name}` : `${name.namespace}/${name.name}`;
}

/** What to watch: the whole cluster when no namespaces are named, else each of them by itself. */
export function collectionPaths(resource: Resource, namespaces: readonly string[]): readonly CollectionPath[] {
  return namespaces.length === 0 ? [{ resource }] : namespaces.map(namespace => ({ resource, namespace }));
}

/** What a request does, in the words of an error: `patch status of imagestreams "demo/app"`, `watch secrets in "demo"`. */
export function actionText(
  verb: string,
  { resource, namespace, name, subresource }: CollectionPath & Partial<Pick<ObjectPath, 'name' | 'subresource'>>,
): string {
  const what = subresource === undefined ? resource.plural : `${subresource} of ${resource.plural}`;
  if (name !== undefined) return `${verb} ${what} "${objectKey({ namespace, name })}"`;
  return `${verb} ${what}${inNamespace(namespace)}`;
}

/** `secrets`, or `secrets in "demo"`. */
export function collectionText({ resource, namespace }: CollectionPath): string {
  return `${resource.plural}${inNamespace(namespace)}`;
}

function inNamespace(namespace: string | undefined): string {
  return namespace === undefined ? '' : ` in "${namespace}"`;
}
