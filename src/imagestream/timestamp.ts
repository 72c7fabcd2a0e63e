/** RFC 3339 in UTC with whole seconds, as the API server writes times: `2026-11-23T10:00:00Z`. */
export function timestamp(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
}
