import { agentScript, agentVersion } from "./build-agent.ts";

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
  return template
    .replace("@VERSION@", () => agentVersion)
    .replace("@KEY@", () => `${key[1]} ${key[2]}`)
    .replace("@HOST@", () => hostName)
    .replace("@URL@", () => checkedUrl(options.reportUrl))
    .replace("@AGENT@\n", () => agentScript());
}

function checkedUrl(reportUrl: string | undefined): string {
  if (reportUrl === undefined) return "";
  const valid = URL.canParse(reportUrl) && /^https?:$/.test(new URL(reportUrl).protocol);
  if (!valid || !/^[A-Za-z0-9:/?&=._~%@[\]-]{1,2000}$/.test(reportUrl)) {
    throw new RangeError("reportUrl: an http or https address without quotes or spaces");
  }
  return reportUrl;
}

const template = `#!/bin/sh
# Mailbrake enrolment: installs mailbrake-agent @VERSION@ on this host. Run as root. Running it again is an upgrade.
# Functions only; main is the last line, so half a download runs nothing.

enrol_stop() {
  printf 'mailbrake: %s\\n' "$1" >&2
  exit 1
}

enrol_agent() {
  cat <<'MAILBRAKE_AGENT_ENDS_HERE'
@AGENT@
MAILBRAKE_AGENT_ENDS_HERE
}

enrol_put() {
  mkdir -p /usr/local/sbin || enrol_stop "can't make /usr/local/sbin"
  enrol_new=/usr/local/sbin/.mailbrake-agent.new
  trap 'rm -f "$enrol_new"' EXIT
  trap 'exit 1' HUP INT TERM
  { rm -f "$enrol_new" && enrol_agent >"$enrol_new" && chown 0:0 "$enrol_new" && chmod 755 "$enrol_new"; } ||
    enrol_stop "can't write to /usr/local/sbin: no space left, or the file system is read-only"
  if [ -x /usr/xpg4/bin/sh ]; then
    { sed '1s|.*|#!/usr/xpg4/bin/sh|' "$enrol_new" >"$enrol_new.2" && cat "$enrol_new.2" >"$enrol_new" && rm -f "$enrol_new.2"; } ||
      enrol_stop "can't write to /usr/local/sbin"
  fi
  "$enrol_new" version >&2 || enrol_stop "this host's sh can't run the agent"
  mv -f "$enrol_new" /usr/local/sbin/mailbrake-agent || enrol_stop "can't write /usr/local/sbin/mailbrake-agent"
}

# The address may hold a one-time token, and the data names this host's keys: neither goes on a command line where there is a way around it.
enrol_report() {
  enrol_folder=/var/lib/mailbrake/tmp/enrol.$$
  mkdir -p "$enrol_folder" && chmod 700 "$enrol_folder" || return 1
  printf '%s\\n' "$enrol_answer" >"$enrol_folder/answer"
  enrol_status=0
  if command -v curl >/dev/null 2>&1; then
    printf '%s\\n' "url = \\"$enrol_url\\"" 'header = "content-type: application/json"' "data-binary = \\"@$enrol_folder/answer\\"" |
      curl -fsS --max-time 30 -o "$enrol_folder/said" -K - >&2 || enrol_status=1
  elif command -v wget >/dev/null 2>&1; then
    printf '%s\\n' "$enrol_url" >"$enrol_folder/url"
    if wget --version >/dev/null 2>&1; then
      wget -q -T 30 -t 1 --header='content-type: application/json' --post-file="$enrol_folder/answer" -O "$enrol_folder/said" -i "$enrol_folder/url" >&2 || enrol_status=1
    else
      wget -q -T 30 --header='content-type: application/json' --post-file="$enrol_folder/answer" -O "$enrol_folder/said" "$enrol_url" >&2 || enrol_status=1
    fi
  else
    enrol_status=1
    printf 'mailbrake: neither curl nor wget here\\n' >&2
  fi
  rm -rf "$enrol_folder"
  return "$enrol_status"
}

main() {
  set -eu
  PATH=/usr/xpg4/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  LC_ALL=C
  export PATH LC_ALL
  umask 022
  enrol_key='@KEY@'
  enrol_host='@HOST@'
  enrol_url='@URL@'
  [ "$(id -u)" = 0 ] || enrol_stop 'run this as root (for example through sudo sh)'
  [ -z "$enrol_host" ] || printf 'mailbrake: enrolling this host (%s) as %s\\n' "$(uname -n)" "$enrol_host" >&2
  enrol_put
  # Two words, checked by who wrote this script.
  enrol_answer=$(/usr/local/sbin/mailbrake-agent install $enrol_key) || enrol_stop 'the agent could not be installed; see above'
  if [ -n "$enrol_url" ] && ! enrol_report; then
    printf '%s\\n' "$enrol_answer"
    enrol_stop 'installed, but the control plane could not be told; give it the line above by hand'
  fi
  printf '%s\\n' "$enrol_answer"
}

main "$@"
`;
