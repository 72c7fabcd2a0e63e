/** One thing a client would take, from its Accept header. */
export interface MediaRange {
  /** Lower case: `application/json`, `application/*`. */
  readonly type: string;
  /** `as`, `g`, `v` and the like; without `q`. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

/** What a client would take, best first; anything, when it doesn't say. What it refuses (`q=0`) is left out. */
export function readAccept(header: string | undefined): readonly MediaRange[] {
  const ranges = (header ?? '')
    .split(',')
    .map(readRange)
    .filter(({ type, quality }) => type !== '' && quality > 0);
  if (ranges.length === 0 && (header ?? '').trim() === '') return [readRange('*/*')];
  return ranges.sort((a, b) => b.quality - a.quality);
}

/** Whether a media type is among what the range stands for. */
export function admits({ type }: MediaRange, mediaType: string): boolean {
  return type === '*/*' || type === mediaType || type === `${mediaType.split('/')[0]}/*`;
}

/** The form that an object, a list or an event is wanted in. */
export type Form = 'whole' | 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList';

const FORMS: readonly string[] = ['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList'] satisfies Form[];

/** The first form that we have; undefined when a client takes nothing of it. All is JSON. */
export function wantedForm(header: string | undefined): Form | undefined {
  for (const range of readAccept(header)) {
    if (!admits(range, 'application/json')) continue;
    const as = range.parameters.get('as');
    if (as === undefined) return 'whole';
    const isMeta = range.parameters.get('g') === 'meta.k8s.io' && range.parameters.get('v') === 'v1';
    if (isMeta && FORMS.includes(as)) return as as Form;
  }
  return undefined;
}

function readRange(text: string): MediaRange {
  const [type = '', ...rest] = text.split(';').map(part => part.trim());
  const parameters = new Map(
    rest.map(part => {
      const [name = '', value = ''] = part.split('=', 2);
      return [name.trim().toLowerCase(), value.trim().replace(/^"(.*)"$/, '$1')] as const;
    }),
  );
  const quality = Number(parameters.get('q') ?? 1);
  parameters.delete('q');
  return { type: type.toLowerCase(), parameters, quality: Number.isFinite(quality) ? quality : 0 };
}
