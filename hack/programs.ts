import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

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
