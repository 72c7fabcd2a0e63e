import type { Source } from '../api/image-stream.ts';
import type { Clock } from '../clock.ts';
import type { Platform } from '../image/platform.ts';
import type { ImageResult } from '../imagestream/result.ts';
import type { Logger } from '../log.ts';
import type { RegistryClient } from '../registry/types.ts';
import type { Subject } from './subject.ts';

/** One image to ask a registry for. */
export interface ImageRequest {
  readonly subject: Subject;
  readonly importMode: 'Legacy' | 'PreserveOriginal';
  readonly insecure: boolean;
  /** In force for lists of manifests, preferences included (import-semantics 5.2). */
  readonly platform: Platform;
  /** What is asked, as it is recorded; the result carries it as its source. */
  readonly asked: Source;
}

/** An image of a tag that may have been imported before. */
export interface TagImageRequest extends ImageRequest {
  /** What is recorded for the tag. A digest in it lets a check be one HEAD (registry-client R0.7, R0.9). */
  readonly recorded?: Source | undefined;
  /** Name of the image that the tag has now. It is not fetched again when it is still the one (R0.8, vector G23). */
  readonly recordedImage?: string;
}

/** What came of an image that was asked for whatever is recorded: nothing is merely unchanged. */
export type AskedResult = Exclude<ImageResult, { readonly outcome: 'unchanged' }>;

/** Runs an action that asks a registry, again where asking again may heal it. */
export type Retry = <T>(action: () => Promise<T>, signal: AbortSignal) => Promise<T>;

export interface ImageImportParts {
  readonly client: RegistryClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly retry: Retry;
}
