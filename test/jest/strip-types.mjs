import { stripTypeScriptTypes } from 'node:module';

// Types are blanked out in place, so stack traces and coverage keep line and column without source maps.
export default {
  process: source => ({ code: stripTypeScriptTypes(source, { mode: 'strip' }) }),
};
