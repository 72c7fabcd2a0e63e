import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { skopeoBinary } from '../../hack/debian/parts.ts';
import type { RunningRegistry } from '../../hack/registry/start.ts';
import { type Content, descriptor, json } from '../gen/content.ts';

/** What skopeo says of an image in a registry. */
export interface Inspected {
  readonly Digest: string;
  readonly Architecture: string;
  readonly Layers: readonly string[];
  readonly RepoTags: readonly string[];
}

export type ManifestForm = 'oci' | 'v2s2' | 'v2s1';

/** Has skopeo push an image, converted to `form`: a manifest that somebody else wrote. */
export async function skopeoPush(
  registry: RunningRegistry,
  repositoryAndTag: string,
  image: Content,
  form: ManifestForm,
): Promise<void> {
  const layout = await writeLayout(image);
  try {
    const target = ['--dest-tls-verify=false', ...credentials(registry, '--dest-creds')];
    const places = [`oci:${layout}`, `docker://${registry.host}/${repositoryAndTag}`];
    await skopeo(['copy', '--quiet', '--format', form, ...target, ...places]);
  } finally {
    await rm(layout, { recursive: true, force: true });
  }
}

export async function skopeoInspect(registry: RunningRegistry, repositoryAndTag: string): Promise<Inspected> {
  const access = ['--tls-verify=false', ...credentials(registry, '--creds')];
  return JSON.parse(await skopeo(['inspect', ...access, `docker://${registry.host}/${repositoryAndTag}`]));
}

function credentials(registry: RunningRegistry, flag: string): string[] {
  const { credentials: known } = registry;
  return known === undefined ? [] : [flag, `${known.username}:${known.password}`];
}

async function skopeo(args: readonly string[]): Promise<string> {
  const binary = skopeoBinary();
  if (binary === undefined)
    throw new Error('no skopeo on the PATH or in the cache: run node hack/debian/fetch.ts skopeo');
  const { stdout } = await promisify(execFile)(binary, ['--insecure-policy', ...args], { timeout: 60_000 });
  return stdout;
}

/** An OCI image layout with one image, in a new folder. */
async function writeLayout(image: Content): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'layout-'));
  const blobs = join(folder, 'blobs', 'sha256');
  await mkdir(blobs, { recursive: true });
  for (const [digest, bytes] of [...image.blobs, [image.digest, image.bytes] as const]) {
    await writeFile(join(blobs, digest.replace('sha256:', '')), bytes);
  }
  await writeFile(join(folder, 'oci-layout'), json({ imageLayoutVersion: '1.0.0' }));
  const index = { schemaVersion: 2, manifests: [descriptor(image.mediaType, image.bytes)] };
  await writeFile(join(folder, 'index.json'), json(index));
  return folder;
}
