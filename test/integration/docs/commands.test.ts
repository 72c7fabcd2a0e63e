import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { commandsOf, testCommands } from '../../docs/commands.ts';
import { ROOT, readPages } from '../../docs/pages.ts';
import { catalogued, openStage, type Stage } from '../../docs/stage.ts';
import { type FakeRegistry, startFakeRegistry } from '../../fake/registry.ts';

const pages = readPages().filter(page => commandsOf(page, 'npm').length > 0);

test('pages have commands that run wherever npm does', () => {
  expect(pages.map(({ path }) => path)).toEqual(expect.arrayContaining(['README.md', 'docs/import.md']));
});

describe.each(pages)('$path', page => {
  let registry: FakeRegistry;
  let stage: Stage;
  beforeAll(async () => {
    registry = await startFakeRegistry();
    for (const { repository, tag, content } of catalogued()) registry.putContent(repository, tag, content);
    stage = openStage({ registry: registry.url, command: [process.execPath, join(ROOT, 'src/main.ts')] });
    stage.write(page);
  });
  afterAll(async () => {
    stage?.close();
    await registry?.close();
  });

  testCommands(commandsOf(page, 'npm'), () => stage);
});
