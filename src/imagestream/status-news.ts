import type { ImageStream } from '../api/image-stream.ts';

/** What a status says that the one before it did not: nothing, that a generation was looked at and no more, or something. */
export type StatusNews = 'none' | 'generation' | 'some';

/** What the next stream of a decision says in its status that the one before it did not; the very same says nothing new. */
export function statusNews(before: ImageStream, next: ImageStream): StatusNews {
  if (next === before) return 'none';
  const was = before.status ?? {};
  const is = next.status ?? {};
  const onlyGeneration =
    is.tags === was.tags &&
    is.lastHandledRequest === was.lastHandledRequest &&
    is.dockerImageRepository === was.dockerImageRepository &&
    is.publicDockerImageRepository === was.publicDockerImageRepository;
  return onlyGeneration ? 'generation' : 'some';
}
