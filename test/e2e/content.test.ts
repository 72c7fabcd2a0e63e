import { afterAll, expect, test } from '@jest/globals';
import { request } from 'undici';
import type { RunningRegistry } from '../../hack/registry/start.ts';
import { catalogue } from '../gen/catalogue.ts';
import { deleteManifest, sampleImage } from '../gen/content.ts';
import { SCHEMA1_MEDIA_TYPE } from '../gen/schema1.ts';
import { push, SETUPS, setUp, stopAll } from './setups.ts';
import { type ManifestForm, skopeoInspect, skopeoPush } from './skopeo.ts';

const OPEN = { name: 'open', auth: 'open' } as const;
const EVERY_TYPE = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  SCHEMA1_MEDIA_TYPE,
].join(', ');

afterAll(stopAll);

async function manifest(registry: RunningRegistry, path: string) {
  const [repository = '', name] = path.split(':');
  const answer = await request(`${registry.url}/v2/${repository}/manifests/${name}`, {
    headers: { accept: EVERY_TYPE, ...registry.pushHeaders(repository) },
    dispatcher: registry.dispatcher,
  });
  return {
    digest: answer.headers['docker-content-digest'],
    type: answer.headers['content-type'],
    text: await answer.body.text(),
  };
}

test.each(catalogue())('the registry holds $name byte for byte', async ({ name, content, sparse }) => {
  const registry = await setUp(OPEN);
  const repository = `catalogue/${name}`;
  await push(registry, repository, 'v1', content);
  if (sparse) for (const { digest } of content.children) await deleteManifest(registry.url, repository, digest);
  const found = await manifest(registry, `${repository}:v1`);
  expect(found).toEqual({
    digest: content.digest,
    type: content.mediaType,
    text: Buffer.from(content.bytes).toString(),
  });
});

test('skopeo pushes to every set-up, and inspects what it pushed', async () => {
  for (const setup of SETUPS) {
    const registry = await setUp(setup);
    await skopeoPush(registry, 'team/theirs:v1', sampleImage({ layers: 2 }), 'oci');
    const { digest } = await manifest(registry, 'team/theirs:v1');
    expect([setup.name, (await skopeoInspect(registry, 'team/theirs:v1')).Digest]).toEqual([setup.name, digest]);
  }
});

const forms: readonly { form: ManifestForm; type: string }[] = [
  { form: 'oci', type: 'application/vnd.oci.image.manifest.v1+json' },
  { form: 'v2s2', type: 'application/vnd.docker.distribution.manifest.v2+json' },
  { form: 'v2s1', type: SCHEMA1_MEDIA_TYPE },
];

test.each(forms)('skopeo writes $form as $type', async ({ form, type }) => {
  const registry = await setUp(OPEN);
  await skopeoPush(registry, `team/theirs:${form}`, sampleImage({ layers: 2 }), form);
  expect((await manifest(registry, `team/theirs:${form}`)).type).toBe(type);
});
