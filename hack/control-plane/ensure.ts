import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { makeCached } from '../cache.ts';
import { command, isExecutable } from '../programs.ts';
import {
  API_SERVER,
  builtAt,
  type ControlPlaneParts,
  cacheName,
  controlPlaneParts,
  ETCD,
  moduleOf,
  type Program,
  versionOf,
} from './parts.ts';

const TELL_EVERY_MS = 20_000;

/**
 * The control plane's programs, built with Go where they are not there yet (some 4 minutes on two cores, once). Tells
 * `say` of it; throws with one line that says what to do.
 */
export async function ensureControlPlane(say: (line: string) => void): Promise<ControlPlaneParts> {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  if (!assets && controlPlaneParts() === undefined) await buildMissing(say);
  const parts = controlPlaneParts();
  if (parts === undefined) {
    throw new Error(
      assets
        ? `KUBEBUILDER_ASSETS is "${assets}", where kube-apiserver and etcd are not both to be found`
        : 'kube-apiserver and etcd were built but cannot be found',
    );
  }
  refuseOlder(API_SERVER, parts.apiServer);
  refuseOlder(ETCD, parts.etcd);
  return parts;
}

async function buildMissing(say: (line: string) => void): Promise<void> {
  const go = command('go');
  if (go === undefined) {
    throw new Error(
      `no control plane: set KUBEBUILDER_ASSETS to a folder with kube-apiserver (${API_SERVER.oldest} or newer) and etcd (${ETCD.oldest} or newer), or install Go to have them built`,
    );
  }
  for (const program of [ETCD, API_SERVER]) {
    if (!isExecutable(builtAt(program)))
      await makeCached(cacheName(program), folder => build(program, go, folder, say));
  }
}

async function build(program: Program, go: string, folder: string, say: (line: string) => void): Promise<void> {
  const what = `${program.name} ${program.version}`;
  const startMs = performance.now();
  const seconds = () => Math.round((performance.now() - startMs) / 1000);
  say(`building ${what} with Go: minutes the first time, then it is kept`);
  const flags = ['-trimpath', '-mod=readonly', '-buildvcs=false'];
  const child = spawn(
    go,
    [
      'build',
      ...flags,
      `-ldflags=-s -w ${program.ldflags.join(' ')}`,
      '-o',
      join(folder, program.name),
      program.package,
    ],
    {
      cwd: moduleOf(program),
      stdio: ['ignore', 'inherit', 'inherit'],
      // What the machine's owner set for work of their own must not change what is built.
      env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' },
    },
  );
  const telling = setInterval(() => say(`still building ${what}: ${seconds()} s`), TELL_EVERY_MS);
  try {
    const [status] = await once(child, 'exit');
    if (status !== 0) throw new Error(`go build of ${what} failed`);
  } finally {
    clearInterval(telling);
  }
  say(`built ${what} in ${seconds()} s`);
}

function refuseOlder(program: Program, binary: string): void {
  const version = versionOf(binary);
  if (new Intl.Collator('en', { numeric: true }).compare(version, program.oldest) < 0) {
    throw new Error(`${binary} is ${program.name} ${version}: ${program.oldest} or newer is needed`);
  }
}
