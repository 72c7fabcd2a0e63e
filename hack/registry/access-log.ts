import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** One answered request. */
export interface LoggedRequest {
  readonly method: string;
  /** With the query: `/v2/a/b/tags/list?n=1000`. */
  readonly path: string;
  readonly status: number;
}

export interface AccessLog {
  /** What was answered since the start or since `forget`, in the order it was finished. */
  read(): Promise<LoggedRequest[]>;
  forget(): Promise<void>;
}

const LINE = /"([A-Z]+) (\S+) HTTP\/[\d.]+" (\d{3}) /;
const MARK = '/v2/?mark=';

/**
 * Reads the access log that the registry writes to `file`. A line is written when its answer is finished, perhaps after
 * the client has it: so a request of our own is sent through `ask` and waited for in the log before it is believed.
 */
export function createAccessLog(file: string, ask: (path: string) => Promise<void>): AccessLog {
  let forgotten = 0;
  let marks = 0;

  const lines = async (): Promise<LoggedRequest[]> => {
    const mark = `${MARK}${++marks}`;
    await ask(mark);
    for (let attempt = 0; attempt < 200; attempt++) {
      const parsed = parse(await readFile(file, 'utf8'));
      if (parsed.some(({ path }) => path === mark)) return parsed;
      await sleep(5);
    }
    throw new Error('the registry does not write its access log');
  };

  return {
    read: async () => (await lines()).slice(forgotten).filter(({ path }) => !path.startsWith(MARK)),
    forget: async () => {
      forgotten = (await lines()).length;
    },
  };
}

function parse(text: string): LoggedRequest[] {
  return text.split('\n').flatMap(line => {
    const [, method, path, status] = LINE.exec(line) ?? [];
    return method === undefined || path === undefined ? [] : [{ method, path, status: Number(status) }];
  });
}
