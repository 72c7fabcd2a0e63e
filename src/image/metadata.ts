import type { DockerConfig, DockerImageMetadata } from '../api/image.ts';
import { utcTime } from './created.ts';
import type { Fields } from './fields.ts';

/** What every Image is told besides its content. */
export interface ImageIdentity {
  /** Digest of the manifest: `sha256:…`. */
  readonly name: string;
  /** `dockerImageReference`: the pull spec by digest, in the form the user wrote. */
  readonly reference: string;
}

export const METADATA_VERSION = '1.0';

type FieldKind = 'text' | 'integer' | 'flag' | 'texts' | 'names' | 'labels';

/** Every field of a container's config and how it is read (api-types 4.3). */
const DOCKER_CONFIG: Readonly<Record<keyof DockerConfig, FieldKind>> = {
  Hostname: 'text',
  Domainname: 'text',
  User: 'text',
  Memory: 'integer',
  MemorySwap: 'integer',
  CpuShares: 'integer',
  Cpuset: 'text',
  AttachStdin: 'flag',
  AttachStdout: 'flag',
  AttachStderr: 'flag',
  PortSpecs: 'texts',
  ExposedPorts: 'names',
  Tty: 'flag',
  OpenStdin: 'flag',
  StdinOnce: 'flag',
  Env: 'texts',
  Cmd: 'texts',
  Dns: 'texts',
  Image: 'text',
  Volumes: 'names',
  VolumesFrom: 'text',
  WorkingDir: 'text',
  Entrypoint: 'texts',
  NetworkDisabled: 'flag',
  SecurityOpts: 'texts',
  OnBuild: 'texts',
  Labels: 'labels',
};

/** Fields of the metadata that are copied as they are: target, source. */
const COPIED = [
  ['Parent', 'parent'],
  ['Comment', 'comment'],
  ['Container', 'container'],
  ['DockerVersion', 'docker_version'],
  ['Author', 'author'],
  ['Architecture', 'architecture'],
] as const;

/**
 * `dockerImageMetadata` from an image config, or from a `v1Compatibility` text of schema 1 (api-types 4.3).
 * @param size bytes of the whole image; left out when 0
 * @throws {InvalidContent}
 */
export function dockerImageMetadata(config: Fields, id: string, size: number): DockerImageMetadata {
  const runtime = config.object('config');
  const copied = COPIED.map(([target, source]) => [target, config.text(source)] as const);
  return {
    ...emptyMetadata(id, createdOf(config)),
    ...Object.fromEntries(copied.filter(([, text]) => text !== '')),
    ContainerConfig: dockerConfig(config.object('container_config')),
    ...(runtime === undefined ? {} : { Config: dockerConfig(runtime) }),
    ...(size === 0 ? {} : { Size: size }),
  };
}

/** Metadata of what has no config, such as a list. */
export function emptyMetadata(id: string, created: string | null): DockerImageMetadata {
  return { kind: 'DockerImage', apiVersion: 'image.openshift.io/1.0', Id: id, Created: created, ContainerConfig: {} };
}

function createdOf(config: Fields): string | null {
  if (!config.has('created')) return null;
  const created = utcTime(config.text('created'));
  if (created === undefined) throw config.fault('created', 'an RFC 3339 time');
  return created;
}

function dockerConfig(fields: Fields | undefined): DockerConfig {
  const config: Record<string, unknown> = {};
  for (const [name, kind] of Object.entries(DOCKER_CONFIG)) {
    const value = fields?.[kind](name);
    if (!isZero(value)) config[name] = value;
  }
  return config;
}

/** What Go leaves out of its JSON. */
function isZero(value: unknown): boolean {
  return !value || (Array.isArray(value) && value.length === 0);
}
