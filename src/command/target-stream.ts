import { quote } from '../api/errors.ts';
import type { ImageStream } from '../api/image-stream.ts';
import type { ImageStreamImport } from '../api/image-stream-import.ts';
import { hasFailed } from '../imagestream/conditions.ts';
import { repositoryCondition } from '../imagestream/repository-condition.ts';
import { isImportable } from '../imagestream/source.ts';
import { CommandFault } from './fault.ts';
import { streamName } from './tag-change.ts';

/** The name of a request is that of its stream; a namespace is often left to the context. */
export function checkName(isi: ImageStreamImport, stream: ImageStream | undefined): void {
  const [name, found] = [isi.metadata.name ?? '', stream?.metadata.name ?? ''];
  if (stream === undefined || name === found) return;
  throw new CommandFault([`metadata.name: ${quote(name)}: expected ${quote(found)}, the stream to import into`]);
}

/** A file may leave out what an API server would have counted. */
export function withGeneration(stream: ImageStream): ImageStream {
  return { ...stream, metadata: { ...stream.metadata, generation: stream.metadata.generation ?? 1 } };
}

/** What is asked now, with what an earlier run found. */
export function continued(given: ImageStream, saved: ImageStream): ImageStream {
  const [asked, found] = [streamName(given), streamName(saved)];
  if (asked !== found) throw new CommandFault([`--stream-out holds the stream "${found}", not "${asked}"`]);
  return { ...given, ...(saved.status !== undefined && { status: saved.status }) };
}

/** Whether the last import of everything that the stream asks for went well. */
export function isImported(stream: ImageStream): boolean {
  const histories = stream.status?.tags ?? [];
  if (repositoryCondition(stream)?.status === 'False' || histories.some(({ conditions }) => hasFailed(conditions))) {
    return false;
  }
  const found = new Set(histories.filter(({ items }) => items?.length).map(({ tag }) => tag));
  return (stream.spec?.tags ?? []).filter(isImportable).every(({ name }) => found.has(name));
}
