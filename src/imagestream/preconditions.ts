import { conflictStatus, notFoundStatus } from '../api/errors.ts';
import type { ImageStream } from '../api/image-stream.ts';
import type { ImageStreamImport } from '../api/image-stream-import.ts';
import type { Status } from '../api/status.ts';

/**
 * The refusal of an import that was made for another version of the stream, or undefined (import-semantics 8.1). Only a
 * resourceVersion is a precondition: a uid is ignored, as OpenShift does.
 */
export function checkPreconditions(isi: ImageStreamImport, stream: ImageStream | undefined): Status | undefined {
  const { name = '', resourceVersion: given = '' } = isi.metadata;
  if (given === '') return undefined;
  if (stream === undefined) return notFoundStatus('imagestreamimports', name);
  const actual = stream.metadata.resourceVersion ?? '';
  if (given === actual) return undefined;
  return conflictStatus('imagestream', name, `the image stream was updated from "${given}" to "${actual}"`);
}
