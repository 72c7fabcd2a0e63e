import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, closeSync, constants, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';

/** The first of `commands` that is an executable file on the PATH. */
export function command(...commands: readonly string[]): string | undefined {
  return onPathAs(commands)[0];
}

/** Every executable file on the PATH with one of these names, in the order they would be found. */
export function onPathAs(commands: readonly string[]): string[] {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
  return commands.flatMap(name => folders.map(folder => join(folder, name))).filter(isExecutable);
}

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Runs a program with its output in files, so that nothing is lost and nothing waits for a reader. */
export function spawnLogged(binary: string, args: readonly string[], folder: string, name = ''): ChildProcess {
  const output = openSync(join(folder, `${name}stdout.log`), 'w');
  const complaints = openSync(join(folder, `${name}stderr.log`), 'w');
  const child = spawn(binary, args, { stdio: ['ignore', output, complaints] });
  closeSync(output);
  closeSync(complaints);
  // A parent that ends in a hurry must not leave it running.
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  child.once('exit', () => process.removeListener('exit', end));
  return child;
}

/** Asks a process to end, and after five seconds makes it. */
export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise<void>(resolve => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const hurry = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await exit;
  clearTimeout(hurry);
}

/** A port nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise<void>(resolve => server.close(() => resolve()));
  if (address === null || typeof address === 'string') throw new Error('no free port on 127.0.0.1');
  return address.port;
}
