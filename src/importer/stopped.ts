import type { ImportFailure } from '../imagestream/result.ts';

/** Ends the import of one image; made where it is known which reference the failure must speak of. */
export class ImportStopped extends Error {
  override readonly name = 'ImportStopped';
  readonly failure: ImportFailure;

  constructor(failure: ImportFailure) {
    super(failure.status.message);
    this.failure = failure;
  }
}
