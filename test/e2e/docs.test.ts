import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { find, HELM, kubectlBinary } from '../../hack/tools/parts.ts';
import { commandsOf, needsCluster, testCommands } from '../docs/commands.ts';
import { meaningOf } from '../docs/meaning.ts';
import { type Page, readPages } from '../docs/pages.ts';
import { catalogued, openStage, type Stage, standIns } from '../docs/stage.ts';
import { useControlPlane } from './control-plane.ts';
import { Deployed } from './deployed.ts';
import { useOperators } from './operator.ts';
import { push, type RunningRegistry, setUp, stopAll } from './setups.ts';
import { BUNDLE } from './shipped.ts';

const all = readPages();
const pages = all.filter(needsCluster);
/** The page whose stream the others speak of. */
const FIRST = 'docs/operator.md';

let registry: RunningRegistry;
beforeAll(async () => {
  registry = await setUp({ name: 'open', auth: 'open' });
  for (const { repository, tag, content } of catalogued()) await push(registry, repository, tag, content);
});
afterAll(() => stopAll());

test('pages have commands for a cluster', () => {
  expect(pages.map(({ path }) => path)).toEqual(expect.arrayContaining(['README.md', FIRST]));
});

describe.each(pages)('$path', page => {
  const cluster = useControlPlane();
  const operators = useOperators(cluster);
  const commands = commandsOf(page, 'all');
  const deployed = new Deployed(cluster, operators, () => standIns(registry.url));
  let stage: Stage;
  beforeAll(async () => {
    const helm = find(HELM);
    const programs = { kubectl: kubectlBinary() ?? '', ...(helm !== undefined && { helm }) };
    const env = { KUBECONFIG: cluster.plane().adminKubeconfig };
    stage = openStage({ registry: registry.url, command: [process.execPath, BUNDLE], programs, env });
    stage.write(page);
    if (!commands.some(({ block }) => installs(block.text))) {
      await operators.install();
      await cluster.createNamespace('demo');
      await cluster.kubectl.ok(['apply', '-f', '-'], { stdin: streamOf(all) });
    }
  });
  afterAll(() => stage?.close());

  testCommands(
    commands,
    () => stage,
    () => deployed.follow(),
  );
});

/** Whether the page itself installs the operator. One that does not finds it installed, with the stream of the first page. */
function installs(commands: string): boolean {
  return /apply .*-f manifests\/install\b|helm (?:install|upgrade --install)\b/.test(commands);
}

function streamOf(every: readonly Page[]): string {
  const blocks = every.find(({ path }) => path === FIRST)?.blocks ?? [];
  const stream = blocks.find(block => {
    const meaning = meaningOf(block);
    return meaning.kind === 'file' && meaning.name === 'app.yaml';
  });
  if (stream === undefined) throw new Error(`${FIRST} has no app.yaml`);
  return stream.text;
}
