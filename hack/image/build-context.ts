import { matchesGlob } from 'node:path';

/**
 * Whether .dockerignore lets a path of the checkout into the build: its last pattern that fits the path, or a folder above
 * it, decides.
 */
export function isInContext(path: string, ignoreFile: string): boolean {
  let kept = true;
  for (const raw of ignoreFile.split('\n')) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const pattern = line.replace(/^!/, '').replace(/^\/|\/$/g, '');
    if (withAbove(path).some(part => matchesGlob(part, pattern))) kept = line.startsWith('!');
  }
  return kept;
}

/** The path, and the folders it is in. */
function withAbove(path: string): string[] {
  const parts = path.split('/');
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}
