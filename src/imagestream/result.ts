import type { Image } from '../api/image.ts';
import type { Source } from '../api/image-stream.ts';
import type { Status } from '../api/status.ts';

/** Why an image could not be imported. */
export interface ImportFailure {
  /** As OpenShift answers it: code, reason, message (import-semantics 7). */
  readonly status: Status;
  /** Whether asking again may heal it with nobody changing anything. */
  readonly transient: boolean;
  /** Epoch milliseconds before which asking again is pointless. */
  readonly retryAtMs?: number;
}

/** What came of one image. There is no fourth shape. `source.digest` is absent on a failure. */
export type ImageResult =
  | { readonly outcome: 'unchanged'; readonly source: Source }
  | {
      readonly outcome: 'imported';
      readonly source: Source;
      readonly image: Image;
      readonly children: readonly Image[];
    }
  | { readonly outcome: 'failed'; readonly source: Source; readonly failure: ImportFailure };

/** What came of one tag of a stream. */
export type TagResult = ImageResult & { readonly tag: string };
