import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../cache.ts';
import { isExecutable } from '../programs.ts';

/** The programs of a control plane: enough for an API server that stores, validates and authorizes. */
export interface ControlPlaneParts {
  readonly apiServer: string;
  readonly etcd: string;
}

export interface Program {
  readonly name: 'kube-apiserver' | 'etcd';
  /** What `go build` is told to build, inside the module of ours beside this file. */
  readonly package: string;
  readonly version: string;
  /** The oldest that will do: older etcds stall the API server's watch cache. */
  readonly oldest: string;
  readonly ldflags: readonly string[];
}

const KUBERNETES = '1.36.3';
const STAMP = 'k8s.io/component-base/version';

export const API_SERVER: Program = {
  name: 'kube-apiserver',
  package: 'k8s.io/kubernetes/cmd/kube-apiserver',
  version: KUBERNETES,
  oldest: '1.35',
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
export const ETCD: Program = {
  name: 'etcd',
  package: 'go.etcd.io/etcd/server/v3',
  version: '3.6.16',
  oldest: '3.5',
  ldflags: [],
};

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

/** Where it is once it is built. */
export function builtAt(program: Program): string {
  return join(cacheFolder(), cacheName(program), program.name);
}

/** Keyed by what it is built from. */
export function cacheName(program: Program): string {
  const hash = createHash('sha256').update(program.ldflags.join(' '));
  for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(join(moduleOf(program), file)));
  return `${program.name}-${program.version}-${hash.digest('hex').slice(0, 12)}`;
}

/** Folder of the module that names what it is built from. */
export function moduleOf(program: Program): string {
  return join(import.meta.dirname, program.name);
}

/** `1.36.3`, as the program itself says; throws when it does not run or says nothing of the kind. */
export function versionOf(binary: string): string {
  const said = execFileSync(binary, ['--version'], { encoding: 'utf8', stdio: 'pipe', timeout: 10_000 });
  const version = /(\d+\.\d+\.\S+)/.exec(said)?.[1];
  if (version === undefined) throw new Error(`"${binary} --version" names no version`);
  return version;
}
