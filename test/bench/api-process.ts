// The fake API server in a process of its own, with streams that are up to date. Spoken to over IPC.
import { IMAGE_STREAMS } from '../../src/kube/resource.ts';
import { startFakeApiServer } from '../fake/api-server.ts';
import { imageStream, specTag } from '../gen/objects.ts';

const [count = '0'] = process.argv.slice(2);
const server = await startFakeApiServer({ record: false });
const digest = `sha256:${'a'.repeat(64)}`;
for (let index = 0; index < Number(count); index += 1) {
  const from = `registry.example.com/team-${index % 500}/app-${index}:latest`;
  const tags = [specTag('latest', from, { importPolicy: { importMode: 'Legacy', scheduled: true } })];
  const history = {
    tag: 'latest',
    items: [
      {
        created: '2026-01-01T00:00:00Z',
        dockerImageReference: from.replace(/:latest/, `@${digest}`),
        image: digest,
        generation: 1,
      },
    ],
    conditions: [
      {
        type: 'ImportSuccess',
        status: 'True',
        reason: 'Imported',
        generation: 1,
        lastTransitionTime: '2026-01-01T00:00:00Z',
      },
    ],
    source: { from, specGeneration: null, digest },
  };
  // As large as a stream that kubectl applied.
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ tags }) };
  server.put(
    IMAGE_STREAMS,
    imageStream({
      name: `app-${index}`,
      namespace: `team-${index % 500}`,
      annotations,
      tags,
      history: [history],
      status: { observedGeneration: 1 },
    }),
  );
}
process.send?.({ url: server.url });
process.once('disconnect', () => process.exit());
