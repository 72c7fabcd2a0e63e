import { type DestinationStream, destination, pino } from 'pino';

/** Structured fields of one log line. Never a secret: tokens, passwords and signed URLs stay out at every level. */
export type LogFields = Readonly<Record<string, unknown>>;

/** What rooms that log are handed. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** JSON lines on standard error (or the given stream): ISO time, level by name, message, fields. */
export function createLogger(
  level: LogLevel,
  stream: DestinationStream = destination({ dest: 2, sync: true }),
): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: label => ({ level: label }) },
      messageKey: 'message',
      redact: ['authorization', '*.authorization', 'password', '*.password', 'token', '*.token'],
    },
    stream,
  );
}

/** A logger that says nothing. */
export const silentLogger: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
