import { Agent, request } from 'undici';
import { systemClock } from '../../../src/clock.ts';
import { silentLogger } from '../../../src/log.ts';
import { createObjects } from '../../../src/standalone/api-objects.ts';
import { type ApiServer, type ApiServerParts, startApiServer } from '../../../src/standalone/api-server.ts';
import { createAuthority, createServerCertificate } from '../../../src/standalone/authority.ts';
import { createFirstObjects } from '../../../src/standalone/first-objects.ts';
import { KINDS } from '../../../src/standalone/kind-table.ts';
import { createSqliteStorage } from '../../../src/standalone/sqlite-storage.ts';
import type { Storage } from '../../../src/standalone/storage.ts';

export const TOKEN = 'a-token';

const authority = createAuthority('test authority', Date.now());
const serving = createServerCertificate(authority, ['127.0.0.1'], Date.now());
export const CA = authority.cert;

export interface Asked {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is when it is text or bytes, else as JSON. */
  readonly body?: unknown;
  /** Null sends none. */
  readonly token?: string | null;
}

export interface Answered {
  readonly code: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** Parsed, when it is JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into what they got
  readonly body: any;
}

export interface TestServer {
  readonly server: ApiServer;
  readonly storage: Storage;
  readonly agent: Agent;
  ask(path: string, asked?: Asked): Promise<Answered>;
  close(): Promise<void>;
}

export async function startTestServer(parts: Partial<ApiServerParts> = {}): Promise<TestServer> {
  const { clock = systemClock, storage = createSqliteStorage(), kinds = KINDS } = parts;
  const objects = parts.objects ?? createObjects({ storage, kinds, clock });
  await createFirstObjects(objects, kinds);
  const server = await startApiServer({
    storage,
    objects,
    kinds,
    tls: serving,
    token: TOKEN,
    clock,
    log: silentLogger,
    ...parts,
  });
  const agent = new Agent({ connect: { ca: CA }, allowH2: false });
  return {
    server,
    storage,
    agent,
    ask: (path, asked) => ask(`${server.url}${path}`, agent, asked),
    close: async () => {
      await agent.destroy();
      await server.close();
      await storage.close();
    },
  };
}

async function ask(url: string, dispatcher: Agent, { method = 'GET', headers, body, token = TOKEN }: Asked = {}) {
  const isRaw = body === undefined || typeof body === 'string' || Buffer.isBuffer(body);
  const answer = await request(url, {
    method,
    dispatcher,
    headers: {
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: isRaw ? body : JSON.stringify(body) }),
  });
  const text = await answer.body.text();
  const isJson = String(answer.headers['content-type']).startsWith('application/json');
  return {
    code: answer.statusCode,
    headers: answer.headers,
    text,
    body: isJson && text.startsWith('{') && !text.includes('}\n{') ? JSON.parse(text) : undefined,
  };
}
