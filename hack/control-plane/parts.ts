import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cacheFolder, command } from '../registry/parts.ts';

/** The programs of a control plane: enough for an API server that stores, validates and authorizes. */
export interface ControlPlaneParts {
  readonly apiServer: string;
  readonly etcd: string;
}

interface Program {
  readonly name: 'kube-apiserver' | 'etcd';
  /** What `go build` is told to build, inside the module of ours beside this file. */
  readonly package: string;
  readonly version: string;
  readonly ldflags: readonly string[];
}

const KUBERNETES = '1.36.3';
const STAMP = 'k8s.io/component-base/version';

const API_SERVER: Program = {
  name: 'kube-apiserver',
  package: 'k8s.io/kubernetes/cmd/kube-apiserver',
  version: KUBERNETES,
  // Without these the version is a template's placeholder, which kubectl and Helm cannot read.
  ldflags: [
    `-X ${STAMP}.gitVersion=v${KUBERNETES}`,
    `-X ${STAMP}.gitMajor=1`,
    `-X ${STAMP}.gitMinor=36`,
    `-X ${STAMP}.gitCommit=unknown`,
    `-X ${STAMP}.gitTreeState=archive`,
    `-X ${STAMP}.buildDate=1970-01-01T00:00:00Z`,
  ],
};
const ETCD: Program = { name: 'etcd', package: 'go.etcd.io/etcd/server/v3', version: '3.6.16', ldflags: [] };

/**
 * The control plane's programs: those of `KUBEBUILDER_ASSETS` when it is set, else those built before. Undefined when
 * `ensureControlPlane` has to build them first.
 */
export function controlPlaneParts(): ControlPlaneParts | undefined {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  const at = (program: Program) => (assets ? join(assets, program.name) : builtAt(program));
  const parts = { apiServer: at(API_SERVER), etcd: at(ETCD) };
  return isExecutable(parts.apiServer) && isExecutable(parts.etcd) ? parts : undefined;
}

/** Builds with Go what is not there yet (some 4 minutes on two cores, once), telling `say` of it. Throws one line. */
export function ensureControlPlane(say: (line: string) => void): ControlPlaneParts {
  const there = controlPlaneParts();
  if (there !== undefined) return there;
  const assets = process.env['KUBEBUILDER_ASSETS'];
  if (assets) throw new Error(`KUBEBUILDER_ASSETS is "${assets}", which holds no kube-apiserver and etcd to run`);
  const go = command('go');
  if (go === undefined) {
    throw new Error(
      'no control plane: set KUBEBUILDER_ASSETS to a folder with kube-apiserver (1.35 or newer) and etcd (3.5 or newer), or install Go to have them built',
    );
  }
  for (const program of [ETCD, API_SERVER]) if (!isExecutable(builtAt(program))) build(program, go, say);
  return { apiServer: builtAt(API_SERVER), etcd: builtAt(ETCD) };
}

function build(program: Program, go: string, say: (line: string) => void): void {
  const target = builtAt(program);
  say(`building ${program.name} ${program.version} with Go, once: this takes minutes`);
  mkdirSync(cacheFolder(), { recursive: true });
  // Built beside its place and moved there in one step: two builds at once, or an interrupted one, do no harm.
  const work = mkdtempSync(join(cacheFolder(), 'building-'));
  try {
    const output = join(work, program.name);
    const flags = [
      '-trimpath',
      '-mod=readonly',
      '-buildvcs=false',
      '-ldflags',
      ['-s', '-w', ...program.ldflags].join(' '),
    ];
    const { status } = spawnSync(go, ['build', ...flags, '-o', output, program.package], {
      cwd: moduleOf(program),
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '' },
    });
    if (status !== 0) throw new Error(`go build of ${program.name} failed`);
    rmSync(join(target, '..'), { recursive: true, force: true });
    mkdirSync(join(target, '..'), { recursive: true });
    renameSync(output, target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Keyed by what it is built from. */
function builtAt(program: Program): string {
  const hash = createHash('sha256').update(program.ldflags.join(' '));
  for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(join(moduleOf(program), file)));
  return join(cacheFolder(), `${program.name}-${program.version}-${hash.digest('hex').slice(0, 12)}`, program.name);
}

function moduleOf(program: Program): string {
  return join(import.meta.dirname, program.name);
}

/** What a program says of its version, in one line. */
export function versionLine(binary: string): string {
  return `${basename(binary)}: ${execFileSync(binary, ['--version'], { encoding: 'utf8' }).split('\n')[0]}`;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
