import type { ServerResponse } from 'node:http';
import type { HeardRequest } from './http-server.ts';

/** What a fake server says: plain data, or a function that writes as badly as it likes. */
export type Answer =
  | PlainAnswer
  | ((request: HeardRequest, response: ServerResponse) => PlainAnswer | undefined | Promise<PlainAnswer | undefined>);

export interface PlainAnswer {
  /** 200 when absent. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Bytes and text go as they are, anything else as JSON. */
  readonly body?: unknown;
}

/** Sends one answer. A body is left out for HEAD, its length is told. */
export async function send(answer: Answer, request: HeardRequest, response: ServerResponse): Promise<void> {
  const plain = typeof answer === 'function' ? await answer(request, response) : answer;
  if (plain === undefined) return;
  const bytes = bytesOf(plain.body);
  response.statusCode = plain.status ?? 200;
  const named = new Set(Object.keys(plain.headers ?? {}).map(name => name.toLowerCase()));
  if (plain.body !== undefined && typeof plain.body === 'object' && !(plain.body instanceof Uint8Array)) {
    if (!named.has('content-type')) response.setHeader('Content-Type', 'application/json');
  }
  for (const [name, value] of Object.entries(plain.headers ?? {})) response.setHeader(name, value);
  if (!named.has('content-length') && plain.status !== 304) response.setHeader('Content-Length', bytes.length);
  response.end(request.method === 'HEAD' || plain.status === 304 ? undefined : bytes);
}

export function bytesOf(body: unknown): Buffer {
  if (body === undefined) return Buffer.alloc(0);
  if (typeof body === 'string') return Buffer.from(body);
  return body instanceof Uint8Array ? Buffer.from(body) : Buffer.from(JSON.stringify(body));
}

/** An OCI error document. */
export function refusal(status: number, code: string, message = code.toLowerCase(), detail?: unknown): PlainAnswer {
  return { status, body: { errors: [{ code, message, ...(detail === undefined ? {} : { detail }) }] } };
}

export function redirectTo(location: string, status = 307): PlainAnswer {
  return { status, headers: { Location: location } };
}

/** Closes the connection by RST before anything was answered. */
export const reset: Answer = (_request, response) => {
  response.socket?.resetAndDestroy();
  return undefined;
};

/** Closes the connection in good order before anything was answered. */
export const hangUp: Answer = (_request, response) => {
  response.socket?.end();
  return undefined;
};

/** Never answers. */
export const silence: Answer = () => undefined;

/** Bytes on the wire exactly as given, then (unless `keepOpen`) the end of the connection. */
export function raw(text: string | Uint8Array, options: { readonly keepOpen?: boolean } = {}): Answer {
  return (_request, response) => {
    response.socket?.write(text, () => {
      if (options.keepOpen !== true) response.socket?.end();
    });
    return undefined;
  };
}

/** One piece of the head every `everyMs`, without end. */
export function slowHead(everyMs: number): Answer {
  return (_request, response) => {
    const { socket } = response;
    socket?.write('HTTP/1.1 200 OK\r\n');
    repeat(response, everyMs, () => socket?.write('X-Slow: 1\r\n'));
    return undefined;
  };
}

/** One byte of body every `everyMs`, without end, with no length told. */
export function dribble(everyMs: number, headers: Readonly<Record<string, string>> = {}): Answer {
  return (_request, response) => {
    response.writeHead(200, headers);
    repeat(response, everyMs, () => response.write(' '));
    return undefined;
  };
}

/** A body without end, as fast as it is read. */
export function endless(headers: Readonly<Record<string, string>> = {}, status = 200): Answer {
  return (_request, response) => {
    response.writeHead(status, headers);
    const chunk = Buffer.alloc(65_536, ' ');
    const more = () => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on('drain', more);
    more();
    return undefined;
  };
}

/** Tells the length of `body` and ends the connection after `bytes` of it. */
export function truncated(body: unknown, bytes: number, headers: Readonly<Record<string, string>> = {}): Answer {
  return (_request, response) => {
    const whole = bytesOf(body);
    response.writeHead(200, { ...headers, 'Content-Length': whole.length });
    response.write(whole.subarray(0, bytes), () => response.socket?.end());
    return undefined;
  };
}

function repeat(response: ServerResponse, everyMs: number, write: () => void): void {
  const timer = setInterval(write, everyMs);
  response.socket?.on('close', () => clearInterval(timer));
}
