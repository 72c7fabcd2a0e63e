import {
  EVENTS,
  IMAGE_STREAM_IMPORTS,
  IMAGE_STREAMS,
  IMAGES,
  LEASES,
  type Resource,
  SECRETS,
} from '../../src/kube/resource.ts';

/** A kind the fake API server serves. */
export interface FakeKind {
  readonly resource: Resource;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Whether status has a path of its own, and is ignored on the other. */
  readonly statusSubresource: boolean;
  /** Whether it is a custom resource: generations are counted, and an update must name its version. */
  readonly custom: boolean;
  /** Why a body is refused, as `[code, message]`. */
  readonly check?: (body: Readonly<Record<string, unknown>>) => readonly [number, string] | undefined;
}

const plain = { namespaced: true, statusSubresource: false, custom: false };
const custom = { namespaced: true, statusSubresource: false, custom: true };

/** Served unless told otherwise. */
export const FAKE_KINDS: readonly FakeKind[] = [
  { ...custom, resource: IMAGE_STREAMS, kind: 'ImageStream', statusSubresource: true },
  { ...custom, resource: IMAGE_STREAM_IMPORTS, kind: 'ImageStreamImport' },
  { ...custom, resource: IMAGES, kind: 'Image', namespaced: false },
  { ...plain, resource: SECRETS, kind: 'Secret' },
  { ...plain, resource: LEASES, kind: 'Lease', check: leaseFault },
  { ...plain, resource: EVENTS, kind: 'Event', check: eventFault },
];

export function apiVersion({ group, version }: Resource): string {
  return group === '' ? version : `${group}/${version}`;
}

/** `imagestreams.image.openshift.io`, as messages call a kind. */
export function qualified({ group, plural }: Resource): string {
  return group === '' ? plural : `${plural}.${group}`;
}

type Members = Readonly<Record<string, unknown>>;

/** `MicroTime` is parsed with exactly six digits: what `Date` writes is refused (kubernetes-client 1.6). */
function leaseFault(body: Members): readonly [number, string] | undefined {
  const spec = (body['spec'] ?? {}) as Members;
  return timeFault('Lease', spec['renewTime']) ?? timeFault('Lease', spec['acquireTime']);
}

function eventFault(body: Members): readonly [number, string] | undefined {
  const series = (body['series'] ?? {}) as Members;
  const time = timeFault('Event', body['eventTime']) ?? timeFault('Event', series['lastObservedTime']);
  if (time !== undefined) return time;
  const required = ['eventTime', 'reportingController', 'reportingInstance', 'action', 'reason', 'type'];
  const missing = required.find(field => !body[field]);
  if (missing !== undefined) return [422, `Event.events.k8s.io is invalid: ${missing}: Required value`];
  const tooLong = ['reportingInstance', 'action', 'reason'].find(field => String(body[field]).length > 128);
  if (tooLong !== undefined)
    return [422, `Event.events.k8s.io is invalid: ${tooLong}: can have at most 128 characters`];
  if (String(body['note'] ?? '').length > 1024) {
    return [422, 'Event.events.k8s.io is invalid: note: can have at most 1024 characters'];
  }
  return undefined;
}

function timeFault(kind: string, value: unknown): readonly [number, string] | undefined {
  if (value === undefined || value === null) return undefined;
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$/.test(String(value))) return undefined;
  return [400, `${kind} cannot be handled: parsing time "${value}" as "2006-01-02T15:04:05.000000Z07:00"`];
}
