import { commonSettings, finishPostfix, startPostfix } from "./postfix-settings.ts";
import { exchangerName, labDomain, outsideDomain, type RoleSetup, type SetupContext } from "./role-setup.ts";

/** Somebody else's mail server: sends to the lab's mx hosts, tries the next where one doesn't answer, and retries within seconds. */
export function postfixSender(context: SetupContext): RoleSetup {
  return {
    files: [
      { path: "/etc/postfix/main.cf", content: mainCf(context), mode: "644" },
      { path: "/etc/postfix/transport", content: `${labDomain}\tsmtp:[${exchangerName}]\n`, mode: "644" },
    ],
    configure: finishPostfix,
    start: startPostfix,
    ports: [25],
  };
}

function mainCf(context: SetupContext): string {
  return `${commonSettings(context)}myorigin = ${outsideDomain}
mydestination = $myhostname, ${outsideDomain}, localhost
local_recipient_maps =
luser_relay = bob
mynetworks = 127.0.0.0/8 ${context.network}.0/24
inet_interfaces = all
inet_protocols = ipv4
transport_maps = hash:/etc/postfix/transport
smtp_host_lookup = native
smtp_connect_timeout = 3s
smtp_helo_timeout = 10s
minimal_backoff_time = 2s
maximal_backoff_time = 4s
queue_run_delay = 2s
transport_retry_time = 2s
maximal_queue_lifetime = 1d
bounce_queue_lifetime = 1d
`;
}
