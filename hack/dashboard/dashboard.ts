import { type Panel, type Query, ROWS } from './rows.ts';

/** What the chart puts into a ConfigMap as it is. */
export const DASHBOARD_FILE = 'manifests/chart/imagestream-operator/files/dashboard.json';

/** Grafana's data source of the one who looks, chosen at the top of the dashboard. */
const DATASOURCE = { type: 'prometheus', uid: '$' + '{datasource}' };
/** Grafana divides the width into so many columns. */
const COLUMNS = 24;

/** Where the values of the variables at the top come from: a metric that every replica has. */
export const VARIABLES = {
  namespace: 'imagestream_operator_build_info',
  job: 'imagestream_operator_build_info',
} as const;

/** A query with something in place of its variables, as Grafana would send it. */
export function plainQuery(expr: string): string {
  return expr.replaceAll('$__rate_interval', '5m').replaceAll(/"\$\w+"/g, '".*"');
}

/** The dashboard as Grafana reads it, to be checked in. */
export function dashboardJson(): string {
  return `${JSON.stringify(dashboard(), null, 2)}\n`;
}

function dashboard(): object {
  return {
    uid: 'imagestream-operator',
    title: 'imagestream-operator',
    description: 'Made from hack/dashboard/ by make generate.',
    tags: ['imagestream-operator'],
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1,
    refresh: '1m',
    time: { from: 'now-6h', to: 'now' },
    timezone: 'browser',
    annotations: { list: [] },
    links: [],
    templating: { list: [datasourceVariable(), ...Object.entries(VARIABLES).map(labelVariable)] },
    panels: panels(),
  };
}

function datasourceVariable(): object {
  return { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', hide: 0 };
}

function labelVariable([label, metric]: readonly [string, string]): object {
  const query = `label_values(${metric}, ${label})`;
  return {
    name: label,
    label: label[0]?.toUpperCase() + label.slice(1),
    type: 'query',
    datasource: DATASOURCE,
    definition: query,
    query: { query, refId: label },
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    // What has no such label is a part of all, too.
    allValue: '.*',
    current: { text: ['All'], value: ['$__all'] },
    hide: 0,
  };
}

function panels(): object[] {
  const placed: object[] = [];
  let id = 0;
  let y = 0;
  for (const { title, panels: row } of ROWS) {
    id += 1;
    placed.push({ id, type: 'row', title, collapsed: false, gridPos: { x: 0, y, w: COLUMNS, h: 1 }, panels: [] });
    y += 1;
    let x = 0;
    let height = 0;
    for (const panel of row) {
      const { w, h } = sizeOf(panel);
      if (x + w > COLUMNS) {
        y += height;
        x = 0;
        height = 0;
      }
      id += 1;
      placed.push({ id, ...grafanaPanel(panel), gridPos: { x, y, w, h } });
      x += w;
      height = Math.max(height, h);
    }
    y += height;
  }
  return placed;
}

function sizeOf({ type }: Panel): { readonly w: number; readonly h: number } {
  return type === 'stat' ? { w: 3, h: 4 } : { w: 8, h: 8 };
}

function grafanaPanel(panel: Panel): object {
  const { title, description, type, queries } = panel;
  return {
    type,
    title,
    description,
    datasource: DATASOURCE,
    targets: queries.map(target),
    ...(type === 'stat' ? statLook(panel) : seriesLook(panel)),
  };
}

function target({ expr, legend }: Query, index: number): object {
  return {
    refId: String.fromCharCode(65 + index),
    datasource: DATASOURCE,
    editorMode: 'code',
    expr,
    legendFormat: legend,
    range: true,
  };
}

function statLook({ unit = 'short', good, show }: Panel): object {
  const steps =
    good === undefined
      ? [{ color: 'text', value: null }]
      : [
          { color: good.below === undefined ? 'red' : 'green', value: null },
          { color: good.below === undefined ? 'green' : 'red', value: good.below ?? good.from },
        ];
  return {
    fieldConfig: { defaults: { unit, thresholds: { mode: 'absolute', steps } }, overrides: [] },
    options: {
      colorMode: good === undefined ? 'none' : 'background',
      graphMode: 'none',
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      textMode: show === 'legend' ? 'name' : 'value',
    },
  };
}

function seriesLook({ unit = 'short', stacked = false }: Panel): object {
  return {
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        custom: {
          drawStyle: 'line',
          lineWidth: 1,
          fillOpacity: stacked ? 40 : 5,
          showPoints: 'never',
          stacking: { mode: stacked ? 'normal' : 'none', group: 'A' },
        },
      },
      overrides: [],
    },
    options: {
      legend: { displayMode: 'table', placement: 'bottom', showLegend: true, calcs: ['lastNotNull', 'max'] },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  };
}
