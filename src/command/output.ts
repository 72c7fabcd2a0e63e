import { Document, visit } from 'yaml';
import type { Image } from '../api/image.ts';
import type { ImageStream } from '../api/image-stream.ts';
import type { ImageImportStatus, ImageStreamImport } from '../api/image-stream-import.ts';
import { humanSize, oneLine, shortDigest, table } from './table.ts';

/** An API object as YAML that kubectl reads back the same (1.1: `on` and `2026-01-01` are quoted). */
export function toYaml(object: unknown): string {
  const document = new Document(object, {
    version: '1.1',
    aliasDuplicateObjects: false,
    // Here << is a text like any other.
    customTags: tags => tags.filter(tag => typeof tag === 'string' || tag.tag !== 'tag:yaml.org,2002:merge'),
  });
  visit(document, {
    Scalar: (_key, scalar) => {
      if (typeof scalar.value === 'string' && READ_OTHERWISE.test(scalar.value)) scalar.type = 'QUOTE_DOUBLE';
    },
  });
  return document.toString({ lineWidth: 0 });
}

/** Plain texts that the writer leaves unquoted and readers take for a merge, or (YAML 1.2) for an octal number. */
const READ_OTHERWISE = /^(?:<<$|0o[0-7])/;

export function toJson(object: unknown): string {
  return `${JSON.stringify(object, null, 2)}\n`;
}

/** An object in a machine's format. */
export function serialize(object: unknown, format: 'yaml' | 'json'): string {
  return format === 'yaml' ? toYaml(object) : toJson(object);
}

/** One row for each image and each tag of the repository, then what else is worth knowing. */
export function importTable(isi: ImageStreamImport): string {
  const { spec, status } = isi;
  const rows = [
    ...(spec.images ?? []).map((wanted, index) =>
      row(wanted.from.name ?? '', wanted.to?.name ?? '-', status?.images?.[index]),
    ),
    ...(status?.repository?.images ?? []).map(found =>
      row(`${spec.repository?.from.name ?? ''}:${found.tag ?? ''}`, found.tag ?? '-', found),
    ),
  ];
  const lines = rows.length > 0 ? table(['FROM', 'TAG', 'IMAGE', 'SIZE', 'RESULT'], rows) : '';
  return lines + repositoryLines(isi);
}

function repositoryLines(isi: ImageStreamImport): string {
  const more = isi.status?.repository?.additionalTags ?? [];
  const left = more.length > 0 ? `Not imported, over the limit: ${more.length} tags (${sample(more)})\n` : '';
  return repositoryFailure(isi) + left;
}

/** A line that says why a repository failed as a whole, or how many of its tags did; "" when all went well. */
export function repositoryFailure({ spec, status }: ImageStreamImport): string {
  const repository = status?.repository;
  if (repository?.status?.status !== 'Failure') return '';
  return `${oneLine(`${spec.repository?.from.name ?? ''}: ${failureText(repository)}`)}\n`;
}

function row(from: string, tag: string, found: ImageImportStatus | undefined): string[] {
  const image = found?.image;
  if (image === undefined) return [from, tag, '-', '-', failureText(found)];
  return [from, tag, shortDigest(image.metadata.name ?? ''), sizeOf(image, found?.manifests ?? []), 'imported'];
}

function failureText(found: Partial<Pick<ImageImportStatus, 'status'>> | undefined): string {
  const { reason, message } = found?.status ?? {};
  return `${reason ?? 'Failed'}: ${message ?? 'not imported'}`;
}

/** A list has no size of its own: it says how many manifests it holds. */
function sizeOf(image: Image, children: readonly Image[]): string {
  const size = image.dockerImageMetadata?.Size;
  if (size !== undefined) return humanSize(size);
  const manifests = image.dockerImageManifests?.length ?? children.length;
  return manifests > 0 ? `${manifests} manifests` : '-';
}

/** One row for each tag of a stream: what it points to now, and what its last import said. */
export function streamTable(stream: ImageStream): string {
  const histories = new Map((stream.status?.tags ?? []).map(history => [history.tag, history]));
  const names = new Set([...(stream.spec?.tags ?? []).map(tag => tag.name), ...histories.keys()]);
  const rows = [...names].sort().map(name => {
    const specTag = stream.spec?.tags?.find(tag => tag.name === name);
    const history = histories.get(name);
    const head = history?.items?.[0];
    const failed = history?.conditions?.find(({ type, status }) => type === 'ImportSuccess' && status === 'False');
    return [
      name,
      specTag?.from?.name ?? '-',
      head === undefined ? '-' : shortDigest(head.image === '' ? head.dockerImageReference : head.image),
      specTag?.importPolicy?.scheduled === true ? 'yes' : 'no',
      resultText(failed, head !== undefined),
    ];
  });
  return table(['TAG', 'FROM', 'IMAGE', 'SCHEDULED', 'RESULT'], rows);
}

function resultText(failed: { reason?: string; message?: string } | undefined, hasHead: boolean): string {
  if (failed !== undefined) return `${failed.reason ?? 'Failed'}: ${failed.message ?? ''}`;
  return hasHead ? 'imported' : '-';
}

/** Pull specs by digest, one a line, of everything that was imported. */
export function importNames(isi: ImageStreamImport): string {
  const found = [...(isi.status?.images ?? []), ...(isi.status?.repository?.images ?? [])];
  return lines(found.map(({ image }) => image?.dockerImageReference));
}

/** Pull specs of the heads of a stream's tags, one a line. */
export function streamNames(stream: ImageStream): string {
  return lines((stream.status?.tags ?? []).map(({ items }) => items?.[0]?.dockerImageReference));
}

function lines(texts: readonly (string | undefined)[]): string {
  const named = texts.map(text => oneLine(text ?? '')).filter(text => text !== '');
  return [...new Set(named)].map(text => `${text}\n`).join('');
}

function sample(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(', ')}, …` : names.join(', ');
}
