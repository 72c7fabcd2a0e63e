import type { ImageStream, StreamCondition } from '../api/image-stream.ts';
import type { Status } from '../api/status.ts';
import { IMPORTED, type Occasion } from './conditions.ts';
import { timestamp } from './timestamp.ts';

const REPOSITORY_IMPORT = 'RepositoryImport';

/** What the last import of `spec.dockerImageRepository` came to (design D4), if there was one. */
export function repositoryCondition(stream: ImageStream): StreamCondition | undefined {
  return stream.status?.conditions?.find(({ type }) => type === REPOSITORY_IMPORT);
}

/**
 * The stream with what came of the import of its repository: OpenShift tells that nowhere. The same object when it is
 * told already; the time of transition moves only with the status.
 */
export function withRepositoryCondition(stream: ImageStream, outcome: Status, occasion: Occasion): ImageStream {
  const old = repositoryCondition(stream);
  const { status, reason, message } = newsOf(outcome);
  if (old?.status === status && old.reason === reason && old.message === message) return stream;
  const next: StreamCondition = {
    type: REPOSITORY_IMPORT,
    status,
    reason,
    ...(message !== undefined && { message }),
    lastTransitionTime: (old?.status === status && old.lastTransitionTime) || timestamp(occasion.nowMs),
    observedGeneration: occasion.generation,
  };
  const others = (stream.status?.conditions ?? []).filter(condition => condition !== old);
  return { ...stream, status: { ...stream.status, conditions: [...others, next] } };
}

function newsOf({ status, reason = 'Failed', message }: Status) {
  if (status !== 'Failure') return { status: 'True', reason: IMPORTED, message: undefined };
  return { status: 'False', reason, message };
}
