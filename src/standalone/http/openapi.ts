import { createHash } from 'node:crypto';
import { apiVersionOf, type Kind } from '../kinds.ts';
import { admits, readAccept } from './accept.ts';
import { type Answer, jsonAnswer } from './answer.ts';
import { kindSchema, METADATA_SCHEMAS, schemaName } from './openapi-schemas.ts';
import { notAcceptable } from './refusals.ts';
import type { Request } from './request.ts';

const V2_TYPE = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
/** Older clients write an at sign. */
const V2_TYPES = [V2_TYPE, 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'];

const INFO = { title: 'imagestream-operator', version: 'dev' };

/** Describes the kinds, for `kubectl explain` and for what kubectl asks before it creates, applies and patches. */
export class OpenApi {
  /** JSON by path below `/openapi/v3/`. */
  readonly #documents: ReadonlyMap<string, string>;

  constructor(kinds: readonly Kind[]) {
    const byPath = Map.groupBy(kinds, kind => `${kind.group === '' ? 'api' : 'apis'}/${apiVersionOf(kind)}`);
    this.#documents = new Map([...byPath].map(([path, some]) => [path, JSON.stringify(documentOf(path, some))]));
  }

  /** Undefined when the path is none of OpenAPI's. Throws a 406. */
  answer({ segments, headers }: Request): Answer | undefined {
    const [root, version, ...path] = segments;
    if (root !== 'openapi') return undefined;
    if (version === 'v2' && path.length === 0) return emptyV2(headers.accept);
    if (version !== 'v3') return undefined;
    if (path.length === 0) return this.#index();
    const document = this.#documents.get(path.join('/'));
    return document === undefined ? undefined : { status: 200, body: document };
  }

  /** With a hash of each, by which clients know what they have read already. */
  #index(): Answer {
    const paths = [...this.#documents].map(([path, document]) => {
      const hash = createHash('sha256').update(document).digest('hex').toUpperCase();
      return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }] as const;
    });
    return jsonAnswer({ paths: Object.fromEntries(paths) });
  }
}

function documentOf(path: string, kinds: readonly Kind[]): object {
  return {
    openapi: '3.0.0',
    info: INFO,
    paths: Object.fromEntries(kinds.flatMap(kind => pathsOf(`/${path}`, kind))),
    components: {
      schemas: {
        ...METADATA_SCHEMAS,
        ...Object.fromEntries(kinds.map(kind => [schemaName(kind), kindSchema(kind)])),
      },
    },
  };
}

const WRITE_PARAMETERS = ['dryRun', 'fieldManager', 'fieldValidation'].map(queryParameter);

/**
 * kubectl looks here for the kind behind a resource, and for whether writes heed `fieldValidation` and `dryRun`. Strategic
 * merge patches are left out on purpose: kubectl would want to know how each field of each kind is merged.
 */
function pathsOf(root: string, kind: Kind): readonly (readonly [string, object])[] {
  const type = { 'x-kubernetes-group-version-kind': { group: kind.group, version: kind.version, kind: kind.kind } };
  const content = { 'application/json': { schema: { $ref: `#/components/schemas/${schemaName(kind)}` } } };
  const responses = { 200: { description: 'OK', content } };
  const operation = (action: string, more: object = {}) => ({
    ...type,
    'x-kubernetes-action': action,
    ...more,
    responses,
  });
  const body = { requestBody: { required: true, content } };
  const writing = { ...body, parameters: WRITE_PARAMETERS };
  const patches = ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml'];
  const patchBody = { content: Object.fromEntries(patches.map(patch => [patch, { schema: { type: 'object' } }])) };
  const patching = { requestBody: patchBody, parameters: [...WRITE_PARAMETERS, queryParameter('force')] };
  const collection = `${root}${kind.namespaced ? '/namespaces/{namespace}' : ''}/${kind.plural}`;
  return [
    [collection, { get: operation('list'), post: operation('post', writing) }],
    [
      `${collection}/{name}`,
      {
        get: operation('get'),
        put: operation('put', writing),
        patch: operation('patch', patching),
        delete: operation('delete'),
      },
    ],
  ];
}

function queryParameter(name: string): object {
  return { name, in: 'query', schema: { type: name === 'force' ? 'boolean' : 'string', uniqueItems: true } };
}

/** kubectl reads version 2 before it takes a `kind: List`, and is content when there is nothing in it. */
function emptyV2(accept: string | undefined): Answer {
  for (const range of readAccept(accept)) {
    if (V2_TYPES.includes(range.type)) return { status: 200, contentType: V2_TYPE, body: emptyV2Document() };
    if (admits(range, 'application/json')) return jsonAnswer({ swagger: '2.0', info: INFO, paths: {} });
  }
  throw notAcceptable();
}

/** `openapi.v2.Document`: swagger is field 1, info 2 (title 1, version 2), paths 8. */
function emptyV2Document(): Buffer {
  const info = Buffer.concat([field(1, Buffer.from(INFO.title)), field(2, Buffer.from(INFO.version))]);
  return Buffer.concat([field(1, Buffer.from('2.0')), field(2, info), field(8, Buffer.alloc(0))]);
}

/** A length-delimited field of less than 128 bytes. */
function field(number: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.of((number << 3) | 2, content.length), content]);
}
