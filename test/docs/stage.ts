import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Content, sampleImage, sampleIndex } from '../gen/content.ts';
import { meaningOf } from './meaning.ts';
import { type Page, ROOT } from './pages.ts';
import { Terminal } from './terminal.ts';

/** Repositories that pages may name, with their tags, at every one of `HOSTS`. */
export const CATALOGUE: Readonly<Record<string, readonly string[]>> = {
  'acme/app': ['latest', '1.0', '1.1', '1.2', '1.3'],
  'demo/app': ['latest', '1.0', '1.1'],
  'library/redis': ['latest', '7'],
};

/** Registries that pages may name. None of them is asked: each is a registry on loopback here. */
export const HOSTS: readonly string[] = ['docker.io', 'ghcr.io', 'quay.io', 'localhost:5000'];

/** Every repository and tag of the catalogue, with something for each. */
export function catalogued(): readonly {
  readonly repository: string;
  readonly tag: string;
  readonly content: Content;
}[] {
  return Object.entries(CATALOGUE).flatMap(([repository, tags]) =>
    tags.map(tag => ({ repository, tag, content: sample(`${repository}:${tag}`) })),
  );
}

/** A small image for two platforms. */
export function sample(seed: string): Content {
  return sampleIndex([sampleImage({ seed }), sampleImage({ seed, architecture: 'arm64' })]);
}

export interface StageSettings {
  /** Origin of the registry that stands in for all: `http://127.0.0.1:41234`. */
  readonly registry: string;
  /** The command `imagestream-operator`: the program and its first arguments. */
  readonly command: readonly string[];
  /** Programs that are on the PATH, by name, besides the machine's own. */
  readonly programs?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** Where the commands of a page are typed: a checkout, in a home with nothing in it. */
export interface Stage {
  readonly terminal: Terminal;
  /** Puts the files that the page names where its commands look for them. */
  write(page: Page): void;
  close(): void;
}

export function openStage({ registry, command, programs = {}, env = {} }: StageSettings): Stage {
  const folder = mkdtempSync(join(tmpdir(), 'docs-'));
  const checkout = join(folder, 'imagestream-operator');
  const [bin, home, memory] = ['bin', 'home', 'memory'].map(name => join(folder, name)) as [string, string, string];
  for (const each of [checkout, bin, home, memory]) mkdirSync(each);
  copyCheckout(checkout);
  writeProgram(join(bin, 'imagestream-operator'), command);
  for (const [name, program] of Object.entries(programs)) writeProgram(join(bin, name), [program]);
  const registriesFile = join(folder, 'registries.yaml');
  writeFileSync(registriesFile, JSON.stringify({ apiVersion, kind: 'Registries', registries: standIns(registry) }));
  const terminal = new Terminal({
    folder: checkout,
    memory,
    env: {
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
      HOME: home,
      // What is typed stays as the page has it.
      IMAGESTREAM_OPERATOR_REGISTRIES_FILE: registriesFile,
      ...env,
    },
  });
  return {
    terminal,
    write(page) {
      for (const block of page.blocks) {
        const meaning = meaningOf(block);
        if (meaning.kind !== 'file' || meaning.name === undefined) continue;
        mkdirSync(dirname(join(checkout, meaning.name)), { recursive: true });
        writeFileSync(join(checkout, meaning.name), `${block.text}\n`);
      }
    },
    close() {
      terminal.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function copyCheckout(to: string): void {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT });
  for (const path of new Set(listed.toString().split('\0'))) {
    // One that was removed and not committed yet is still listed.
    if (path !== '' && existsSync(join(ROOT, path)))
      cpSync(join(ROOT, path), join(to, path), { preserveTimestamps: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(to, 'node_modules'));
  // Whatever their age, make must not install anew: that would be into the folder that is shared.
  for (const path of ['package.json', 'package-lock.json']) utimesSync(join(to, path), 0, 0);
}

function writeProgram(path: string, words: readonly string[]): void {
  const quoted = words.map(word => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  writeFileSync(path, `#!/bin/sh\nexec ${quoted} "$@"\n`);
  chmodSync(path, 0o755);
}

const apiVersion = 'config.imagestream-operator/v1alpha1';

/** Entries of a registries file that send every one of `HOSTS` to the registry at this origin, and ask it quickly. */
export function standIns(registry: string): readonly object[] {
  const rate = { perSecond: 1_000, burst: 1_000, inFlight: 16 };
  return HOSTS.map(host => ({ host, endpoint: registry, plainHttp: true, rate }));
}
