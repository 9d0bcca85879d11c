import type { Config } from "./config.ts";
import { StartError } from "./data-folder.ts";
import type { MailbrakeApp } from "./mailbrake-app.ts";

const words: Record<string, (at: Config) => string> = {
  EADDRINUSE: ({ host, port }) =>
    `Port ${port} on ${host} is taken by another program. Stop that one, or choose another port with MAILBRAKE_PORT.`,
  EACCES: ({ port }) =>
    `This user may not listen on port ${port}. Choose one above 1023 with MAILBRAKE_PORT, and put a reverse proxy in front.`,
  EADDRNOTAVAIL: ({ host }) => `This machine has no address ${host}. Set MAILBRAKE_HOST to one that it has.`,
  ENOTFOUND: ({ host }) => `The name ${host} can't be resolved. Set MAILBRAKE_HOST to an address of this machine.`,
};

/** Starts to listen. @throws StartError that says what to do */
export async function listen(app: MailbrakeApp, config: Config): Promise<void> {
  try {
    await app.listen({
      host: config.host,
      port: config.port,
      listenTextResolver: (address) => `listening on ${address}`,
    });
  } catch (error) {
    const explain = words[(error as NodeJS.ErrnoException).code ?? ""];
    if (explain) throw new StartError(explain(config), { cause: error });
    throw error;
  }
}
