import { describe } from '@jest/globals';
import type { Api } from './api.ts';
import { deletions } from './deletions.ts';
import { differing } from './differing.ts';
import { lists } from './lists.ts';
import { patches } from './patches.ts';
import { refusedObjects } from './refused-objects.ts';
import { refusedRequests } from './refused-requests.ts';
import { refusedStreams } from './refused-streams.ts';
import { refusedWrites } from './refused-writes.ts';
import { Stage } from './stage.ts';
import { serverTells } from './tells.ts';
import { watches } from './watches.ts';
import { writes } from './writes.ts';

/** What kubectl and the operator rely on of an API server. Each part has a namespace of its own. */
export function contract(api: () => Api): void {
  describe('a server', () => serverTells(new Stage(api)));
  describe('a list', () => lists(new Stage(api)));
  describe('a watch', () => watches(new Stage(api)));
  describe('a write', () => writes(new Stage(api)));
  describe('a patch', () => patches(new Stage(api)));
  describe('a deletion', () => deletions(new Stage(api)));
  describe('a refused request', () => refusedRequests(new Stage(api)));
  describe('a refused write', () => refusedWrites(new Stage(api)));
  describe('refused objects are', () => refusedObjects(new Stage(api)));
  describe('the schema of a kind', () => refusedStreams(new Stage(api)));
  describe('a difference', () => differing(new Stage(api)));
}
