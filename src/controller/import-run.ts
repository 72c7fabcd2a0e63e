import { invalidStatus } from '../api/errors.ts';
import type { ImageStreamImport, ImageStreamImportStatus } from '../api/image-stream-import.ts';
import type { Status } from '../api/status.ts';
import { withImportDefaults } from '../imagestream/defaults.ts';
import { PRIORITY } from '../imagestream/due.ts';
import { streamNameOf } from '../imagestream/import-conditions.ts';
import type { Platform } from '../imagestream/source.ts';
import { validateImageStreamImport } from '../imagestream/validation.ts';
import type { Importer, ImportOutcome } from '../importer/importer.ts';
import { type Key, keyOf } from './key.ts';
import type { StreamIndex } from './stream-index.ts';
import { StreamNotStorable } from './stream-recorder.ts';
import type { StreamController } from './streams.ts';
import type { Credentials, RegistryPolicy } from './tag-imports.ts';
import { tagsToRecord } from './tags-to-record.ts';

export interface ImportRunParts {
  readonly importer: Pick<Importer, 'importRequest'>;
  readonly credentials: Credentials;
  readonly policy: RegistryPolicy;
  readonly index: Pick<StreamIndex, 'get'>;
  readonly streams: Pick<StreamController, 'recordImport' | 'reserve'>;
  readonly platform: Platform;
  readonly maxImagesPerRepository: number;
}

/** How the carrying out of one ImageStreamImport ended. */
export type ImportEnd =
  | { readonly end: 'refused'; readonly refusal: Status }
  | { readonly end: 'done'; readonly outcome: ImportOutcome; readonly status: ImageStreamImportStatus };

/**
 * Carries out one ImageStreamImport that a user created: looks up, and with `spec.import` records in the stream (design
 * D12). Rejects when credentials cannot be read or the stream cannot be reached, and with the signal's reason.
 */
export async function runImport(
  isi: ImageStreamImport,
  parts: ImportRunParts,
  signal: AbortSignal,
): Promise<ImportEnd> {
  const request = withImportDefaults(forStream(isi));
  const { allowed, ...policy } = parts.policy();
  const errors = validateImageStreamImport(request, allowed === undefined ? {} : { allowList: allowed });
  const { name = '', namespace = '' } = request.metadata;
  if (errors.length > 0) return { end: 'refused', refusal: invalidStatus('ImageStreamImport', name, errors) };

  const key = keyOf(request.metadata);
  const stream = parts.index.get(key);
  const release = parts.streams.reserve(key, tagsToRecord(request, stream, parts.platform));
  try {
    const outcome = await parts.importer.importRequest({
      ...(await parts.credentials.forNamespace(namespace, signal)),
      ...policy,
      isi: request,
      ...(stream && { stream }),
      platform: parts.platform,
      maxImagesPerRepository: parts.maxImagesPerRepository,
      signal,
      priority: PRIORITY.userEdit,
      tenant: namespace,
    });
    if (request.spec.import !== true) return { end: 'done', outcome, status: outcome.status };
    return await recorded(key, request, outcome, parts, signal);
  } finally {
    release();
  }
}

async function recorded(
  key: Key,
  isi: ImageStreamImport,
  outcome: ImportOutcome,
  { streams }: ImportRunParts,
  signal: AbortSignal,
): Promise<ImportEnd> {
  const { uid } = isi.metadata;
  try {
    const carriedOut = { isi, outcome, ...(uid !== undefined && { importUid: uid }) };
    const { stream } = await streams.recordImport(key, carriedOut, signal);
    // The API answers with the stream as a part of the import, without a kind and without who wrote which field.
    const { apiVersion: _apiVersion, kind: _kind, ...written } = stream;
    const { managedFields: _fields, ...metadata } = written.metadata;
    return { end: 'done', outcome, status: { import: { ...written, metadata }, ...outcome.status } };
  } catch (error) {
    if (!(error instanceof StreamNotStorable)) throw error;
    return { end: 'refused', refusal: error.refusal };
  }
}

/** The request as one for its stream, which an annotation may name (design D10). */
function forStream(isi: ImageStreamImport): ImageStreamImport {
  return { ...isi, metadata: { ...isi.metadata, name: streamNameOf(isi) } };
}
