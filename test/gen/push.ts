import { type Dispatcher, request } from 'undici';
import type { Content } from './content.ts';

/** Sent with every request; carries the authorization where a registry wants one. */
export type PushHeaders = Readonly<Record<string, string>>;

interface Access {
  readonly headers: PushHeaders;
  readonly dispatcher: Dispatcher | undefined;
}

/**
 * Puts content into a registry through its HTTP API: blobs, then children by digest, then the manifest itself under
 * `tag`, or by digest when that is undefined. What is there already is left. `baseUrl` is an origin:
 * `http://127.0.0.1:5000`; `dispatcher` is for a private CA. Throws when the registry answers anything unexpected.
 * Pushing other content under the same tag moves the tag.
 */
export async function pushContent(
  baseUrl: string,
  repository: string,
  tag: string | undefined,
  content: Content,
  headers: PushHeaders = {},
  dispatcher?: Dispatcher,
): Promise<void> {
  const access = { headers, dispatcher };
  const root = `${baseUrl}/v2/${repository}`;
  for (const [digest, bytes] of content.blobs) await pushBlob(root, digest, bytes, access);
  for (const child of content.children) await pushContent(baseUrl, repository, undefined, child, headers, dispatcher);
  await send(201, 'PUT', `${root}/manifests/${tag ?? content.digest}`, access, content.bytes, content.mediaType);
}

/** Takes a manifest out of a registry, by digest; whatever names it stays. */
export async function deleteManifest(
  baseUrl: string,
  repository: string,
  digest: string,
  headers: PushHeaders = {},
  dispatcher?: Dispatcher,
): Promise<void> {
  await send(202, 'DELETE', `${baseUrl}/v2/${repository}/manifests/${digest}`, { headers, dispatcher });
}

async function pushBlob(root: string, digest: string, bytes: Uint8Array, access: Access): Promise<void> {
  const there = await ask('HEAD', `${root}/blobs/${digest}`, access);
  if (there.status === 200) return;
  const { location } = await send(202, 'POST', `${root}/blobs/uploads/`, access);
  if (location === undefined) throw new Error(`POST ${root}/blobs/uploads/: an answer without Location`);
  const upload = new URL(location, root);
  upload.searchParams.set('digest', digest);
  await send(201, 'PUT', upload.href, access, bytes, 'application/octet-stream');
}

interface Answer {
  readonly status: number;
  readonly location: string | undefined;
  readonly text: string;
}

async function send(
  want: number,
  method: 'PUT' | 'POST' | 'DELETE',
  url: string,
  access: Access,
  body?: Uint8Array,
  contentType?: string,
): Promise<Answer> {
  const answer = await ask(method, url, access, body, contentType);
  if (answer.status !== want) throw new Error(`${method} ${url}: wanted ${want}, got ${answer.status} ${answer.text}`);
  return answer;
}

async function ask(
  method: 'HEAD' | 'PUT' | 'POST' | 'DELETE',
  url: string,
  access: Access,
  body?: Uint8Array,
  contentType?: string,
): Promise<Answer> {
  const answer = await request(url, {
    method,
    reset: false,
    headers: { ...access.headers, ...(contentType === undefined ? {} : { 'content-type': contentType }) },
    ...(access.dispatcher === undefined ? {} : { dispatcher: access.dispatcher }),
    ...(body === undefined ? {} : { body }),
  });
  const { location } = answer.headers;
  return {
    status: answer.statusCode,
    location: typeof location === 'string' ? location : undefined,
    text: await answer.body.text(),
  };
}
