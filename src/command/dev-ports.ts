import { CommandFault } from './fault.ts';

/** Which port was asked for, and which one is taken when nobody says. */
export interface PortWish {
  /** `--port` */
  readonly flag: string;
  /** 0 is any free one; undefined: `usual`, or a free one where that is taken. */
  readonly asked: number | undefined;
  readonly usual: number;
}

export interface Listening<Server> {
  readonly server: Server;
  /** Whether the usual port was somebody else's. */
  readonly movedAside: boolean;
}

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'it is taken',
  EACCES: 'this needs more rights',
  EADDRNOTAVAIL: 'this machine has no such address',
};

/** Starts a server at its port. Throws `CommandFault` when that cannot be had. */
export async function listenAt<Server>(
  { flag, asked, usual }: PortWish,
  start: (port: number) => Promise<Server>,
): Promise<Listening<Server>> {
  const port = asked ?? usual;
  try {
    return { server: await start(port), movedAside: false };
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (asked === undefined && code === 'EADDRINUSE') return { server: await start(0), movedAside: true };
    const why = WHY[String(code)];
    if (why === undefined) throw error;
    throw new CommandFault([`${flag}: "${port}": cannot be listened on: ${why}`]);
  }
}
