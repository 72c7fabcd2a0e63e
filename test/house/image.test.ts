import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { pairsOf, parseDockerfile } from '../../hack/image/dockerfile.ts';
import manifest from '../../package.json' with { type: 'json' };
import { root } from './sources.ts';

const { stages } = parseDockerfile(readFileSync(join(root, 'Dockerfile'), 'utf8'));
const last = stages.at(-1)?.instructions ?? [];
const labels = Object.assign({}, ...last.filter(({ keyword }) => keyword === 'LABEL').map(pairsOf));

test('the Dockerfile builds and runs on the Node that the project pins', () => {
  const node = `node:${manifest.devDependencies.node}-bookworm-slim`;
  expect(stages.map(({ from }) => from)).toEqual([node, node]);
  expect(labels['org.opencontainers.image.base.name']).toBe(`docker.io/library/${node}`);
});

test('the image has the version of the package, runs as nobody, and leaves probes to Kubernetes', () => {
  expect(labels['org.opencontainers.image.version']).toBe(manifest.version);
  expect(labels['org.opencontainers.image.licenses']).toBe(manifest.license);
  expect(last.find(({ keyword }) => keyword === 'USER')?.text).toBe('65532:65532');
  expect(stages.flatMap(({ instructions }) => instructions).map(({ keyword }) => keyword)).not.toContain('HEALTHCHECK');
});
