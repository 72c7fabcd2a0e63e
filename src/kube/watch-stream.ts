import type { Dispatcher } from 'undici';
import { NoAnswer } from './api-error.ts';
import type { WatchEvent } from './client.ts';
import { noAnswer } from './http-failure.ts';
import { isObject, parseJson } from './json.ts';
import { LineSplitter } from './watch-lines.ts';

/** Of one event. An object that etcd stores has some 1.5 MiB, written as JSON some more. */
const MAX_LINE_BYTES = 8 * 1024 * 1024;

const TYPES: ReadonlySet<unknown> = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']);

/**
 * The events of a watch's body, to its end. A line that is no event, or that lacks its end, fails the stream: to pass
 * over it would lose what it told. So does a body that has not ended after `limitMs`. Leaving the loop early closes the
 * connection.
 *
 * Silence says nothing: bookmarks come every minute only while the server has a newer version to tell, and in a collection
 * that nobody touches it has none. That the server is gone shows in its keep-alive probes, within a minute; whatever these
 * do not reach, such as the far side of a proxy, shows when the watch is not ended as it was to be.
 */
export async function* watchEvents<T>(
  action: string,
  body: Dispatcher.ResponseData['body'],
  limitMs: number,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent<T>> {
  const splitter = new LineSplitter(MAX_LINE_BYTES);
  // Destroying a body that nobody reads any more emits an error that nobody would hear.
  body.on('error', () => {});
  const overdue = setTimeout(() => {
    body.destroy(new NoAnswer(action, 'silent', { detail: `it did not end within ${limitMs / 1_000} s` }));
  }, limitMs);
  try {
    for await (const chunk of body) {
      for (const line of splitter.push(chunk)) {
        // What is left of a chunk must not be told after the stop.
        signal.throwIfAborted();
        yield event<T>(action, line);
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof RangeError
      ? new NoAnswer(action, 'tooLarge', { detail: error.message })
      : noAnswer(action, error);
  } finally {
    clearTimeout(overdue);
  }
  if (splitter.pending > 0) throw new NoAnswer(action, 'unreadable', { detail: 'the last line has no end' });
}

function event<T>(action: string, line: string): WatchEvent<T> {
  const said = parseJson(line);
  if (!isObject(said) || !TYPES.has(said['type']) || !isObject(said['object'])) {
    // The line itself stays out: it may be a piece of a Secret.
    throw new NoAnswer(action, 'unreadable', { detail: 'a line is no event' });
  }
  return said as unknown as WatchEvent<T>;
}
