import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, type Dispatcher } from 'undici';

/** A kube-style API server, whichever it is. */
export interface Api {
  /** The embedded one, or the real one that it is compared with. */
  readonly which: 'embedded' | 'real';
  ask(path: string, asked?: Asked): Promise<Answered>;
  watch(path: string, accept?: string): Promise<Watching>;
  close(): Promise<void>;
}

export interface Asked {
  readonly method?: Dispatcher.HttpMethod;
  readonly headers?: Readonly<Record<string, string>>;
  readonly accept?: string;
  /** Of the body; JSON when absent. */
  readonly type?: string;
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
  readonly body: Any;
}

/** A watch that is open. */
export interface Watching {
  readonly code: number;
  /** The next event. Rejects when the watch ends instead. */
  next(): Promise<WatchEvent>;
  /** All events until the server ends the watch. */
  rest(): Promise<WatchEvent[]>;
  close(): void;
}

export interface WatchEvent {
  readonly type: string;
  readonly object: Any;
}

/** What was answered: tests look into it and compare. */
// biome-ignore lint/suspicious/noExplicitAny: its shape is what is tested
export type Any = any;

export interface Address {
  readonly url: string;
  /** PEM. */
  readonly ca: string;
  readonly token: string;
}

export function connect(which: Api['which'], address: Address): Api {
  const dispatcher = new Agent({ connect: { ca: address.ca }, allowH2: false });
  const sendOnce = (path: string, { method = 'GET', headers, accept, type, body, token }: Asked) => {
    const isRaw = body === undefined || typeof body === 'string' || Buffer.isBuffer(body);
    // Origin and path by themselves: of a whole URL what looks odd would be put right.
    return dispatcher.request({
      origin: address.url,
      path,
      method,
      headers: {
        ...(token !== null && { authorization: `Bearer ${token ?? address.token}` }),
        ...(body !== undefined && { 'content-type': type ?? 'application/json' }),
        ...(accept !== undefined && { accept }),
        ...headers,
      },
      ...(body !== undefined && { body: isRaw ? body : JSON.stringify(body) }),
    });
  };
  const send = async (path: string, asked: Asked) => {
    for (;;) {
      const response = await sendOnce(path, asked);
      // A real one says so while it begins to keep a kind that it was told of just now.
      if (response.statusCode !== 429) return response;
      await response.body.dump();
      await sleep(100);
    }
  };
  return {
    which,
    ask: async (path, asked = {}) => {
      const { statusCode: code, headers, body } = await send(path, asked);
      const text = await body.text();
      return { code, headers, text, body: parsed(text) };
    },
    watch: async (path, accept) => {
      const { statusCode: code, body } = await send(path, accept === undefined ? {} : { accept });
      return watching(code, body);
    },
    close: () => dispatcher.destroy(),
  };
}

function watching(code: number, body: Dispatcher.ResponseData['body']): Watching {
  const events = eventsOf(body);
  return {
    code,
    next: async () => {
      const { value, done } = await events.next();
      if (done) throw new Error('the watch has ended');
      return value;
    },
    rest: async () => {
      const rest: WatchEvent[] = [];
      for await (const event of events) rest.push(event);
      return rest;
    },
    close: () => body.destroy(),
  };
}

async function* eventsOf(body: Dispatcher.ResponseData['body']): AsyncGenerator<WatchEvent, undefined> {
  body.on('error', () => {});
  let text = '';
  for await (const chunk of body as AsyncIterable<Buffer>) {
    text += chunk.toString();
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line);
  }
}

function parsed(text: string): Any {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
