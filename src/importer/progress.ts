/** Images answered, and all that are known to be asked for; the total grows when a repository's tags become known. */
export interface ImportProgress {
  readonly done: number;
  readonly total: number;
}

/** Counts the images of one request. */
export class Progress {
  #done = 0;
  #total: number;
  readonly #report: ((progress: ImportProgress) => void) | undefined;

  constructor(total: number, report: ((progress: ImportProgress) => void) | undefined) {
    this.#total = total;
    this.#report = report;
  }

  knows(more: number): void {
    this.#total += more;
    this.#tell();
  }

  did(images: number): void {
    if (images === 0) return;
    this.#done += images;
    this.#tell();
  }

  #tell(): void {
    this.#report?.({ done: this.#done, total: this.#total });
  }
}
