import type { Status } from '../api/status.ts';
import type { DueReason } from '../imagestream/due.ts';

/** What the controller room tells whoever counts. Implemented by telemetry; the default hears nothing. */
export interface ControllerObserver {
  /** A tag of a stream was asked for and came back. */
  tagChecked(event: {
    /** Host of the pull spec after defaults; "" for one that cannot be read. */
    readonly registry: string;
    readonly outcome: 'unchanged' | 'imported' | 'failed';
    readonly reason: DueReason;
    /** Of a failure, in one word; may be empty. */
    readonly failureReason?: string | undefined;
    readonly ms: number;
  }): void;
  /** A scheduled check began this many milliseconds after its slot. */
  startedLate(ms: number): void;
  /** One entry of an import was answered: of `status.images`, or `status.repository` as a whole (controllers 3). */
  entryImported(event: { readonly registry: string; readonly status: Status }): void;
  /** A write to the API server. `refused` ones will never be taken. */
  patched(kind: 'imagestreams' | 'imagestreamimports' | 'images', outcome: 'written' | 'conflict' | 'refused'): void;
  /** One key was worked on. */
  reconciled(event: {
    readonly controller: 'streams' | 'imports';
    readonly ms: number;
    readonly failed: boolean;
  }): void;
}

export const deafController: ControllerObserver = {
  tagChecked: () => {},
  startedLate: () => {},
  entryImported: () => {},
  patched: () => {},
  reconciled: () => {},
};
