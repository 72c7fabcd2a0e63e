import type { ImportMode, ReferencePolicy } from '../api/common.ts';
import type { ImageStream } from '../api/image-stream.ts';
import type { ImageStreamImport } from '../api/image-stream-import.ts';
import { API_VERSION } from '../api/names.ts';
import { imageSubject } from '../importer/subject.ts';
import { isHubHost } from '../reference/reference.ts';
import type { RegistrySettings } from '../registry/settings.ts';

/** What the user typed instead of a file. */
export interface TypedRequest {
  readonly references: readonly string[];
  readonly all: boolean;
  readonly to?: string | undefined;
  readonly importMode?: ImportMode | undefined;
  readonly insecure: boolean;
  readonly scheduled: boolean;
  readonly referencePolicy?: ReferencePolicy['type'] | undefined;
  readonly includeManifest: boolean;
  /** The stream to import into, where one was given. */
  readonly stream?: ImageStream | undefined;
  /** Whether the result is recorded in a stream. */
  readonly record: boolean;
}

const DEFAULT_NAMESPACE = 'default';
const HUB = 'docker.io';

/** The request that these references ask for; its name is that of the stream, else of the first repository. */
export function typedImport(typed: TypedRequest): ImageStreamImport {
  const { references, stream } = typed;
  const policies = {
    importPolicy: {
      ...(typed.insecure && { insecure: true }),
      ...(typed.scheduled && { scheduled: true }),
      ...(typed.importMode !== undefined && { importMode: typed.importMode }),
    },
    ...(typed.referencePolicy !== undefined && { referencePolicy: { type: typed.referencePolicy } }),
    ...(typed.includeManifest && { includeManifest: true }),
  };
  const requests = references.map(name => ({ from: { kind: 'DockerImage', name }, ...policies }));
  return {
    apiVersion: API_VERSION,
    kind: 'ImageStreamImport',
    metadata: {
      name: stream?.metadata.name ?? streamNameOf(references[0] ?? ''),
      namespace: stream?.metadata.namespace ?? DEFAULT_NAMESPACE,
    },
    spec: {
      import: typed.record,
      ...(typed.all && requests[0] !== undefined
        ? { repository: requests[0] }
        : {
            images: requests.map(request => ({
              ...request,
              ...(typed.to !== undefined && { to: { name: typed.to } }),
            })),
          }),
    },
  };
}

/** Logical hosts that a request or a stream names; texts that name none are left to validation. */
export function hostsOf(input: ImageStreamImport | ImageStream): readonly string[] {
  const hosts = pullSpecsOf(input).map(hostOf);
  return [...new Set(hosts.filter(host => host !== undefined))];
}

/** These hosts and the mirrors that stand in for them and have credentials of their own (registry-client R5.27). */
export function withMirrors(hosts: readonly string[], settings: RegistrySettings): readonly string[] {
  const mirrors = hosts.flatMap(host => settings.host(host).mirrors);
  const own = mirrors.filter(({ credentialsFrom }) => credentialsFrom === 'mirror').map(({ host }) => host);
  return [...new Set([...hosts, ...own.map(host => (isHubHost(host) ? HUB : host))])];
}

function pullSpecsOf(input: ImageStreamImport | ImageStream): readonly string[] {
  const { spec } = input;
  if (spec === undefined) return [];
  if ('images' in spec || 'repository' in spec) {
    return [spec.repository, ...(spec.images ?? [])].map(entry => entry?.from.name ?? '');
  }
  const { tags, dockerImageRepository = '' } = spec as NonNullable<ImageStream['spec']>;
  return [dockerImageRepository, ...(tags ?? []).map(({ from }) => from?.name ?? '')];
}

function hostOf(pullSpec: string): string | undefined {
  const subject = imageSubject(pullSpec, { blockedHosts: new Set() });
  return 'refused' in subject ? undefined : subject.wire.host;
}

/** A stream name made of the last path element: `quay.io/acme/app:1.2` is `app`. */
function streamNameOf(pullSpec: string): string {
  const subject = imageSubject(pullSpec, { blockedHosts: new Set() });
  return 'refused' in subject ? 'import' : (subject.wire.repository.split('/').at(-1) ?? 'import');
}
