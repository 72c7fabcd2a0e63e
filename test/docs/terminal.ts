import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a command said and how it ended. */
export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Standard output and standard error, as they came. */
  readonly text: string;
}

export interface TerminalSettings {
  /** Where the first commands run. */
  readonly folder: string;
  /** Outside of it: where the terminal remembers its folder and variables. */
  readonly memory: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What comes of commands that go on until Ctrl-C. */
interface Going {
  readonly name: string;
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/**
 * A reader's terminal: runs the blocks of a page one after the other, each with the folder and the variables that the
 * ones before it left. What goes on until Ctrl-C goes on beside those that follow, as in a second terminal.
 */
export class Terminal {
  readonly #settings: TerminalSettings;
  readonly #going: Going[] = [];
  readonly #children = new Set<ChildProcess>();

  constructor(settings: TerminalSettings) {
    this.#settings = settings;
    writeFileSync(join(settings.memory, 'folder'), settings.folder);
    writeFileSync(join(settings.memory, 'variables'), '');
  }

  /** Runs commands to their end. */
  async run(commands: string): Promise<Ended> {
    return ended(this.#start(commands)).result;
  }

  /** Starts commands that go on; resolves once they printed `readyAt`. Throws when they end before. */
  async begin(name: string, commands: string, readyAt: string): Promise<void> {
    const child = this.#start(commands);
    const { result, text, look } = ended(child);
    const going = { name, child, ended: result };
    this.#going.push(going);
    let isOver = false;
    void result.then(() => {
      isOver = true;
    });
    await new Promise<void>((resolve, reject) => {
      const check = () => {
        if (text().includes(readyAt)) resolve();
        else if (isOver) reject(new Error(`${name} ended before it printed "${readyAt}":\n${text()}`));
      };
      look(check);
      void result.then(check);
      check();
    });
  }

  /** Presses Ctrl-C for what still goes on, the newest first, and tells how each of them ended. */
  async interrupt(): Promise<readonly (Ended & { readonly name: string })[]> {
    const ends: (Ended & { readonly name: string })[] = [];
    for (const { name, child, ended } of this.#going.splice(0).reverse()) {
      kill(child, 'SIGINT');
      ends.push({ name, ...(await ended) });
    }
    return ends;
  }

  /** Ends whatever is left. */
  close(): void {
    for (const child of this.#children) kill(child, 'SIGKILL');
  }

  #start(commands: string): ChildProcess {
    const { env, memory } = this.#settings;
    const script = [
      'set -euo pipefail',
      `. '${memory}/variables'`,
      `cd "$(cat '${memory}/folder')"`,
      `trap 'status=$?; export -p > "${memory}/variables"; pwd > "${memory}/folder"; exit $status' EXIT`,
      commands,
    ].join('\n');
    // In a process group of its own, as a terminal has it: Ctrl-C is for all of it.
    const child = spawn('bash', ['-c', script], { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#children.add(child);
    child.once('close', () => this.#children.delete(child));
    return child;
  }
}

function ended(child: ChildProcess) {
  let said = '';
  const looks = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      for (const look of looks) look();
    });
  }
  const result = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => resolve({ status, signal, text: said }));
  });
  return { result, text: () => said, look: (look: () => void) => looks.add(look) };
}

function kill({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // It ended by itself.
  }
}
