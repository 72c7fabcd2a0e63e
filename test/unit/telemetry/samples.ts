/** One line of an exposition. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Samples {
  readonly names: readonly string[];
  of(name: string): readonly Sample[];
  /** Of the sample with exactly these labels. */
  value(name: string, labels: Readonly<Record<string, string>>): number | undefined;
}

/** Reads the text format of Prometheus. */
export function samplesOf(text: string): Samples {
  const samples = text
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => {
      const [, name = '', labels = '', value = ''] = /^([a-z_A-Z0-9]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      const pairs = [...labels.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)];
      return {
        name,
        labels: Object.fromEntries(pairs.map(([, label = '', text = '']) => [label, text])),
        value: Number(value),
      };
    });
  const of = (name: string) => samples.filter(sample => sample.name === name);
  const sorted = (labels: Readonly<Record<string, string>>) => JSON.stringify(Object.entries(labels).sort());
  return {
    names: [...new Set(samples.map(({ name }) => name))],
    of,
    value: (name, labels) => of(name).find(sample => sorted(sample.labels) === sorted(labels))?.value,
  };
}
