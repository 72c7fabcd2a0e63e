import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

export interface Apt {
  get(args: readonly string[], folder: string): string;
  /** Version that would be downloaded. */
  version(name: string): string;
  /** Shared libraries that installing the package would add to this machine. */
  missingLibraries(name: string): string[];
}

/** apt with its lists and cache in `work`: needs no root and leaves the system's own alone. */
export function createApt(work: string): Apt {
  mkdirSync(join(work, 'state/lists/partial'), { recursive: true });
  mkdirSync(join(work, 'cache/archives/partial'), { recursive: true });
  const options = [
    ['Dir::State', join(work, 'state')],
    ['Dir::State::status', '/var/lib/dpkg/status'],
    ['Dir::Cache', join(work, 'cache')],
    // As root apt would download as the user _apt, which cannot write here.
    ['APT::Sandbox::User', 'root'],
    // Hooks of the machine's configuration are about its own cache.
    ['APT::Update::Post-Invoke', ''],
  ].flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const get = (args: readonly string[], folder: string) => run('apt-get', ['-q', ...options, ...args], folder);
  get(['update'], work);
  return {
    get,
    version: name =>
      field(run('apt-cache', [...options, 'show', '--no-all-versions', name]), /^Version: (\S+)$/m, name),
    missingLibraries(name) {
      const said = get(['install', '--simulate', '--no-install-recommends', name], work);
      // `libjs-…` are scripts for a web page that nobody looks at here.
      return [...said.matchAll(/^Inst (lib(?!js-)\S+)/gm)].flatMap(([, library]) => library ?? []);
    },
  };
}

function field(text: string, pattern: RegExp, name: string): string {
  const value = pattern.exec(text)?.[1];
  if (value === undefined) throw new Error(`apt-cache knows no version of "${name}"`);
  return value;
}

/** Standard output of a program; throws with the first line of its complaint when it fails. */
export function run(program: string, args: readonly string[], cwd?: string): string {
  try {
    return execFileSync(program, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
      ...(cwd === undefined ? {} : { cwd }),
    });
  } catch (error) {
    const said = Error.isError(error) && 'stderr' in error ? String(error.stderr) : '';
    const line = said.split('\n').find(text => text.startsWith('E:')) ?? said.split('\n')[0];
    const action = args.find(word => ['update', 'download', 'install', 'show', '-x'].includes(word)) ?? '';
    throw new Error(`${program} ${action} failed: ${line || 'it said nothing'}`, { cause: error });
  }
}
