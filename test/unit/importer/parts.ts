import type { ImageStreamImport, ImageStreamImportSpec } from '../../../src/api/image-stream-import.ts';
import {
  createImporter,
  type Importer,
  type ImporterParts,
  type ImportInput,
  type ImportOutcome,
} from '../../../src/importer/importer.ts';
import { type LogFields, type Logger, silentLogger } from '../../../src/log.ts';
import { RegistryError } from '../../../src/registry/errors.ts';
import type { Keyring } from '../../../src/registry/types.ts';
import { fakeClock } from '../../fake/clock.ts';
import type { ScriptedClient } from '../../gen/registry-client.ts';

export const LINUX_AMD64 = { os: 'linux', architecture: 'amd64' } as const;
export const keyring: Keyring = { candidates: () => [] };
export const withoutSecrets: Keyring = { candidates: () => [] };

export interface RecordingLogger extends Logger {
  readonly lines: readonly { readonly level: string; readonly fields: LogFields; readonly message: string }[];
}

export function recordingLogger(): RecordingLogger {
  const lines: { level: string; fields: LogFields; message: string }[] = [];
  const at = (level: string) => (fields: LogFields, message: string) => void lines.push({ level, fields, message });
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

export function importerOf(
  client: ScriptedClient,
  log: Logger = silentLogger,
  more: Partial<ImporterParts> = {},
): Importer {
  return createImporter({ client, clock: fakeClock(), log, retry: action => action(), ...more });
}

export function importOf(spec: ImageStreamImportSpec): ImageStreamImport {
  return { metadata: { name: 'test', namespace: 'demo' }, spec };
}

/** Carries out the import with the quietest input; each test says what is special. */
export function runImport(
  client: ScriptedClient,
  spec: ImageStreamImportSpec,
  input: Partial<ImportInput> = {},
  log: Logger = silentLogger,
): Promise<ImportOutcome> {
  return importerOf(client, log).importRequest({
    isi: importOf(spec),
    keyring,
    platform: LINUX_AMD64,
    maxImagesPerRepository: 0,
    blockedHosts: new Set(),
    signal: new AbortController().signal,
    ...input,
  });
}

/** An entry of `spec.images`. */
export function image(name: string, more: Omit<NonNullable<ImageStreamImportSpec['images']>[number], 'from'> = {}) {
  return { from: { kind: 'DockerImage', name }, ...more };
}

/** A refusal of the registry whose text is `text`. */
export function refusal(text: string): RegistryError {
  return new RegistryError({ kind: 'invalidResponse', host: 'docker.io', detail: text });
}

export function unauthorized(text: string | undefined, from: 'registry' | 'tokenService'): RegistryError {
  const errors = [{ code: 'UNAUTHORIZED', message: text ?? '', hasDetail: false }];
  return new RegistryError({ kind: 'unauthorized', host: 'docker.io', status: 401, from, errors });
}
