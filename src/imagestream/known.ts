import type { ImageStream } from '../api/image-stream.ts';
import { importCondition } from './conditions.ts';
import type { TagResult } from './result.ts';
import { sameRequest, sameSource } from './source.ts';
import { historyOf } from './tag-state.ts';

/** Whether a stream says already what came back for one of its tags: nothing is read or written for it. */
export function isKnown(stream: ImageStream, result: TagResult): boolean {
  const history = historyOf(stream, result.tag);
  const told = importCondition(history?.conditions);
  const source = history?.source;
  if (source === undefined || told === undefined) return false;
  if (result.outcome === 'unchanged') return told.status === 'True' && sameSource(source, result.source);
  if (result.outcome === 'imported' || told.status !== 'False' || !sameRequest(source, result.source)) return false;
  const { reason, message } = result.failure.status;
  return told.reason === reason && told.message === message;
}
