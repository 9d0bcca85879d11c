import { agentScript, agentVersion, buildQueuePart, driverNames, moduleText } from "./build-agent.ts";

export interface EnrolmentOptions {
  /** `ssh-ed25519 BASE64 [comment]`, the control plane's key for this host. */
  readonly publicKey: string;
  /** Where the host posts its answer (JSON) when it is done; http or https. */
  readonly reportUrl?: string;
  /** Only for the words on the host's screen. */
  readonly hostName?: string;
}

/**
 * A self-contained POSIX sh script that installs (or upgrades) the agent when run as root. Functions only, main on the last line, so
 * half a download runs nothing. Its last line on standard output is `{installed, version, user, hostKeys}`.
 * @throws RangeError naming the option that can't stand in a script
 */
export function enrolmentScript(options: EnrolmentOptions): string {
  const key = /^(ssh-ed25519) (AAAA[A-Za-z0-9+/]{60,120}={0,2})(?: [A-Za-z0-9 @._:+-]{1,100})?$/.exec(
    options.publicKey.trim(),
  );
  if (!key) throw new RangeError("publicKey: one line of the form ssh-ed25519 BASE64 [comment]");
  const hostName = options.hostName ?? "";
  if (!/^[A-Za-z0-9 ._:@-]{0,255}$/.test(hostName))
    throw new RangeError("hostName: letters, digits and . _ : @ - only");
  const values: Record<string, string> = {
    VERSION: agentVersion,
    KEY: `${key[1]} ${key[2]}`,
    HOST: hostName,
    URL: checkedUrl(options.reportUrl),
    DRIVERS: driverNames.join(" "),
    AGENT: agentScript().trimEnd(),
    QUEUE: buildQueuePart().trimEnd(),
  };
  const body = [moduleText("enrol/install.sh"), moduleText("enrol/enrol.sh")].join("\n");
  const head = [
    "#!/bin/sh",
    `# Mailbrake enrolment: installs mailbrake-agent ${agentVersion} on this host. Run as root. Running it again is an upgrade.`,
    "# Functions only; main is the last line, so half a download runs nothing.",
  ];
  const filled = body.replace(/@(VERSION|KEY|HOST|URL|DRIVERS|AGENT|QUEUE)@/g, (_, name: string) => values[name] ?? "");
  return [...head, filled, 'main "$@"', ""].join("\n");
}

function checkedUrl(reportUrl: string | undefined): string {
  if (reportUrl === undefined) return "";
  const valid = URL.canParse(reportUrl) && /^https?:$/.test(new URL(reportUrl).protocol);
  if (!valid || !/^[A-Za-z0-9:/?&=._~%@[\]-]{1,2000}$/.test(reportUrl)) {
    throw new RangeError("reportUrl: an http or https address without quotes or spaces");
  }
  return reportUrl;
}
