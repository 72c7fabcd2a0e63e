import type { Api } from './api.ts';

/**
 * Where the embedded API server answers otherwise than the real one, on purpose. docs/dev.md lists them all; the contract
 * holds both sides to what is said here.
 */
export const DIFFERENCES = {
  anonymous: 'Who sends no token gets 401; a real API server takes them for `system:anonymous` and mostly answers 403.',
  unknownPaths: 'A path that nothing is served at is answered by a Status; a real API server sends a line of text.',
  hostHeader:
    'A `Host` header that does not name loopback is refused with 421, as long as the server listens there only.',
  pathTricks: 'A path with `..`, an encoded slash, a percent sign or control characters in it is refused with 400.',
  mediaTypes:
    'Answers are JSON only: no protobuf, CBOR or YAML. Of what is refused for its `Accept` header, the message is shorter.',
  jsonWords: 'Of a body that is no JSON the words after `json parse error:` are those of JavaScript.',
  longYaml: 'A body in YAML may have 64 KiB (413); in JSON 3 MiB, as everywhere. kubectl sends JSON.',
  twice: 'A field that stands twice in a body is no error; the last one counts.',
  pages: 'Later pages of a list show what is there when they are asked for; their version is that of the first.',
  exactVersion: 'Lists as of an older version (`resourceVersionMatch=Exact`) get 410: only the latest can be had.',
  oneUser: 'There is one user, `admin`; `kubectl --as` changes nothing.',
  managedFields: 'There is no `metadata.managedFields`.',
  columns: 'Tables of the kinds of Kubernetes itself have fewer columns, and those of Events begin with a name.',
} as const;

export type Difference = keyof typeof DIFFERENCES;

/** What is expected of the server at hand, where the two differ. */
export function differs<T>(api: Api, _difference: Difference, wanted: { readonly embedded: T; readonly real: T }): T {
  return wanted[api.which];
}
