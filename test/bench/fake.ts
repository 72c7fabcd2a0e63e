import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { FakeCommand, FakeSetup } from './fake-process.ts';

/** A request; when it had arrived in epoch milliseconds. */
export interface Heard {
  readonly method: string;
  readonly path: string;
  readonly atMs: number;
}

/** A fake registry in another process. */
export interface FakeInProcess {
  readonly host: string;
  readonly url: string;
  /** What it heard, in order. */
  heard(): Promise<readonly Heard[]>;
  forget(): Promise<void>;
  close(): Promise<void>;
}

export async function forkFake(setup: FakeSetup): Promise<FakeInProcess> {
  const child = fork(join(import.meta.dirname, 'fake-process.ts'), [JSON.stringify(setup)]);
  const [{ host, url }] = (await once(child, 'message')) as [{ host: string; url: string }];
  let ids = 0;
  const ask = (command: FakeCommand['command']) =>
    new Promise<unknown>(resolve => {
      ids += 1;
      const id = ids;
      const hear = (message: { id: number; answer: unknown }) => {
        if (message.id !== id) return;
        child.off('message', hear);
        resolve(message.answer);
      };
      child.on('message', hear);
      child.send({ id, command } satisfies FakeCommand);
    });
  return {
    host,
    url,
    heard: async () => (await ask('count')) as Heard[],
    forget: async () => {
      await ask('forget');
    },
    close: async () => {
      const gone = once(child, 'exit');
      await ask('close');
      await gone;
    },
  };
}
