import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

export interface SourceFile {
  /** Path below `src/`: `registry/client.ts`. */
  readonly path: string;
  /** First path element below `src/`, or the file's own name for what lies directly in it. */
  readonly room: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

export interface Import {
  /** As written: `node:crypto`, `undici`, `../image/digest.ts`. */
  readonly specifier: string;
  /** Path below `src/` for a file of ours. */
  readonly path: string | undefined;
  readonly room: string | undefined;
  /** Text between `import` and `from`. */
  readonly clause: string;
  readonly typeOnly: boolean;
}

const IMPORT =
  /^(?:import|export)\s+(type\s+)?([^'";]*?)\s*from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)/gm;

/** All TypeScript files below `src/`, with their imports. */
export function sourceFiles(): SourceFile[] {
  const src = join(root, 'src');
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.ts'))
    .sort()
    .map(path => {
      const text = readFileSync(join(src, path), 'utf8');
      return { path, room: roomOf(path), text, imports: importsOf(text, src, path) };
    });
}

export function importsOf(text: string, src: string, path: string): Import[] {
  return [...text.matchAll(IMPORT)].map(([, typeOnly, clause, from, bare, dynamic]) => {
    const specifier = from ?? bare ?? dynamic ?? '';
    const target = specifier.startsWith('.')
      ? relative(src, resolve(src, dirname(path), specifier)).replaceAll('\\', '/')
      : undefined;
    return {
      specifier,
      path: target,
      room: target === undefined ? undefined : roomOf(target),
      clause: clause ?? '',
      typeOnly: typeOnly !== undefined,
    };
  });
}

function roomOf(path: string): string {
  return path.includes('/') ? (path.split('/')[0] ?? '') : path.replace(/\.ts$/, '');
}
