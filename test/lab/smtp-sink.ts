import type { RoleSetup, SetupContext } from "./role-setup.ts";

/** Folder in the sink where each message that arrived is one file. */
export const sinkFolder = "/var/spool/sink";

/**
 * The end of all mail: Postfix's own smtp-sink(1). It writes a message to its file only once the message is complete,
 * and drops what a broken connection left unfinished, so files are messages that were answered with 250.
 */
export function smtpSink({ host, network }: SetupContext): RoleSetup {
  const address = `${network}.${host.octet}:25`;
  return {
    files: [],
    configure: `install -d -o nobody -g nogroup -m 700 ${sinkFolder}`,
    start: `cd ${sinkFolder}\nsmtp-sink -u nobody -d %s. ${address} 1000 </dev/null >/var/log/smtp-sink.log 2>&1 &\n`,
    ports: [25],
  };
}
