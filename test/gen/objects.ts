import type { ObjectReference } from '../../src/api/common.ts';
import type { ImageStream, ImageStreamStatus, SpecTag, TagHistory } from '../../src/api/image-stream.ts';
import type {
  ImageImport,
  ImageStreamImport,
  ImageStreamImportStatus,
  RepositoryImport,
} from '../../src/api/image-stream-import.ts';
import type { ObjectMeta } from '../../src/api/meta.ts';
import { API_VERSION } from '../../src/api/names.ts';

export interface StreamParts {
  readonly name?: string;
  readonly namespace?: string;
  /** `metadata.generation`; 1 unless told. */
  readonly generation?: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly metadata?: Partial<ObjectMeta>;
  readonly tags?: readonly SpecTag[];
  readonly dockerImageRepository?: string;
  readonly history?: readonly TagHistory[];
  /** The rest of the status. */
  readonly status?: ImageStreamStatus;
}

/** A valid stream `demo/app` without tags. */
export function imageStream(parts: StreamParts = {}): ImageStream {
  const { name = 'app', namespace = 'demo', generation = 1, annotations, tags, dockerImageRepository } = parts;
  return {
    apiVersion: API_VERSION,
    kind: 'ImageStream',
    metadata: {
      name,
      namespace,
      uid: `uid-of-${namespace}-${name}`,
      resourceVersion: '1',
      generation,
      ...(annotations && { annotations }),
      ...parts.metadata,
    },
    spec: {
      lookupPolicy: { local: false },
      ...(dockerImageRepository !== undefined && { dockerImageRepository }),
      ...(tags && { tags }),
    },
    ...((parts.status || parts.history) && {
      status: { ...parts.status, ...(parts.history && { tags: parts.history }) },
    }),
  };
}

/** A spec tag as the API server holds it after defaulting: `specTag('1.0', 'quay.io/acme/app:1.0')`. */
export function specTag(name: string, from?: string | ObjectReference, more: Partial<SpecTag> = {}): SpecTag {
  const source = typeof from === 'string' ? { kind: 'DockerImage', name: from } : from;
  return {
    name,
    annotations: null,
    ...(source && { from: source }),
    generation: null,
    importPolicy: { importMode: 'Legacy' },
    referencePolicy: { type: 'Source' },
    ...more,
  };
}

export interface ImportParts {
  readonly name?: string;
  readonly namespace?: string;
  readonly metadata?: Partial<ObjectMeta>;
  readonly import?: boolean;
  /** Pull specs, or whole entries. */
  readonly images?: readonly (string | ImageImport)[];
  readonly repository?: string | RepositoryImport;
  readonly status?: ImageStreamImportStatus;
}

/** A valid request for the stream `demo/app`, undefaulted: `imageStreamImport({ images: ['quay.io/acme/app:1'] })`. */
export function imageStreamImport(parts: ImportParts = {}): ImageStreamImport {
  const { name = 'app', namespace = 'demo', images, repository, status } = parts;
  return {
    apiVersion: API_VERSION,
    kind: 'ImageStreamImport',
    metadata: { name, namespace, ...parts.metadata },
    spec: {
      import: parts.import ?? false,
      ...(repository !== undefined && { repository: typeof repository === 'string' ? from(repository) : repository }),
      ...(images && { images: images.map(image => (typeof image === 'string' ? from(image) : image)) }),
    },
    ...(status && { status }),
  };
}

function from(name: string): { readonly from: ObjectReference } {
  return { from: { kind: 'DockerImage', name } };
}
