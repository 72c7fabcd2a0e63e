import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { afterAll } from '@jest/globals';
import { stringify } from 'yaml';
import { run } from '../../../src/command/run.ts';

/** What a command printed so far, and a way to wait for more. */
export class Output extends Writable {
  #text = '';
  readonly #waiting = new Set<() => void>();

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#text += chunk.toString();
    for (const look of this.#waiting) look();
    done();
  }

  get text(): string {
    return this.#text;
  }

  get lines(): string[] {
    return this.#text.split('\n').slice(0, -1);
  }

  /** Resolves once a line like this was printed. */
  line(pattern: RegExp): Promise<string> {
    return new Promise(resolve => {
      const look = () => {
        const found = this.lines.find(line => pattern.test(line));
        if (found === undefined) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }
}

export interface Typed {
  readonly stdout: Output;
  readonly stderr: Output;
  /** The exit status. */
  readonly ended: Promise<number>;
}

export interface TypedOptions {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const folder = mkdtempSync(join(tmpdir(), 'command-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a command in this process, in an environment with an empty home. */
export function type(argv: readonly string[], { stdin = '', env = {} }: TypedOptions = {}): Typed {
  const [stdout, stderr] = [new Output(), new Output()];
  const surroundings = { env: { HOME: folder, ...env }, stdin: Readable.from([Buffer.from(stdin)]), stdout, stderr };
  return { stdout, stderr, ended: run(argv, surroundings) };
}

/** The same, to its end. */
export async function typed(argv: readonly string[], options?: TypedOptions) {
  const { stdout, stderr, ended } = type(argv, options);
  const status = await ended;
  return { status, stdout: stdout.text, stderr: stderr.text };
}

/** A file for the command: text as it is, anything else as YAML. */
export function file(name: string, content: unknown): string {
  const path = at(name);
  writeFileSync(path, typeof content === 'string' ? content : stringify(content));
  return path;
}

export function at(name: string): string {
  return join(folder, name);
}
