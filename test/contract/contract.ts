import { describe } from '@jest/globals';
import type { Api } from './api.ts';
import { lists } from './lists.ts';
import { refusedRequests } from './refused-requests.ts';
import { refusedWrites } from './refused-writes.ts';
import { Stage } from './stage.ts';
import { serverTells } from './tells.ts';
import { watches } from './watches.ts';

/** What kubectl and the operator rely on of an API server. Each part has a namespace of its own. */
export function contract(api: () => Api): void {
  describe('a server', () => serverTells(new Stage(api)));
  describe('a list', () => lists(new Stage(api)));
  describe('a watch', () => watches(new Stage(api)));
  describe('a request', () => refusedRequests(new Stage(api)));
  describe('a write', () => refusedWrites(new Stage(api)));
}
