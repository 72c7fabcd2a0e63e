import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { forbiddenStatus, invalidStatus } from '../../../src/api/errors.ts';
import type { ImageStream } from '../../../src/api/image-stream.ts';
import { imageStreamImportProperties } from '../../../src/api/image-stream-import.ts';
import type { Status } from '../../../src/api/status.ts';
import { RegistriesFault, readRegistriesFile } from '../../../src/config/registries-file.ts';
import { newsOf } from '../../../src/controller/events.ts';
import { StreamRecorder } from '../../../src/controller/stream-recorder.ts';
import { parseAllowList } from '../../../src/imagestream/allow-list.ts';
import { applyResults } from '../../../src/imagestream/apply.ts';
import { refused } from '../../../src/imagestream/import-conditions.ts';
import { LINUX_AMD64 } from '../../../src/imagestream/source.ts';
import { validateImageStreamImport } from '../../../src/imagestream/validation.ts';
import { type Asked, failureOf } from '../../../src/importer/failure-texts.ts';
import { imageSubject } from '../../../src/importer/subject.ts';
import { ApiError } from '../../../src/kube/api-error.ts';
import { loadKubeConfig } from '../../../src/kube/kubeconfig.ts';
import { parseReference } from '../../../src/reference/reference.ts';
import { readPullSecrets } from '../../../src/registry/docker-config.ts';
import { RegistryError, type RegistryErrorInit } from '../../../src/registry/errors.ts';
import { startServers } from '../../../src/telemetry/servers.ts';
import { ROOT } from '../../docs/pages.ts';
import { fakeClock } from '../../fake/clock.ts';
import { type FakeRegistryOptions, startFakeRegistry } from '../../fake/registry.ts';
import { keyPair } from '../../fake/tls.ts';
import { imageStream, imageStreamImport, specTag } from '../../gen/objects.ts';
import { typed } from '../command/typed.ts';

/** Has the code say a message; `folder` is empty. */
export type Maker = (folder: string) => string | Promise<string>;

/** One for each message of docs/troubleshooting.md, in its order. */
export const makers: Readonly<Record<string, Maker>> = {
  'NotFound: dockerimage.image.openshift.io "…" not found': () => fromRegistry({}, 'acme/app:gone'),
  'Unauthorized: you may not have access to the container image "…"': () =>
    fromRegistry({ auth: { kind: 'basic', users: { alice: 'secret' } } }, 'acme/app:1'),
  'Unauthorized: incorrect username or password for image "…"': () =>
    said({ ...refusal, status: 401, ...words('UNAUTHORIZED', 'incorrect username or password') }),
  'InternalError: Internal error occurred: …: Get "…": unauthorized: …': () =>
    said({ ...refusal, status: 401, ...words('UNAUTHORIZED', 'authentication required by us') }),
  'InternalError: Internal error occurred: …: denied: …': () =>
    said({ kind: 'denied', status: 403, ...words('DENIED', 'not a member') }),
  'InternalError: Internal error occurred: …: toomanyrequests: …': () => said({ kind: 'rateLimited', status: 429 }),
  'InternalError: Internal error occurred: …: received unexpected HTTP status: 503 Service Unavailable': () =>
    said({ kind: 'unavailable', reason: 'httpStatus', status: 503 }),
  'InternalError: Internal error occurred: …: Get "…": dial tcp: lookup …: no such host': () =>
    said({ kind: 'unavailable', reason: 'dns' }),
  'InternalError: Internal error occurred: …: Get "…": dial tcp: connect: connection refused': () =>
    said({ kind: 'unavailable', reason: 'refused' }),
  'InternalError: Internal error occurred: …: Get "…": timed out while connecting': () =>
    said({ kind: 'timeout', reason: 'connecting' }),
  'InternalError: Internal error occurred: …: Get "…": tls: failed to verify certificate: x509: certificate signed by unknown authority':
    () => fromRegistry({ tls: keyPair('server') }, 'acme/app:1', []),
  'InternalError: Internal error occurred: …: Get "…": http: server gave HTTP response to HTTPS client': () =>
    fromRegistry({}, 'acme/app:1', []),
  'InternalError: Internal error occurred: …: registry … leads to an address that is not allowed': () =>
    fromImport(['169.254.169.254/acme/app:1']),
  'InternalError: Internal error occurred: …: registry … asks for credentials at a host it does not belong to': () =>
    fromRegistry({ auth: { kind: 'bearer', realm: 'https://169.254.169.254/token' } }, 'acme/app:1'),
  'Forbidden: forbidden: registry … not allowed by …': () => {
    const why = parseAllowList([{ domainName: 'quay.io' }]).check(parseReference('ghcr.io/acme/app:1'), 'secure');
    return textOf(forbiddenStatus(why ?? ''));
  },
  'NotSupported: a tag from … is not supported yet: only DockerImage is': () =>
    conditionOf(imageStream({ tags: [specTag('copy', { kind: 'ImageStreamTag', name: 'other:1' })] })),
  'Invalid: … is invalid: from.name: Invalid value: "…": invalid name: …': () => {
    const subject = imageSubject('https://quay.io/acme/app', { blockedHosts: new Set() });
    return 'refused' in subject ? textOf(subject.refused.status) : 'no refusal';
  },

  'PullSecretSkipped: secret "…": skipped: …': () => {
    const metadata = { name: 'pull', namespace: 'demo' };
    const data = { '.dockerconfigjson': Buffer.from('not JSON').toString('base64') };
    const { warnings } = readPullSecrets([{ metadata, type: 'kubernetes.io/dockerconfigjson', data }]);
    return `PullSecretSkipped: ${warnings[0]}`;
  },
  'StreamNotStored: the stream is too large to be stored, even with its histories cut': async () => {
    const annotations = { large: 'x'.repeat(1_500_000) };
    const tags = [specTag('copy', { kind: 'ImageStreamTag', name: 'other:1' })];
    const store = { create: never, writeSpec: never, writeStatus: never };
    const options = { platform: LINUX_AMD64, historyLimit: 20 };
    const recorder = new StreamRecorder({ store, images: undefined, clock: fakeClock(), options });
    const { signal } = new AbortController();
    const large = imageStream({ annotations, tags });
    return `StreamNotStored: ${await messageOf(recorder.recordTags(large, [], undefined, signal))}`;
  },
  'TagImportFailed: Tag …: … (…)': () => {
    const change = { change: 'failed', time: '', tag: 'demo/app:1', image: '', failure: 'NotFound: gone' } as const;
    const { reason, note } = newsOf('1', { ...change, reason: 'scheduled' });
    return `${reason}: ${note}`;
  },

  'Refused: ImageStreamImport.image.openshift.io "…" is invalid: …': () => {
    const isi = imageStreamImport({ images: [{ from: { kind: 'ImageStreamTag', name: 'other:1' } }] });
    const { status } = refused(isi, invalidStatus('ImageStreamImport', 'app', validateImageStreamImport(isi)), 0);
    const { reason, message } = status?.conditions?.[0] ?? {};
    return `${reason}: ${message}`;
  },
  'spec is immutable: create another ImageStreamImport': () =>
    imageStreamImportProperties.spec['x-kubernetes-validations'][0].message,
  '… of the images from this repository failed to import': async () => {
    const registry = await startFakeRegistry();
    registry.on({ path: /manifests/ }, () => ({ status: 404, body: { errors: [{ code: 'MANIFEST_UNKNOWN' }] } }));
    registry.putManifest('acme/app', '1', {});
    registry.putManifest('acme/app', '2', {});
    const args = ['import', '--insecure', '--all', '-o', 'json', `${registry.host}/acme/app`];
    const { stdout } = await typed(args);
    await registry.close();
    return JSON.parse(stdout).status.repository.status.message;
  },

  'no cluster is configured: …': folder => messageOf(loadKubeConfig({ env: { HOME: folder } })),
  'Cannot list imagestreams: the API server answered 404': () =>
    new ApiError('list imagestreams', 404, { status: 'Failure' }).message,
  'Cannot list …: the API server answered 403: …': () =>
    new ApiError('list secrets', 403, { status: 'Failure', message: 'secrets is forbidden' }).message,
  'Cannot serve metrics at "…": it is taken': async () => {
    const parts = { healthAddress: undefined, exposition: async () => '', ready: () => [] };
    const first = await startServers({ ...parts, metricsAddress: { host: '127.0.0.1', port: 0 } });
    const port = first.ports.metricsPort ?? 0;
    const message = await messageOf(startServers({ ...parts, metricsAddress: { host: '127.0.0.1', port } }));
    await first.close();
    return message;
  },
  '…: unknown field "…"': () => {
    try {
      readRegistriesFile(
        'apiVersion: config.imagestream-operator/v1alpha1\nkind: Registries\nregistry: []\n',
        'r.yaml',
      );
      return 'no fault';
    } catch (error) {
      return error instanceof RegistriesFault ? (error.faults[0] ?? '') : String(error);
    }
  },
  'imagestream-operator needs Node 22.19 or newer; this is …': async () => {
    const script = `Object.defineProperty(process.versions, 'node', { value: '20.1.0' }); await import('./src/main.ts')`;
    const run = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], { cwd: ROOT });
    const { stderr } = await run.catch((error: { readonly stderr: string }) => error);
    return stderr.trim();
  },
};

const asked: Asked = { reference: 'quay.io/acme/app:1', what: 'image', registry: 'quay.io' };
const request = { method: 'GET', url: 'https://quay.io/v2/acme/app/manifests/1' };
const refusal = { kind: 'unauthorized', reason: 'rejected', from: 'tokenService' } as const;

function words(code: string, message: string) {
  return { errors: [{ code, message, hasDetail: false }] };
}

/** What a tag says of this error of a registry. */
function said(init: Omit<RegistryErrorInit, 'host'>): string {
  return textOf(failureOf(new RegistryError({ host: 'quay.io', request, ...init }), asked).status);
}

function textOf({ reason, message }: Status): string {
  return `${reason}: ${message}`;
}

function conditionOf(stream: ImageStream): string {
  const options = { rules: 'operator', nowMs: 0, historyLimit: 20, platform: LINUX_AMD64 } as const;
  const { reason, message } = applyResults(stream, [], options).status?.tags?.[0]?.conditions?.[0] ?? {};
  return `${reason}: ${message}`;
}

/** What `import` says of an image of a registry like this. */
async function fromRegistry(
  options: FakeRegistryOptions,
  image: string,
  flags: readonly string[] = ['--insecure'],
): Promise<string> {
  const registry = await startFakeRegistry(options);
  registry.putManifest('acme/app', 'another', {});
  try {
    return await fromImport([...flags, `${registry.host}/${image}`]);
  } finally {
    await registry.close();
  }
}

async function fromImport(args: readonly string[]): Promise<string> {
  const { stdout } = await typed(['import', '-o', 'json', ...args]);
  return textOf(JSON.parse(stdout).status.images[0].status);
}

async function messageOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    (error: unknown) => (Error.isError(error) ? error.message : String(error)),
  );
}

function never(): never {
  throw new Error('nothing is to be written');
}
