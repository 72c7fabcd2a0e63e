/** Below this many images an import is over before a bar helps anybody. */
const WORTH_A_BAR = 4;
const WIDTH = 30;

/** Where the bar is drawn: standard error, as far as it is used. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export interface Progress {
  show(done: number, total: number): void;
  /** Removes the bar, so that what is printed next starts on an empty line. */
  end(): void;
}

/** A bar on a terminal; nothing anywhere else, so that logs and pipes stay clean. */
export function createProgress(stream: ProgressStream): Progress {
  let drawn = false;
  return {
    show(done, total) {
      if (stream.isTTY !== true || total <= WORTH_A_BAR) return;
      const filled = Math.round((WIDTH * done) / total);
      stream.write(`\r[${'='.repeat(filled)}${' '.repeat(WIDTH - filled)}] ${done}/${total} images`);
      drawn = true;
    },
    end() {
      if (drawn) stream.write('\r\u001b[K');
      drawn = false;
    },
  };
}
